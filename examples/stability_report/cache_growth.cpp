// SPDX-License-Identifier: MIT
// What an error in a transformer's cache does to what is read next.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <libration/models/feedback.hpp>
#include <libration/report/format.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/progress_bar.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/student_t.hpp>

#include "attention.hpp"
#include "pieces.hpp"
#include "section.hpp"

namespace stability {

namespace {

// Relative size of the output's disturbance, run by run and step by step, per relative size of the cache's.
struct gains {
  Eigen::MatrixXd reading, writing;  // shape (runs, steps)
};

constexpr Eigen::Index members = 8;  // runs beside the same stretch

// A transformer as its report disturbs it: first half of a window read, then the rest given, or written by its own mean
// expectation.
gains disturb_caches(const question& q, const std::vector<std::span<const token>>& windows) {
  const transformer& model = q.model.attention->model;
  const auto before = static_cast<Eigen::Index>(windows.front().size()) / 2;
  const auto steps = static_cast<Eigen::Index>(windows.front().size()) - before;
  const Eigen::Index n = model.state_size(), runs = members * static_cast<Eigen::Index>(windows.size());
  gains g{Eigen::MatrixXd(runs, steps), Eigen::MatrixXd(runs, steps)};
  const auto loop = libration::models::close_loop(model);
  auto ws = model.make_workspace(members);
  auto loop_ws = loop.make_workspace(members);
  Eigen::VectorXf next(n);
  Eigen::MatrixXf V(n, members), JV(n, members);
  report::progress_bar bar("errors in the cache");
  for (std::size_t w = 0; w < windows.size(); ++w) {
    Eigen::VectorXf start = Eigen::VectorXf::Zero(n);
    model.prefill(windows[w].first(static_cast<std::size_t>(before)), start);
    for (Eigen::Index j = 0; j < members; ++j)
      V.col(j) = cache_noise(model, start, q.options.seed, w * members + static_cast<std::uint64_t>(j));
    // Tangents are linear: only sizes beside the cache's matter.
    const double size = static_cast<double>(start.head(model.output_offset()).norm());
    V /= static_cast<float>(size);
    const auto record = [&](Eigen::MatrixXd& into, const Eigen::VectorXf& h, const Eigen::MatrixXf& directions, Eigen::Index t) {
      const auto output = [&](const auto& x) { return x.middleRows(model.output_offset(), model.hidden_size()); };
      const double whole = static_cast<double>(output(h).norm());
      for (Eigen::Index j = 0; j < members; ++j)
        into(static_cast<Eigen::Index>(w) * members + j, t) = static_cast<double>(output(directions).col(j).norm()) / whole;
    };
    Eigen::VectorXf h = start;
    Eigen::MatrixXf carried = V;
    for (Eigen::Index t = 0; t < steps; ++t) {
      model.read(windows[w][static_cast<std::size_t>(before + t)], h, ws);
      model.read_tangent(h, carried, ws);
      record(g.reading, h, carried, t);
    }
    h = start;
    for (Eigen::Index t = 0; t < steps; ++t) {
      loop.step(h, next, loop_ws);
      loop.tangent(V, JV, loop_ws);
      h.swap(next);
      V.swap(JV);
      record(g.writing, h, V, t);
    }
    bar({static_cast<std::int64_t>(w) + 1, static_cast<std::int64_t>(windows.size())});
  }
  return g;
}

double quantile(const Eigen::MatrixXd& runs, Eigen::Index t, double p) {
  return libration::stats::quantile(std::span<const double>(runs.col(t).data(), static_cast<std::size_t>(runs.rows())), p);
}

std::string at(const Eigen::MatrixXd& runs, Eigen::Index t) {
  return fmt::format("{:.1e} ({:.0e} to {:.0e})", quantile(runs, t, 0.5), quantile(runs, t, 0.05), quantile(runs, t, 0.95));
}

report::band band_of(const std::string& label, const Eigen::MatrixXd& runs) {
  const Eigen::Index steps = runs.cols();
  report::band b{label, Eigen::VectorXd::LinSpaced(steps, 1.0, static_cast<double>(steps)), Eigen::VectorXd(steps),
                 Eigen::VectorXd(steps), Eigen::VectorXd(steps)};
  for (Eigen::Index t = 0; t < steps; ++t) {
    b.value[t] = quantile(runs, t, 0.5);
    b.lower[t] = quantile(runs, t, 0.05);
    b.upper[t] = quantile(runs, t, 0.95);
  }
  return b;
}

// The rate of growth over the second half of the steps: the mean over stretches, with its 95 % interval.
struct rate {
  double mean, half_width;
};
rate rate_of(const Eigen::MatrixXd& runs) {
  const Eigen::Index from = runs.cols() / 2, last = runs.cols() - 1, stretches = runs.rows() / members;
  std::vector<double> rates;
  for (Eigen::Index w = 0; w < stretches; ++w) {
    const auto of = [&](Eigen::Index t) { return runs.col(t).segment(w * members, members).array().log().mean(); };
    rates.push_back((of(last) - of(from)) / static_cast<double>(last - from));
  }
  const auto count = static_cast<double>(stretches);
  const double mean = Eigen::Map<const Eigen::VectorXd>(rates.data(), stretches).mean();
  return {mean, stretches < 2 ? std::numeric_limits<double>::quiet_NaN()
                              : libration::stats::student_t_quantile(0.975, count - 1.0) *
                                    libration::stats::standard_deviation(rates) / std::sqrt(count)};
}

void print_rate(const question& q, const char* where, const Eigen::MatrixXd& runs, answer& so_far) {
  const rate r = rate_of(runs);
  const Eigen::Index from = runs.cols() / 2;
  fmt::print("  {}: over {}s {} to {} its logarithm changes by {:.3g} ± {:.2g} a {} (95 %){}.\n", where, q.unit, from + 1,
             runs.cols(), r.mean, r.half_width, q.unit,
             std::abs(r.mean) > r.half_width
                 ? fmt::format(": it {} in {:.3g} {}s", r.mean < 0 ? "halves" : "doubles", std::log(2.0) / std::abs(r.mean), q.unit)
                 : std::string(", which may be nothing"));
  // The first step at which an error as large as a bfloat16's last digit is large in the output, were it to grow like a small one.
  constexpr double rounding = 1.0 / 512, large = 0.4;
  std::vector<Eigen::Index> reached;
  for (Eigen::Index run = 0; run < runs.rows(); ++run)
    for (Eigen::Index t = 0; t < runs.cols(); ++t)
      if (rounding * runs(run, t) >= large) {
        reached.push_back(t + 1);
        break;
      }
  std::sort(reached.begin(), reached.end());
  fmt::print("    An error of 1/512 of the cache, bfloat16's last digit, would come to {} of the output in {} of {} runs{}.\n",
             large, reached.size(), runs.rows(),
             reached.empty() ? std::string() : fmt::format(", half of these within {} {}s", reached[reached.size() / 2], q.unit));
  so_far.json["growth"][key(where)] = {{"rate", report::number(r.mean)},
                                       {"half_width_95", report::number(r.half_width)},
                                       {"error", rounding},
                                       {"threshold", large},
                                       {"reached_after", reached},
                                       {"runs", runs.rows()}};
}

void print_growth(const question& q, answer& so_far) {
  const auto windows = windows_of(q, q.scaled(12, 2));
  const gains g = disturb_caches(q, windows);
  const auto before = windows.front().size() / 2;
  fmt::print(
      "\nWhat an error in the cache does\n"
      "  After the first {} {}s of {} pieces of the text, all that the cache holds is disturbed at random by a small part of its\n"
      "  size, in {} ways. How large a part of the output the disturbance of the output is, for each such part of the cache: "
      "exact\n"
      "  derivatives, so that it holds for disturbances however small. Median, and 5 to 95 %:\n"
      "    {:>10}   reads the text                free-running\n",
      before, q.unit, windows.size(), members, q.unit + "s");
  for (const Eigen::Index t : report::samples(g.reading.cols(), 6))
    fmt::print("    {:>10}   {:<28}  {}\n", t + 1, at(g.reading, t), at(g.writing, t));
  print_rate(q, "reads the text", g.reading, so_far);
  print_rate(q, "free-running", g.writing, so_far);
  fmt::print(
      "  Along a given text every key and value is read {} {}s long and then dropped: a disturbance is gone after that, in every\n"
      "  layer above once more, and there is no Lyapunov exponent but -∞. In the free-running transformer (it is fed the mean\n"
      "  embedding of what it expects) the disturbance comes back through what is fed.\n",
      q.window, q.unit);
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "growth.png";
  draw(so_far,
       report::bands_script({band_of("reads the text", g.reading), band_of("free-running", g.writing)}, file,
                          "What a disturbance of the cache does to the output: median and 5 to 95 %",
                          {q.unit + "s", "relative disturbance of the output, per that of the cache", false, true}),
       file);
}

}  // namespace

section cache_growth_section() {
  return {.name = "growth",
          .needs = attention_rows,
          .options = {"--effort", "--seed"},
          .run = print_growth,
          .states = [](const question&) { return 3.0 * members + 4.0; }};
}

}  // namespace stability
