// SPDX-License-Identifier: MIT
// The report's first part: Lyapunov exponents while the network reads the text, and when it hears itself.

#include "report.hpp"

#include <algorithm>

#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/models/feedback.hpp>
#include <libration/report/format.hpp>
#include <libration/report/plot.hpp>
#include <libration/report/progress_bar.hpp>

namespace stability {

namespace {

std::string verdict_sentence(const lyapunov::spectrum_result& r, const char* doing) {
  const double rate = r.exponents[0], half = r.half_width[0];
  switch (r.verdict) {
    case libration::verdict::stable:
      return fmt::format(
          "STABLE. {} the network forgets a small disturbance of its state: what is left\n"
          "  of it halves every {} (95 % interval: {:.3g} to {:.3g}).",
          doing, halving(rate), std::log(2.0) / -(rate - half), std::log(2.0) / -(rate + half));
    case libration::verdict::chaotic:
      return fmt::format(
          "CHAOTIC. {} a small disturbance of the network's state grows: it doubles every\n"
          "  {} (95 % interval: {:.3g} to {:.3g}), until the two runs have nothing in common.",
          doing, halving(rate), std::log(2.0) / (rate + half), std::log(2.0) / (rate - half));
    case libration::verdict::neutral:
      return fmt::format(
          "NEUTRAL. {} a small disturbance of the network's state neither fades nor grows: over\n"
          "  {:.0f} characters it changes by less than a factor of e. The network carries it along, like a memory.",
          doing, 1.0 / r.neutral_margin);
    case libration::verdict::undecided:
      break;
  }
  return std::isnan(half) ? "UNDECIDED. The run was too short for an error bar: no verdict without one."
                          : "UNDECIDED. The error bar reaches across the border between fading and growing (or between either and\n"
                            "  neutral): a longer run (--steps) would tell.";
}

void print_numbers(const lyapunov::spectrum_result& r) {
  fmt::print(
      "\nThe numbers (nats per character)\n   i   exponent ± standard error        95 % interval           halves or doubles in\n");
  for (Eigen::Index i = 0; i < r.exponents.size(); ++i) {
    const double rate = r.exponents[i], half = r.half_width[i];
    fmt::print("  {:>2}   {:<28}  {:>9.5f} to {:>9.5f}   {}\n", i + 1, report::with_error(rate, r.standard_error[i]), rate - half,
               rate + half, halving(rate));
  }
  const auto& f = r.finite_time;
  if (f.values.cols() > 1) {
    const double growing = static_cast<double>((f.values.row(0).array() > 0.0).count()) / static_cast<double>(f.values.cols());
    fmt::print(
        "\n  Text is uneven: over stretches of {} characters the leading exponent has mean {:.4f} and spread {:.4f}; in 90 % of\n"
        "  them it lies between {:.4f} and {:.4f}, and in {:.1f} % a disturbance grows for the while.\n",
        f.window, f.mean()[0], f.spread()[0], f.quantile(0.05)[0], f.quantile(0.95)[0], 100.0 * growing);
  }
}

void print_trust(const lyapunov::spectrum_result& r, const lyapunov::spectrum_result& pair) {
  fmt::print("\nHow far to trust them\n  status: {}, {}.\n", r.status, report::explain(r.status));
  if (r.status == libration::status::not_converged)
    fmt::print("  The text ended before the standard error was down to the tolerance.\n");
  fmt::print(
      "  error bars: they account for the correlation of neighbouring characters ({:.0f} independent stretches' worth for the\n"
      "    leading exponent), by Student's t with {:.0f} degrees of freedom. They do not cover other texts: that is another "
      "question.\n",
      r.effective_samples[0], r.degrees_of_freedom);
  fmt::print(
      "  frame: {} orthonormalisations, every {:.1f} characters on average; worst condition {:.1e}\n"
      "    (a pivot is right to 2e-16 times that), worst defect {:.0e}; {} stretches had to be replayed.\n",
      r.orthonormalisations, r.mean_interval, r.worst_condition, r.worst_defect, r.breakdowns);
  const double difference = std::abs(pair.exponents[0] - r.exponents[0]);
  fmt::print(
      "  second way: two neighbouring runs of the network, without any derivative, give {}\n"
      "    for the leading exponent: a difference of {:.1g} on the same stretch of text.\n",
      report::with_error(pair.exponents[0], pair.standard_error[0]), difference);
}

bool ran(const lyapunov::spectrum_result& r) {
  return r.status == libration::status::ok || r.status == libration::status::not_converged;
}

}  // namespace

Eigen::VectorXd recurrent_question::state_after(std::int64_t characters) const {
  Eigen::VectorXd h = Eigen::VectorXd::Zero(model.state_size()), next(h);
  auto ws = model.make_workspace();
  for (std::int64_t t = 0; t < std::min(characters, length()); ++t) {
    model.step(tokens[static_cast<std::size_t>(t)], h, next, ws);
    h.swap(next);
  }
  return h;
}

void print_spectrum(const recurrent_question& q, answer& so_far) {
  const arguments& a = q.options;
  const std::int64_t room = q.length() - 2 * q.transient;
  const std::int64_t steps = a.steps == 0 ? room : std::min(a.steps, room);
  const auto inputs = q.model.inputs(q.tokens);
  const Eigen::VectorXd h0 = Eigen::VectorXd::Zero(q.model.state_size());
  const auto count = std::min<Eigen::Index>(a.count, q.model.state_size());
  lyapunov::spectrum_options options{.count = count, .steps = steps, .transient = q.transient, .frame_transient = q.transient};
  options.neutral_margin = a.margin;
  options.seed = a.seed;
  options.history = true;
  if (a.tolerance > 0.0) {
    options.tolerance = a.tolerance;
    options.max_steps = steps;
    options.steps = std::min<std::int64_t>(1000, steps);
  }
  lyapunov::spectrum_result pair;
  lyapunov::spectrum_result& r = so_far.reading;
  {
    report::progress_bar bar("Lyapunov spectrum along the text");
    options.on_progress = [&](const libration::progress& p) { bar(p); };
    r = lyapunov::spectrum(q.model.network(), h0, inputs, options);
  }
  {
    report::progress_bar bar("two neighbouring runs");
    pair = lyapunov::largest(q.model.network(), h0, inputs,
                             {.steps = r.steps,
                              .transient = q.transient,
                              .frame_transient = q.transient,
                              .seed = a.seed,
                              .on_progress = [&](const libration::progress& p) { bar(p); }});
  }

  fmt::print(
      "\nWhat was measured\n"
      "  The network reads the text one character at a time and keeps what it knows in its state. Suppose the state were\n"
      "  nudged a little and the network read on, the same text: would the nudge fade, last or grow? The rate, averaged\n"
      "  along the text, is a Lyapunov exponent: negative for a nudge that fades, positive for one that grows. There is\n"
      "  one for each independent direction of a nudge; the {} slowest to fade are here, of {}. They were measured over\n"
      "  {} characters, after {} to settle.\n",
      count, q.model.state_size(), r.steps, 2 * q.transient);
  fmt::print("\nVerdict\n  {}\n", verdict_sentence(r, "While it reads this text"));
  print_numbers(r);
  print_trust(r, pair);

  so_far.whole = so_far.whole && ran(r);
  so_far.json["spectrum"] = report::to_json(r);
  so_far.json["two_trajectories"] = report::to_json(pair);
  if (a.no_pictures) return;
  const std::filesystem::path out(a.out);
  drew(so_far, report::plot_spectrum(r, out / "spectrum.png", "Lyapunov exponents along the text", "per character"),
       out / "spectrum.png");
  drew(so_far, report::plot_history(r, out / "running_estimate.png", "The leading exponent as the text is read", "per character"),
       out / "running_estimate.png");
  if (r.finite_time.values.cols() > 1)
    drew(so_far,
         report::plot_finite_time(r, out / "finite_time.png", "The leading exponent over stretches of text", "per character"),
         out / "finite_time.png");
}

void print_closed_loop(const recurrent_question& q, answer& so_far) {
  const arguments& a = q.options;
  const auto loop = models::close_loop(q.model);
  const auto count = std::min<Eigen::Index>(std::min(a.count, 4), q.model.state_size());
  lyapunov::spectrum_options options{
      .count = count, .steps = q.scaled(5000, 200), .transient = q.scaled(1000, 50), .frame_transient = q.scaled(1000, 50)};
  options.neutral_margin = a.margin;
  options.seed = a.seed;
  lyapunov::spectrum_result& r = so_far.writing;
  {
    report::progress_bar bar("Lyapunov spectrum of the closed loop");
    options.on_progress = [&](const libration::progress& p) { bar(p); };
    r = lyapunov::spectrum(loop, q.state_after(q.transient), options);
  }
  fmt::print(
      "\nOpen and closed loop\n"
      "  So far the text was given (an open loop). Left to itself a network hears what it says: here it is fed, from the\n"
      "  end of the first {} characters on, the mean of the characters that it expects next, each weighted with its\n"
      "  probability (a closed loop with soft feedback, temperature 1; a sampled character has no derivative, and is\n"
      "  looked at further down).\n"
      "                         reads the text            hears itself\n",
      q.transient);
  const auto exponent = [](const lyapunov::spectrum_result& s, Eigen::Index i) {
    return i < s.exponents.size() ? report::with_error(s.exponents[i], s.standard_error[i]) : std::string("not measured");
  };
  for (Eigen::Index i = 0; i < count; ++i)
    fmt::print("    exponent {:<10}  {:<24}  {}\n", i + 1, exponent(so_far.reading, i), exponent(r, i));
  const auto verdict = [](const lyapunov::spectrum_result& s) {
    return s.exponents.size() > 0 ? std::string(to_string(s.verdict)) : std::string("not measured");
  };
  fmt::print("    verdict              {:<24}  {}\n", verdict(so_far.reading), verdict(r));
  if (r.exponents.size() > 0) fmt::print("  {}\n", verdict_sentence(r, "Hearing itself"));
  if (r.cycle_length > 0) fmt::print("  It has settled on a cycle of {} characters.\n", r.cycle_length);
  if (r.status == libration::status::collapsed) fmt::print("  But {}.\n", report::explain(r.status));
  so_far.whole = so_far.whole && ran(r);
  so_far.json["closed_loop"] = report::to_json(r);
}

}  // namespace stability
