// SPDX-License-Identifier: MIT
// Lyapunov exponents while the network reads the text.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>

#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/report/format.hpp>
#include <libration/report/gnuplot_script.hpp>
#include <libration/report/progress_bar.hpp>

#include "pieces.hpp"
#include "section.hpp"
#include "verdict.hpp"

namespace stability {

namespace {

void print_numbers(const lyapunov::spectrum_result& r, const std::string& unit) {
  fmt::print("\nThe numbers (nats per {})\n   i   exponent ± standard error        95 % interval           halves or doubles in\n",
             unit);
  for (Eigen::Index i = 0; i < r.exponents.size(); ++i) {
    const double rate = r.exponents[i], half = r.half_width[i];
    if (r.exact && std::isinf(rate)) {
      fmt::print("  {:>2}   {}: gone after a few {}s, whatever they are{}\n", i + 1, rate, unit,
                 i + 1 < r.exponents.size() ? "; so are those after it" : "");
      break;
    }
    fmt::print("  {:>2}   {:<28}  {:>9.5f} to {:>9.5f}   {}\n", i + 1, report::with_error(rate, r.standard_error[i]), rate - half,
               rate + half, halving(rate, unit));
  }
  const auto& f = r.finite_time;
  if (f.values.cols() > 1) {
    const double growing = static_cast<double>((f.values.row(0).array() > 0.0).count()) / static_cast<double>(f.values.cols());
    fmt::print(
        "\n  Text is uneven: over stretches of {} {}s the leading exponent has mean {:.4f} and spread {:.4f}; in 90 % of\n"
        "  them it lies between {:.4f} and {:.4f}, and in {:.1f} % a disturbance grows for the while.\n",
        f.window, unit, f.mean()[0], f.spread()[0], f.quantile(0.05)[0], f.quantile(0.95)[0], 100.0 * growing);
  }
}

void print_trust(const lyapunov::spectrum_result& r, const lyapunov::spectrum_result& pair, const std::string& unit) {
  fmt::print("\nHow far to trust them\n  status: {}, {}.\n", r.status, report::explain(r.status));
  if (r.status == libration::status::not_converged)
    fmt::print("  The text ended before the standard error was down to the tolerance.\n");
  fmt::print(
      "  error bars: they account for the correlation of neighbouring {}s ({:.0f} independent stretches' worth for the\n"
      "    leading exponent), by Student's t with {:.0f} degrees of freedom. They do not cover other texts: that is another "
      "question.\n",
      unit, r.effective_samples[0], r.degrees_of_freedom);
  if (r.exact)
    fmt::print(
        "  exact: the network's gates do not read the state that they act on, so that the exponents are the means of what they\n"
        "    let through, {} by {}, and no direction had to be followed.\n",
        unit, unit);
  else
    fmt::print(
        "  frame: {} orthonormalisations, every {:.1f} {}s on average; worst condition {:.1e}\n"
        "    (a pivot is right to 2e-16 times that), worst defect {:.0e}; {} stretches had to be replayed.\n",
        r.orthonormalisations, r.mean_interval, unit, r.worst_condition, r.worst_defect, r.breakdowns);
  const double difference = std::abs(pair.exponents[0] - r.exponents[0]);
  fmt::print(
      "  second way: two neighbouring runs of the network, without any derivative, give {}\n"
      "    for the leading exponent: a difference of {:.1g} on the same stretch of text.\n",
      report::with_error(pair.exponents[0], pair.standard_error[0]), difference);
}

void print_spectrum(const question& q, answer& so_far) {
  const arguments& a = q.options;
  const std::int64_t room = q.length() - 2 * q.transient;
  const std::int64_t steps = a.steps == 0 ? room : std::min(a.steps, room);
  const network_map& network = q.model.state->network;
  const text_inputs inputs(q);
  const Eigen::VectorXd h0 = Eigen::VectorXd::Zero(network.state_size());
  const auto count = std::min<Eigen::Index>(a.count, network.state_size());
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
    r = lyapunov::spectrum(network, h0, inputs, options);
  }
  {
    report::progress_bar bar("two neighbouring runs");
    pair = lyapunov::largest(network, h0, inputs,
                             {.steps = r.steps,
                              .transient = q.transient,
                              .frame_transient = q.transient,
                              .seed = a.seed,
                              .on_progress = [&](const libration::progress& p) { bar(p); }});
  }

  fmt::print(
      "\nWhat was measured\n"
      "  The network reads the text one {} at a time and keeps what it knows in its state. Suppose the state were\n"
      "  nudged a little and the network read on, the same text: would the nudge fade, last or grow? The rate, averaged\n"
      "  along the text, is a Lyapunov exponent: negative for a nudge that fades, positive for one that grows. There is\n"
      "  one for each independent direction of a nudge; the {} slowest to fade are here, of {}. They were measured over\n"
      "  {} {}s, after {} to settle.\n",
      q.unit, count, network.state_size(), r.steps, q.unit, 2 * q.transient);
  fmt::print("\nVerdict\n  {}\n", verdict_sentence(r, "While it reads this text", q.unit));
  print_numbers(r, q.unit);
  print_trust(r, pair, q.unit);

  so_far.whole = so_far.whole && ran(r);
  so_far.json["spectrum"] = report::to_json(r);
  so_far.json["two_trajectories"] = report::to_json(pair);
  if (a.no_pictures) return;
  const std::filesystem::path out(a.out);
  draw(so_far, report::spectrum_script(r, out / "spectrum.png", "Lyapunov exponents along the text", "per " + q.unit),
       out / "spectrum.png");
  draw(so_far, report::history_script(r, out / "running_estimate.png", "The leading exponent as the text is read", "per " + q.unit),
       out / "running_estimate.png");
  if (r.finite_time.values.cols() > 1)
    draw(so_far,
         report::finite_time_script(r, out / "finite_time.png", "The leading exponent over stretches of text", "per " + q.unit),
         out / "finite_time.png");
}

}  // namespace

section spectrum_section() {
  return {.name = "spectrum",
          .needs = fixed_state,
          .options = {"--count", "--steps", "--tolerance", "--margin", "--seed"},
          .run = print_spectrum};
}

}  // namespace stability
