// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/gnuplot_script.hpp declares.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/report/gnuplot_script.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : c == '\n' ? " " : std::string(1, c);
  return out + "'";
}

LIBRATION_DEFINED std::string canvas(const std::filesystem::path& file, const std::string& title, const std::string& x,
                                     const std::string& y) {
  return fmt::format(
      "set terminal pngcairo size 900,560 font 'sans,11' noenhanced\nset output {}\nset title {}\nset xlabel {}\n"
      "set ylabel {}\nset grid lc rgb '#dddddd'\nset border lc rgb '#666666'\nset key top right\n",
      quoted(file.string()), quoted(title), quoted(x), quoted(y));
}

LIBRATION_DEFINED std::string spectrum_script(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                              const std::string& title, const std::string& unit) {
  std::string script = canvas(file, title, "exponent", "nats " + unit);
  script += fmt::format("set xrange [0.5:{}]\nset xtics 1,{}\n$data << EOD\n", static_cast<double>(r.exponents.size()) + 0.5,
                        std::max<Eigen::Index>(1, r.exponents.size() / 12));
  for (Eigen::Index i = 0; i < r.exponents.size(); ++i)
    if (std::isfinite(r.exponents[i]))
      script += fmt::format("{} {:.10g} {:.4g}\n", i + 1, r.exponents[i], std::isfinite(r.half_width[i]) ? r.half_width[i] : 0.0);
  script +=
      "EOD\nplot 0 lc rgb '#888888' dt 2 notitle, $data with yerrorbars pt 7 ps 0.9 lw 1.6 lc rgb '#1f5fa8' "
      "title 'exponent, 95 % interval'\n";
  return script;
}

LIBRATION_DEFINED std::string history_script(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                             const std::string& title, const std::string& unit) {
  std::string script = canvas(file, title, "steps", "nats " + unit) + "$data << EOD\n";
  for (Eigen::Index j = 0; j < r.history.steps.size(); ++j) {
    const double value = r.history.exponents(0, j), half = r.history.half_width(0, j);
    if (std::isfinite(value) && std::isfinite(half))
      script += fmt::format("{} {:.10g} {:.10g} {:.10g}\n", r.history.steps[j], value, value - half, value + half);
  }
  script +=
      "EOD\nplot $data using 1:3:4 with filledcurves fc rgb '#c9dcf0' title '95 % band', $data using 1:2 with lines lw 2 "
      "lc rgb '#1f5fa8' title 'leading exponent so far', 0 lc rgb '#888888' dt 2 notitle\n";
  return script;
}

LIBRATION_DEFINED std::string finite_time_script(const lyapunov::spectrum_result& r, const std::filesystem::path& file,
                                                 const std::string& title, const std::string& unit) {
  if (r.finite_time.values.size() == 0 || r.exponents.size() == 0) return {};
  const auto values = r.finite_time.values.row(0);
  if (!values.allFinite() || !std::isfinite(r.exponents[0])) return {};
  const double low = values.minCoeff(), high = values.maxCoeff();
  const double width = std::max((high - low) / 24.0, 1e-6 * std::max(std::abs(high), 1.0));
  std::string script = canvas(file, title, fmt::format("nats {}, over {} steps", unit, r.finite_time.window), "windows");
  script += fmt::format(
      "set style fill solid 0.7\nset boxwidth {:.6g}\nset xrange [{:.10g}:{:.10g}]\nset yrange [0:*]\n"
      "set offsets 0, 0, graph 0.08, 0\n$data << EOD\n",
      0.9 * width, low - width, high + width);
  for (Eigen::Index i = 0; i < values.size(); ++i) script += fmt::format("{:.10g}\n", values[i]);
  script += fmt::format(
      "EOD\nset arrow from {0:.10g}, graph 0 to {0:.10g}, graph 1 nohead lw 2 lc rgb '#b03030'\n"
      "plot $data using ({1:.10g}*($1<{3:.10g}?floor(($1-({2:.10g}))/{1:.10g})+0.5:23.5)+({2:.10g})):(1) smooth frequency "
      "with boxes lc rgb '#1f5fa8' title 'leading exponent', NaN lw 2 lc rgb '#b03030' title 'its mean'\n",
      r.exponents[0], width, low, high);
  return script;
}

