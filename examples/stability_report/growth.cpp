// SPDX-License-Identifier: MIT
// How an error in the state grows, and how long a run can be trusted.

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>

#include <libration/error/growth.hpp>
#include <libration/error/growth_law.hpp>
#include <libration/error/horizon.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/progress_bar.hpp>

#include "curves.hpp"
#include "pieces.hpp"
#include "section.hpp"

namespace stability {

namespace {

// What became of the error, and of the law it follows.
void print_law(const char* where, const error::growth_curve& c, double exponent, const std::string& unit, answer& so_far) {
  const auto h = error::horizon(c, {.threshold = far_apart, .exponent = exponent});
  fmt::print("  {}: ", where);
  if (h.censored == c.pairs())
    fmt::print("no error of this size came to {} of the spread within {:.0f} {}s", far_apart, c.time[c.points() - 1], unit);
  else
    fmt::print("an error of this size first comes to {} of the spread after {} {}s{}", far_apart, report::text(h.median), unit,
               h.censored > 0 ? fmt::format(" ({} of {} had not)", h.censored, c.pairs()) : "");
  fmt::print("; the exponent predicts {}.\n", std::isnan(h.predicted)   ? std::string("nothing: it was not measured")
                                              : std::isinf(h.predicted) ? std::string("never")
                                                                        : so_many(h.predicted, unit));
  report::json& j = so_far.json["growth"][key(where)];
  j = {{"curve", report::to_json(c)}, {"horizon", report::to_json(h)}};
  const Eigen::VectorXd mean = c.mean_log();
  if (!(mean[c.points() - 1] > mean[0])) {
    fmt::print("    It shrinks: there is no growth to find a law of.\n");
    return;
  }
  try {
    // Up to where the largest of the errors begins to feel the attractor's size.
    const auto law = error::fit_growth_law(c, {.largest = 0.1, .seed = c.seed});
    fmt::print("    {}\n", report::text(law));
    j["law"] = report::to_json(law);
  } catch (const libration::argument_error&) {  // fewer than two stretches, or than four points on the way
    fmt::print("    Too little was recorded on its way to tell the law.\n");
  }
}

void print_growth(const question& q, answer& so_far) {
  error::growth_options options = growth_windows(q, q.scaled(300, 40), q.scaled(24, 4));
  options.size = 1e-6;
  options.members = 4;
  const state_capability& state = *q.model.state;
  error::growth_curve reading, writing;
  {
    report::progress_bar bar("growth of errors");
    const auto half = [&](double begin) {
      return [&bar, begin](const libration::progress& p) {
        bar({static_cast<std::int64_t>(1000 * begin) + 500 * p.done / std::max<std::int64_t>(p.total, 1), 1000});
      };
    };
    options.on_progress = half(0.0);
    reading = error::growth(state.network, Eigen::VectorXd::Zero(state.network.state_size()), text_inputs(q), options);
    options.on_progress = half(0.5);
    options.transient = 100;
    options.windows = q.scaled(24, 4);  // it needs no text
    writing = error::growth(state.loop, settled_state(q), options);
  }
  fmt::print(
      "\nHow an error grows\n"
      "  Beside {} stretches of {} {}s, {} runs each set out {:.0e} away from the network's state in a random\n"
      "  direction. The error is their distance over the state's own spread ({:.3g} reading, {:.3g} free-running): at 1.4\n"
      "  two runs have nothing in common. Median, and 5 to 95 % of the runs:\n"
      "    {:>10}   reads the text                free-running\n",
      reading.pairs() / reading.members, options.steps, q.unit, options.members, options.size, reading.normaliser,
      writing.normaliser, q.unit + "s");
  if (reading.pairs() > 0 && writing.pairs() > 0) {
    for (const Eigen::Index j : report::samples(reading.points(), 6))
      fmt::print("    {:>10.0f}   {:<28}  {}\n", reading.time[j], at(reading, j), at(writing, j));
    print_law("reads the text", reading, leading(so_far.reading), q.unit, so_far);
    print_law("free-running", writing, leading(so_far.writing), q.unit, so_far);
  }
  so_far.whole = so_far.whole && reading.status == libration::status::ok && writing.status == libration::status::ok;
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "growth.png";
  draw(so_far,
       report::bands_script({band_of("reads the text", reading), band_of("free-running", writing)}, file,
                            "How an error grows: median and 5 to 95 % of the runs",
                            {q.unit + "s", "error, in units of the state's spread", false, true}),
       file);
}

}  // namespace

section growth_section() {
  return {.name = "growth", .needs = fixed_state, .options = {"--effort", "--seed"}, .run = print_growth};
}

}  // namespace stability
