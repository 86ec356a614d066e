// SPDX-License-Identifier: MIT
// Lyapunov exponents of the free-running network, beside those while it reads.

#include <algorithm>
#include <string>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/report/format.hpp>
#include <libration/report/progress_bar.hpp>

#include "pieces.hpp"
#include "section.hpp"
#include "verdict.hpp"

namespace stability {

namespace {

void print_closed_loop(const question& q, answer& so_far) {
  const arguments& a = q.options;
  const loop_map& loop = q.model.state->loop;
  const auto count = std::min<Eigen::Index>(std::min(a.count, 4), loop.state_size());
  lyapunov::spectrum_options options{
      .count = count, .steps = q.scaled(5000, 200), .transient = q.scaled(1000, 50), .frame_transient = q.scaled(1000, 50)};
  options.neutral_margin = a.margin;
  options.seed = a.seed;
  lyapunov::spectrum_result& r = so_far.writing;
  {
    report::progress_bar bar("Lyapunov spectrum of the closed loop");
    options.on_progress = [&](const libration::progress& p) { bar(p); };
    r = lyapunov::spectrum(loop, settled_state(q), options);
  }
  fmt::print(
      "\nOpen and closed loop\n"
      "  So far the text was given (an open loop). Free-running, a network is fed its own output (a closed loop): from the\n"
      "  end of the first {} {}s on, it gets the mean of the {}s that it expects next, each weighted with its\n"
      "  probability (soft feedback, temperature 1; a sampled one has no derivative, and is looked at further down).\n"
      "                         reads the text            free-running\n",
      q.transient, q.unit, q.unit);
  const auto exponent = [](const lyapunov::spectrum_result& s, Eigen::Index i) {
    return i < s.exponents.size() ? report::with_error(s.exponents[i], s.standard_error[i]) : std::string("not measured");
  };
  for (Eigen::Index i = 0; i < count; ++i)
    fmt::print("    exponent {:<10}  {:<24}  {}\n", i + 1, exponent(so_far.reading, i), exponent(r, i));
  const auto verdict = [](const lyapunov::spectrum_result& s) {
    return s.exponents.size() > 0 ? std::string(to_string(s.verdict)) : std::string("not measured");
  };
  fmt::print("    verdict              {:<24}  {}\n", verdict(so_far.reading), verdict(r));
  if (r.exponents.size() > 0) fmt::print("  {}\n", verdict_sentence(r, "In the closed loop", q.unit));
  if (r.cycle_length > 0) fmt::print("  It has settled on a cycle of {} {}s.\n", r.cycle_length, q.unit);
  if (r.status == libration::status::collapsed) fmt::print("  But {}.\n", report::explain(r.status));
  so_far.whole = so_far.whole && ran(r);
  so_far.json["closed_loop"] = report::to_json(r);
}

}  // namespace

section loops_section() {
  return {
      .name = "loops", .needs = fixed_state, .options = {"--count", "--margin", "--effort", "--seed"}, .run = print_closed_loop};
}

}  // namespace stability
