// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Pictures of results, drawn by gnuplot where it is installed.

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>

#include <fmt/format.h>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// Feeds a script to gnuplot.
///
/// \return whether gnuplot ran and was content
inline bool gnuplot(const std::string& script) {
  std::FILE* pipe = popen("gnuplot >/dev/null 2>&1", "w");
  if (pipe == nullptr) return false;
  std::fwrite(script.data(), 1, script.size(), pipe);
  return pclose(pipe) == 0;
}

/// A text as gnuplot's single-quoted string, in which an apostrophe is written twice.
inline std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "''" : c == '\n' ? " " : std::string(1, c);
  return out + "'";
}

/// The beginning of every picture: a PNG file of 900 x 560 points.
inline std::string canvas(const std::filesystem::path& file, const std::string& title, const std::string& x, const std::string& y) {
  return fmt::format(
      "set terminal pngcairo size 900,560 font 'sans,11' noenhanced\nset output {}\nset title {}\nset xlabel {}\n"
      "set ylabel {}\nset grid lc rgb '#dddddd'\nset border lc rgb '#666666'\nset key top right\n",
      quoted(file.string()), quoted(title), quoted(x), quoted(y));
}

/// The exponents with their 95 % intervals, as they stand in the frame's order.
inline bool plot_spectrum(const lyapunov::spectrum_result& r, const std::filesystem::path& file, const std::string& title,
                          const std::string& unit) {
  std::string script = canvas(file, title, "exponent", "nats " + unit);
  script += fmt::format("set xrange [0.5:{}]\nset xtics 1,{}\n$data << EOD\n", static_cast<double>(r.exponents.size()) + 0.5,
                        std::max<Eigen::Index>(1, r.exponents.size() / 12));
  for (Eigen::Index i = 0; i < r.exponents.size(); ++i)
    if (std::isfinite(r.exponents[i]))
      script += fmt::format("{} {:.10g} {:.4g}\n", i + 1, r.exponents[i], std::isfinite(r.half_width[i]) ? r.half_width[i] : 0.0);
  script +=
      "EOD\nplot 0 lc rgb '#888888' dt 2 notitle, $data with yerrorbars pt 7 ps 0.9 lw 1.6 lc rgb '#1f5fa8' "
      "title 'exponent, 95 % interval'\n";
  return gnuplot(script);
}

/// The running estimate of the leading exponent with its 95 % band; needs `history`.
inline bool plot_history(const lyapunov::spectrum_result& r, const std::filesystem::path& file, const std::string& title,
                         const std::string& unit) {
  std::string script = canvas(file, title, "steps", "nats " + unit) + "$data << EOD\n";
  for (Eigen::Index j = 0; j < r.history.steps.size(); ++j) {
    const double value = r.history.exponents(0, j), half = r.history.half_width(0, j);
    if (std::isfinite(value) && std::isfinite(half))
      script += fmt::format("{} {:.10g} {:.10g} {:.10g}\n", r.history.steps[j], value, value - half, value + half);
  }
  script +=
      "EOD\nplot $data using 1:3:4 with filledcurves fc rgb '#c9dcf0' title '95 % band', $data using 1:2 with lines lw 2 "
      "lc rgb '#1f5fa8' title 'leading exponent so far', 0 lc rgb '#888888' dt 2 notitle\n";
  return gnuplot(script);
}

/// The distribution of the leading exponent over the windows.
inline bool plot_finite_time(const lyapunov::spectrum_result& r, const std::filesystem::path& file, const std::string& title,
                             const std::string& unit) {
  const auto values = r.finite_time.values.row(0);
  const double low = values.minCoeff(), high = values.maxCoeff();
  const double width = std::max((high - low) / 24.0, 1e-12);
  std::string script = canvas(file, title, fmt::format("nats {}, over {} steps", unit, r.finite_time.window), "windows");
  script += fmt::format("set style fill solid 0.7\nset boxwidth {:.6g}\nset yrange [0:*]\n$data << EOD\n", 0.9 * width);
  for (Eigen::Index i = 0; i < values.size(); ++i) script += fmt::format("{:.10g}\n", values[i]);
  script += fmt::format(
      "EOD\nset arrow from {0:.10g}, graph 0 to {0:.10g}, graph 1 nohead lw 2 lc rgb '#b03030'\n"
      "plot $data using ({1:.10g}*(floor(($1-({2:.10g}))/{1:.10g})+0.5)+({2:.10g})):(1) smooth frequency with boxes "
      "lc rgb '#1f5fa8' title 'leading exponent', NaN lw 2 lc rgb '#b03030' title 'its mean'\n",
      r.exponents[0], width, low);
  return gnuplot(script);
}

}  // namespace libration::inline LIBRATION_ABI::report