LIBRATION_DEFINED std::string bands_script(const std::vector<band>& bands, const std::filesystem::path& file,
                                           const std::string& title, const band_axes& axes) {
  constexpr const char* lines[] = {"#1f5fa8", "#b03030", "#2e8b57", "#8a5fb0", "#b07a1f", "#555555"};
  std::string script = canvas(file, title, axes.x, axes.y) + "set key outside bottom center horizontal\n";
  if (axes.log_x) script += "set logscale x\n";
  if (axes.log_y) script += "set logscale y\nset format y '%.0e'\n";
  const auto drawn = [](double v, bool log) { return std::isfinite(v) && (!log || v > 0.0); };
  std::string plot;
  for (std::size_t k = 0; k < bands.size(); ++k) {
    const band& b = bands[k];
    script += fmt::format("$data{} << EOD\n", k);
    for (Eigen::Index i = 0; i < b.x.size(); ++i)
      if (drawn(b.x[i], axes.log_x) && drawn(b.value[i], axes.log_y) && drawn(b.lower[i], axes.log_y) &&
          drawn(b.upper[i], axes.log_y))
        script += fmt::format("{:.10g} {:.10g} {:.10g} {:.10g}\n", b.x[i], b.value[i], b.lower[i], b.upper[i]);
    script += "EOD\n";
    const char* color = lines[k % std::size(lines)];
    plot += fmt::format(
        "{0}$data{1} using 1:3:4 with filledcurves fc rgb '{2}' fs transparent solid 0.2 noborder notitle, "
        "$data{1} using 1:2 with lines lw 2 lc rgb '{2}' title {3}",
        k == 0 ? "plot " : ", ", k, color, quoted(b.label));
  }
  return bands.empty() ? std::string() : script + plot + "\n";
}

LIBRATION_DEFINED std::string heat_map_script(const Eigen::MatrixXd& values, const std::filesystem::path& file,
                                              const std::string& title, const heat_axes& axes) {
  const Eigen::Index rows = values.rows(), columns = values.cols(), groups = std::min<Eigen::Index>(columns, 256);
  const Eigen::Index layer = std::max<Eigen::Index>(axes.rows_per_layer, 1), layers = rows / layer;
  // gnuplot makes no image of a single row or column: it is given twice, at half the size.
  const Eigen::Index down = rows == 1 ? 2 : 1, across = columns == 1 ? 2 : 1;
  std::string data;
  bool any = false;
  for (Eigen::Index i = 0; i < rows; ++i) {
    std::string line;
    for (Eigen::Index g = 0; g < groups; ++g) {
      double sum = 0.0;
      int count = 0;
      for (Eigen::Index j = g * columns / groups; j < (g + 1) * columns / groups; ++j)
        if (std::isfinite(values(i, j))) {
          sum += values(i, j);
          ++count;
        }
      for (Eigen::Index k = 0; k < across; ++k) line += count > 0 ? fmt::format("{:.5g} ", sum / count) : "NaN ";
      any = any || count > 0;
    }
    for (Eigen::Index k = 0; k < down; ++k) data += line + '\n';
  }
  if (!any) return {};
  const auto end = [](double value) { return std::isfinite(value) ? fmt::format("{:.6g}", value) : "*"; };
  std::string script = canvas(file, title, axes.x, axes.y);
  script += fmt::format(
      "unset key\nset grid noxtics noytics\nset tics out nomirror\nset cblabel {} offset 1,0\nset cbrange [{}:{}]\n"
      "set palette defined (0 '#440154', 1 '#46327e', 2 '#365c8d', 3 '#277f8e', 4 '#1fa187', 5 '#4ac16d', 6 '#a0da39', 7 "
      "'#fde725')\n"
      "set xrange [-0.5:{}]\nset yrange [{}:-0.5]\n",
      quoted(axes.unit), end(axes.low), end(axes.high), static_cast<double>(columns) - 0.5, static_cast<double>(rows) - 0.5);
  // A number at the middle of a layer's rows, or of a row: about 16 at most.
  script += "set ytics (";
  const Eigen::Index every = (layers + 15) / 16;
  for (Eigen::Index l = 0; l < layers; l += every)
    script +=
        fmt::format("{}'{}' {}", l == 0 ? "" : ", ", l, static_cast<double>(l * layer) + 0.5 * static_cast<double>(layer - 1));
  script += ")\n";
  if (axes.rows_per_layer > 0)
    for (Eigen::Index l = 1; l < layers; ++l)
      script += fmt::format("set arrow from graph 0, first {0} to graph 1, first {0} nohead front lw 1.2 lc rgb '#ffffff'\n",
                            static_cast<double>(l * layer) - 0.5);
  script += fmt::format("$data << EOD\n{}EOD\nplot $data matrix using (($1+0.5)*{:.10g}-0.5):(($2+0.5)/{}-0.5):3 with image\n",
                        data, static_cast<double>(columns) / static_cast<double>(groups * across), down);
  return script;
}

}  // namespace libration::inline LIBRATION_ABI::report
