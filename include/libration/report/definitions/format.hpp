// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/format.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include <libration/report/format.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string with_error(double value, double standard_error) {
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  if (std::isnan(value)) return "unknown";
  if (!std::isfinite(standard_error))
    return fmt::format("{:.6g} (error {})", value, std::isnan(standard_error) ? "unknown" : "infinite");
  if (!(standard_error > 1e-15 * std::abs(value))) return fmt::format("{:.12g}", value);
  const int decimals = std::max(1 - static_cast<int>(std::floor(std::log10(standard_error))), 0);
  if (decimals > 15 || std::abs(value) >= 1e15) {
    const double before = value == 0.0 ? 0.0 : std::floor(std::log10(std::abs(value))) - std::floor(std::log10(standard_error));
    return fmt::format("{:.{}g} ± {:.2g}", value, std::clamp(static_cast<int>(before) + 2, 1, 15), standard_error);
  }
  return fmt::format("{:.{}f} ± {:.{}f}", value, decimals, standard_error, decimals);
}

LIBRATION_DEFINED std::string indented(std::string_view lines, std::size_t by) {
  std::string moved(by, ' ');
  for (const char c : lines) {
    moved += c;
    if (c == '\n') moved.append(by, ' ');
  }
  return moved;
}

LIBRATION_DEFINED std::string explain(status s) {
  switch (s) {
    case status::not_run:
      return "nothing was computed";
    case status::ok:
      return "ran to its end";
    case status::not_converged:
      return "the largest number of steps came before the tolerance";
    case status::lost_frame:
      return "the forced interval between orthonormalisations is too long: a column was lost, or its digits";
    case status::collapsed:
      return "in floating point the orbit fell onto an unstable cycle: it says nothing of the true orbit";
    case status::diverged:
      return "the orbit stopped being finite: what is here ends before it";
    case status::cancelled:
      return "stopped by the caller: what is here was done before";
    case status::not_resolved:
      return "something lies below what rounding lets the run show: an exponent is an upper bound, a perturbation was lost";
    case status::undeclared_period:
      return "a coordinate wraps, but the map declares no period of it (`periods`): distances across the cut are wrong";
  }
  return "";
}

