// SPDX-License-Identifier: MIT
// The report's second part: how an error grows, how long a run can be trusted, and what a state kept in fewer bits does to it.

#include "report.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <libration/core/parallel.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/growth_law.hpp>
#include <libration/error/horizon.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/models/feedback.hpp>
#include <libration/report/format_error.hpp>
#include <libration/report/json_error.hpp>
#include <libration/report/plot.hpp>
#include <libration/report/progress_bar.hpp>

#include "prompts.hpp"

namespace stability {

namespace {

namespace error = libration::error;
namespace maps = libration::maps;

constexpr double far_apart = 0.4;  // of the state's own spread

double leading(const lyapunov::spectrum_result& r) {
  return r.exponents.size() > 0 ? r.exponents[0] : std::numeric_limits<double>::quiet_NaN();
}

// Windows of so many characters, as many as the text has room for; shorter ones where it has not room for two.
error::growth_options windows_of(const recurrent_question& q, std::int64_t characters, std::int64_t windows) {
  const std::int64_t room = q.length() - q.transient;
  error::growth_options options{.steps = std::min(characters, room / 2)};
  options.windows = std::max<std::int64_t>(1, std::min(windows, room / options.steps));
  options.transient = q.transient;
  options.seed = q.options.seed;
  return options;
}

// Median, and 5 to 95 %.
report::band band_of(const std::string& label, const error::growth_curve& c) {
  return {label, c.time, c.quantile(0.5), c.quantile(0.05), c.quantile(0.95)};
}

std::string at(const error::growth_curve& c, Eigen::Index point) {
  const auto quantile = [&](double p) { return c.quantile(p)[point]; };
  return fmt::format("{:.1e} ({:.0e} to {:.0e})", quantile(0.5), quantile(0.05), quantile(0.95));
}

// What became of the error, and of the law it follows.
void print_law(const char* where, const error::growth_curve& c, double exponent, answer& so_far) {
  const auto h = error::horizon(c, {.threshold = far_apart, .exponent = exponent});
  fmt::print("  {}: ", where);
  if (h.censored == c.pairs())
    fmt::print("no error of this size came to {} of the spread within {:.0f} characters", far_apart, c.time[c.points() - 1]);
  else
    fmt::print("an error of this size first comes to {} of the spread after {} characters{}", far_apart, report::text(h.median),
               h.censored > 0 ? fmt::format(" ({} of {} had not)", h.censored, c.pairs()) : "");
  fmt::print("; the exponent predicts {}.\n", std::isnan(h.predicted)   ? std::string("nothing: it was not measured")
                                              : std::isinf(h.predicted) ? std::string("never")
                                                                        : characters(h.predicted));
  report::json& j = so_far.json["growth"][where];
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

}  // namespace

void print_growth(const recurrent_question& q, answer& so_far) {
  error::growth_options options = windows_of(q, q.scaled(300, 40), q.scaled(24, 4));
  options.size = 1e-6;
  options.members = 4;
  const auto loop = models::close_loop(q.model);
  error::growth_curve reading, writing;
  {
    report::progress_bar bar("growth of errors");
    const auto half = [&](double begin) {
      return [&bar, begin](const libration::progress& p) {
        bar({static_cast<std::int64_t>(1000 * begin) + 500 * p.done / std::max<std::int64_t>(p.total, 1), 1000});
      };
    };
    options.on_progress = half(0.0);
    reading = error::growth(q.model.network(), Eigen::VectorXd::Zero(q.model.state_size()), q.model.inputs(q.tokens), options);
    options.on_progress = half(0.5);
    options.transient = 100;
    options.windows = q.scaled(24, 4);  // it needs no text
    writing = error::growth(loop, q.state_after(q.transient), options);
  }
  fmt::print(
      "\nHow an error grows\n"
      "  Beside {} stretches of {} characters, {} runs each set out {:.0e} away from the network's state in a random\n"
      "  direction. The error is their distance over the state's own spread ({:.3g} reading, {:.3g} hearing itself): at 1.4\n"
      "  two runs have nothing in common. Median, and 5 to 95 % of the runs:\n"
      "    characters   reads the text                hears itself\n",
      reading.pairs() / reading.members, options.steps, options.members, options.size, reading.normaliser, writing.normaliser);
  if (reading.pairs() > 0 && writing.pairs() > 0) {
    for (const Eigen::Index j : report::samples(reading.points(), 6))
      fmt::print("    {:>10.0f}   {:<28}  {}\n", reading.time[j], at(reading, j), at(writing, j));
    print_law("reads the text", reading, leading(so_far.reading), so_far);
    print_law("hears itself", writing, leading(so_far.writing), so_far);
  }
  so_far.whole = so_far.whole && reading.status == libration::status::ok && writing.status == libration::status::ok;
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "growth.png";
  drew(so_far,
       report::plot_bands({band_of("reads the text", reading), band_of("hears itself", writing)}, file,
                          "How an error grows: median and 5 to 95 % of the runs",
                          {"characters", "error, in units of the state's spread", false, true}),
       file);
}

void print_precision(const recurrent_question& q, answer& so_far) {
  struct format {
    const char* name;
    maps::number_format kept;
  };
  const std::array<format, 4> formats = {{{"float32", maps::number_format::float32()},
                                          {"bfloat16", maps::number_format::bfloat16()},
                                          {"float16", maps::number_format::float16()},
                                          {"8 bits", maps::number_format::dynamic(8)}}};
  error::growth_options options = windows_of(q, q.scaled(300, 40), q.scaled(12, 2));
  const auto loop = models::close_loop(q.model);
  const Eigen::VectorXd start = q.state_after(q.transient);
  const auto prompts = prompts_of(q, 16, 100);
  const std::int64_t length = q.scaled(300, 40);
  std::array<error::growth_curve, 4> reading, writing;
  std::array<error::token_divergence_result, 4> tokens;
  {
    report::progress_bar bar("states in fewer bits");
    std::int64_t done = 0;
    const auto one_more = [&] { bar({++done, 3}); };
    libration::parallel_for(4, 0, [&](std::int64_t k) {
      const auto i = static_cast<std::size_t>(k);
      reading[i] = error::growth_between(q.model.network(), maps::quantize(q.model.network(), formats[i].kept),
                                         Eigen::VectorXd::Zero(q.model.state_size()).eval(), q.model.inputs(q.tokens), options);
    });
    one_more();
    libration::parallel_for(4, 0, [&](std::int64_t k) {
      const auto i = static_cast<std::size_t>(k);
      error::growth_options closed = options;
      closed.transient = 100;
      closed.windows = q.scaled(12, 2);
      writing[i] = error::growth_between(loop, maps::quantize(loop, formats[i].kept), start, closed);
    });
    one_more();
    for (std::size_t i = 0; i < 4; ++i)
      tokens[i] = error::token_divergence(q.single, maps::quantize(q.single, formats[i].kept), prompts,
                                          {.runs = q.scaled(48, 4), .steps = length, .seed = q.options.seed});
    one_more();
  }
  fmt::print(
      "\nIf the state were kept in fewer bits\n"
      "  After every character the state is rounded, and the run parts from the exact one. Reading the text: the error after\n"
      "  {:.0f} characters, in units of the state's spread. Hearing itself: the characters until it comes to {} of the spread\n"
      "  (and what the exponent and the rounding's size predict). Writing: the characters after which half of {} runs, sampled\n"
      "  with the same random numbers as the exact ones, have written something else.\n"
      "    format     reads the text                hears itself             predicted   writes\n",
      reading[0].time[reading[0].points() - 1], far_apart, tokens[0].pairs.size());
  for (std::size_t i = 0; i < 4; ++i) {
    const Eigen::Index last = reading[i].points() - 1;
    so_far.whole = so_far.whole && reading[i].status == libration::status::ok && writing[i].status == libration::status::ok &&
                   tokens[i].status == libration::status::ok;
    if (reading[i].pairs() == 0 || writing[i].pairs() == 0) {
      fmt::print("    {:<9}  ended early: reading {}, hearing itself {}\n", formats[i].name, reading[i].status, writing[i].status);
      continue;
    }
    const auto parted = tokens[i].survival.event_count;
    const auto horizon = error::horizon(writing[i], {.threshold = far_apart});
    const double noise = formats[i].kept.error_deviation(start).norm() / writing[i].normaliser;
    const double predicted = error::predicted_noise_horizon(far_apart, noise, leading(so_far.writing));
    fmt::print("    {:<9}  {:<28}  {:<23}  {:>9}   {}\n", formats[i].name, at(reading[i], last), report::text(horizon.median),
               std::isnan(predicted) ? std::string("unknown") : fmt::format("{:.3g}", predicted),
               std::isinf(tokens[i].horizon_50.time)
                   ? fmt::format("more than {} ({} of {} parted)", length, parted, tokens[i].pairs.size())
                   : report::text(tokens[i].horizon_50));
    so_far.json["precision"][formats[i].name] = {{"reads_the_text", report::to_json(reading[i])},
                                                 {"hears_itself", report::to_json(writing[i])},
                                                 {"horizon", report::to_json(horizon)},
                                                 {"predicted_horizon", report::number(predicted)},
                                                 {"tokens", report::to_json(tokens[i])}};
  }
  if (q.options.no_pictures) return;
  const auto file = std::filesystem::path(q.options.out) / "precision.png";
  std::vector<report::band> bands;
  for (std::size_t i = 0; i < 4; ++i) bands.push_back(band_of(formats[i].name, writing[i]));
  drew(so_far,
       report::plot_bands(bands, file, "A state kept in fewer bits, hearing itself: median and 5 to 95 % of the runs",
                          {"characters", "error, in units of the state's spread", false, true}),
       file);
}

}  // namespace stability