LIBRATION_DEFINED std::string text(const lyapunov::spectrum_result& r, Eigen::Index most) {
  const char* unit = r.per_unit_of_time ? "per unit of time" : "per step";
  const std::string step = r.per_unit_of_time ? fmt::format(" (a step is {:.6g})", r.time_step) : "";
  std::string out = fmt::format("Lyapunov exponents, {}{}, over {} steps: {}\n", unit, step, r.steps, to_string(r.verdict));
  for (Eigen::Index i = 0; i < std::min(most, r.exponents.size()); ++i)
    out += r.unresolved(i) ? fmt::format("  {:>3}  not resolved: at most {:.6g}\n", i + 1,
                                         r.exponents[i])
                           : fmt::format("  {:>3}  {}\n", i + 1, with_error(r.exponents[i], r.standard_error[i]));
  if (r.exponents.size() > most) out += fmt::format("       and {} more\n", r.exponents.size() - most);
  for (const auto& at : r.at_marks)
    if (at.exponents.size() > 0)
      out += fmt::format("  after {} steps the first was {}\n", at.steps, with_error(at.exponents[0], at.standard_error[0]));
  if (r.exponents.size() > 0) {
    out += fmt::format("  Kaplan-Yorke dimension {}{}\n", r.dimension_is_lower_bound ? "at least " : "",
                       with_error(r.kaplan_yorke_dimension.value, r.kaplan_yorke_dimension.standard_error));
    out += fmt::format("  entropy rate {} nats {}\n", with_error(r.entropy_rate.value, r.entropy_rate.standard_error), unit);
  }
  // Of a short repeat only what it shows; a whole one was asked for.
  for (Eigen::Index i = 0; i < r.stepper_bias.size(); ++i)
    if (r.biased(i) || r.stepper_bias_steps >= r.steps)
      out += fmt::format("  stepper's bias of exponent {}: {} (dt less dt/2)\n", i + 1,
                         with_error(r.stepper_bias[i], r.stepper_bias_error[i]));
  if (r.stepper_bias_unknown)
    out += "  a stepper's bias is not measured: the map has no with_time_step(dt), by which it is known at another step\n";
  for (Eigen::Index i = 0; i < std::min(most, r.frame_error.size()); ++i)
    if (r.frame_error[i] > 0.5 * r.standard_error[i])
      out += fmt::format("  the frame still turned: exponent {} may be off by {:.1g} for that, the larger part of its error bar\n",
                         i + 1, r.frame_error[i]);
  if (r.rounding_dominates)
    out += fmt::format("  rounding is the larger part of an error bar: up to {:.1g}, with a worst condition of {:.1g}\n",
                       r.rounding.maxCoeff(), r.worst_condition);
  out += fmt::format("  status {}: {}", to_string(r.status), explain(r.status));
  if (r.failed_at >= 0) out += fmt::format(" (step {})", r.failed_at);
  out += '\n';
  const char* before = "  evidence: ";
  const auto evidence = [&](const std::string& what) {
    out += before + what;
    before = "; ";
  };
  if (r.exact) evidence("exact: the means of the map's own gates, without a frame");
  if (!std::isnan(r.worst_condition))
    evidence(fmt::format("{} orthonormalisations, every {:.3g} steps; worst condition {:.2g}, defect {:.1g}; {} rolled back",
                         r.orthonormalisations, r.mean_interval, r.worst_condition, r.worst_defect, r.breakdowns));
  if (!std::isnan(r.mean_log_abs_determinant))
    evidence(fmt::format("sum {:.9g}, mean ln|det J| {:.9g}", r.sum, r.mean_log_abs_determinant));
  if (r.cycle_length > 0) evidence(fmt::format("repeats after {} steps", r.cycle_length));
  if (r.merged_pairs > 0) evidence(fmt::format("the two trajectories became one {} times and were set out anew", r.merged_pairs));
  if (r.jumps > 0)
    evidence(fmt::format("the two trajectories parted {} times as no growth explains: at a discontinuity, or a coordinate that "
                         "wraps (a map may say its periods)",
                         r.jumps));
  if (r.unresolved_steps > 0) evidence(fmt::format("{} steps shrink every difference below rounding", r.unresolved_steps));
  return out;
}

LIBRATION_DEFINED std::string text(const lyapunov::finite_time& f) {
  std::string out = fmt::format("finite-time exponents over {} windows of {} steps", f.values.cols(), f.window);
  if (f.values.cols() > 1) {
    const Eigen::VectorXd mean = f.mean(), spread = f.spread(), low = f.quantile(0.05), high = f.quantile(0.95);
    for (Eigen::Index i = 0; i < mean.size(); ++i)
      out += fmt::format("\n  {:>3}  mean {:.6g}, spread {:.3g}, 5 to 95 %: {:.4g} to {:.4g}", i + 1, mean[i], spread[i], low[i],
                         high[i]);
  }
  return out;
}

LIBRATION_DEFINED std::string text(const lyapunov::running_estimate& h) {
  std::string out = "running estimate:";
  for (Eigen::Index j = 0; j < h.steps.size(); ++j)
    out += fmt::format("\n  {:>9}  {:.6g} ± {:.2g}", h.steps[j], h.exponents(0, j), h.half_width(0, j));
  return out;
}

LIBRATION_DEFINED std::string text(const tangent::check_result& r) {
  return fmt::format("tangent {}: it differs from central differences by {:.2g} (up to {:.2g} is rounding)",
                     r.ok() ? "ok" : "WRONG", r.error, r.tolerance);
}

LIBRATION_DEFINED std::string text(const testing::law_report& r) {
  return r.ok() ? fmt::format("{} laws hold", r.checked) : "broken laws:\n" + r.text();
}

LIBRATION_DEFINED fmt::format_context::iterator text_writer::write(std::string_view text, fmt::format_context& context) const {
  return fmt::formatter<fmt::string_view>::format({text.data(), text.size()}, context);
}

}  // namespace libration::inline LIBRATION_ABI::report
