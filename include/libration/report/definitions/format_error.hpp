// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/format_error.hpp declares.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/report/format_error.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::vector<Eigen::Index> samples(Eigen::Index n, Eigen::Index most) {
  std::vector<Eigen::Index> chosen;
  if (n <= 0) return chosen;
  most = std::max<Eigen::Index>(most, 2);
  for (Eigen::Index k = 0; k < most; ++k) {
    const double place = std::pow(static_cast<double>(n), static_cast<double>(k) / static_cast<double>(most - 1)) - 1.0;
    const auto index = static_cast<Eigen::Index>(std::lround(place));
    if (index < n && (chosen.empty() || index > chosen.back())) chosen.push_back(index);
  }
  return chosen;
}

}  // namespace libration::inline LIBRATION_ABI::report

namespace libration::inline LIBRATION_ABI::report::detail {

LIBRATION_DEFINED std::string status_line(status s, std::int64_t failed_at) {
  return fmt::format("  status {}: {}{}", to_string(s), explain(s), failed_at >= 0 ? fmt::format(" (step {})", failed_at) : "");
}

LIBRATION_DEFINED std::string trouble(status s) { return s == status::ok ? std::string() : '\n' + status_line(s); }

LIBRATION_DEFINED std::string nothing(const char* what) { return fmt::format("{}: {}", what, explain(status::not_run)); }

LIBRATION_DEFINED std::string jumps(std::int64_t count) {
  return count == 0 ? std::string()
                    : fmt::format("; a pair parted {} times as no growth explains: at a discontinuity, or a coordinate that "
                                  "wraps (a map may say its periods)",
                                  count);
}

LIBRATION_DEFINED std::string jumps(std::int64_t count, const std::vector<error::undeclared_period>& undeclared) {
  if (undeclared.empty()) return jumps(count);
  std::string out;
  for (const error::undeclared_period& u : undeclared)
    out += fmt::format("{}coordinate {} wraps with period {:.6g}", out.empty() ? "; " : ", ", u.coordinate, u.period);
  return out + fmt::format(" (seen in {} jumps of a pair), and the map has to declare it", count);
}

LIBRATION_DEFINED std::string with_digits(double x, int digits, const char* infinite) {
  if (std::isinf(x)) return x < 0.0 ? fmt::format("-{}", infinite) : infinite;
  const double size = std::abs(x);
  const int whole = size >= 1.0 && size < 1e7 ? 1 + static_cast<int>(std::floor(std::log10(std::round(size)))) : 0;
  return fmt::format("{:.{}g}", x, std::max(digits, whole));
}

LIBRATION_DEFINED std::string with_interval(double value, double lower, double upper, const char* infinite) {
  if (std::isnan(value)) return "unknown";
  if (std::isnan(lower) || std::isnan(upper) || (std::isinf(value) && lower == upper)) return with_digits(value, 4, infinite);
  // Two digits of the half width, as of a standard error: an interval whose ends read alike says nothing.
  const double half = 0.5 * (upper - lower), size = std::max(std::abs(lower), std::abs(upper));
  const bool narrow = half > 0.0 && std::isfinite(half) && half < size;
  const int digits =
      narrow ? std::clamp(static_cast<int>(std::floor(std::log10(size)) - std::floor(std::log10(half))) + 2, 4, 15) : 4;
  return fmt::format("{} ({} to {})", with_digits(value, digits, infinite), with_digits(lower, digits, infinite),
                     with_digits(upper, digits, infinite));
}

}  // namespace libration::inline LIBRATION_ABI::report::detail

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string with_interval(double value, double lower, double upper) {
  return detail::with_interval(value, lower, upper, "inf");
}

LIBRATION_DEFINED std::string text(const stats::time_quantile& q) {
  return std::isinf(q.time) && std::isfinite(q.lower) ? "at least " + detail::with_digits(q.lower, 4, "never")
                                                      : detail::with_interval(q.time, q.lower, q.upper, "never");
}

LIBRATION_DEFINED std::string text(const error::growth_curve& c) {
  const char* unit = c.per_unit_of_time ? "time" : "step";
  const std::string which = c.size > 0.0    ? fmt::format(" of size {:.3g}", c.size)
                            : c.pairs() > 0 ? " from 0, between two maps"
                                            : "";
  std::string out = fmt::format("growth of an error{}: {} pairs", which, c.pairs());
  if (!std::isnan(c.normaliser))
    out += fmt::format(", {} norm in units of {}{:.4g}", detail::name_of(c.norm),
                       c.normalised_by_spread ? "the attractor's size, " : "", c.normaliser);
  out += '\n';
  if (c.pairs() > 0 && c.points() > 0) {
    out += fmt::format("  {:>9}  {:>8}  {:>8}  {:>8}\n", unit, "5 %", "median", "95 %");
    const Eigen::VectorXd low = c.quantile(0.05), middle = c.quantile(0.5), high = c.quantile(0.95);
    for (const Eigen::Index j : samples(c.points()))
      out += fmt::format("  {:>9}  {:>8.2e}  {:>8.2e}  {:>8.2e}\n", detail::with_digits(c.time[j], 4, "inf"), low[j], middle[j],
                         high[j]);
  }
  out += detail::status_line(c.status, c.failed_at);
  if (c.diverged_pairs > 0) out += fmt::format("; {} perturbed runs diverged", c.diverged_pairs);
  if (c.swallowed_pairs > 0)
    out += fmt::format("; {} perturbations were lost in the state's rounding", c.swallowed_pairs);
  if (c.starts_saturated()) out += "; the perturbation is as large as the attractor: there is no growth to be seen";
  if (!c.drifting.empty())
    out += fmt::format("; coordinate {}{} over the whole run, and has no size that does not grow with it (a map may say that it is "
                       "unbounded)",
                       c.drifting.front(),
                       c.drifting.size() > 1 ? fmt::format(" and {} others drift", c.drifting.size() - 1) : " drifts");
  return out + detail::jumps(c.jumps, c.undeclared);
}

LIBRATION_DEFINED std::string text(const error::finite_size_result& r) {
  if (r.ratio == 0.0) return detail::nothing("finite-size exponents");
  std::string out = fmt::format("finite-size exponents, growth by a factor of {:.4g}:\n", r.ratio);
  if (r.count.sum() > 0) out += fmt::format("  {:>10}  {:<24}  {:>6}\n", "size", "exponent", "errors");
  for (Eigen::Index k = 0; k < r.size.size(); ++k) {
    if (r.count[k] == 0) continue;
    out += fmt::format("  {:>10.3e}  {:<24}  {:>6}{}\n", r.size[k], with_error(r.exponent[k], r.standard_error[k]), r.count[k],
                       r.censored[k] > 0 ? fmt::format(" ({} did not get there)", r.censored[k]) : "");
  }
  if (!r.undeclared.empty()) return out + detail::status_line(r.status) + detail::jumps(r.jumps, r.undeclared);
  if (r.count.sum() == 0) out += fmt::format("  no error was seen to grow so far ({} did not get there)\n", r.censored.sum());
  return out + fmt::format("  rounding shows below {:.1e}", r.floor) + detail::trouble(r.status) + detail::jumps(r.jumps);
}

LIBRATION_DEFINED std::string text(const error::horizon_result& r) {
  if (!r.undeclared.empty())
    return fmt::format("median time until the error reaches {:.4g}: unknown\n{}{}", r.threshold, detail::status_line(r.status),
                       detail::jumps(r.jumps, r.undeclared));
  if (r.crossing.size() == 0) return detail::nothing("horizon");
  std::string out = fmt::format("median time until the error reaches {:.4g}: {}; {} of {} pairs never do", r.threshold,
                                text(r.median), r.censored, r.crossing.size());
  if (r.exponent > 0.0 && r.median.reached()) out += fmt::format("; that is {:.3g} Lyapunov times", r.lyapunov_times());
  if (!std::isnan(r.predicted)) out += "; predicted from the exponent: " + detail::with_digits(r.predicted, 4, "never");
  return out + detail::trouble(r.status) + detail::jumps(r.jumps);
}

LIBRATION_DEFINED std::string text(const error::law_fit& f) {
  if (f.name.empty()) return detail::nothing("growth law");
  std::string out(f.name);
  const char* separator = ": ";
  for (const auto& [name, p] : error::named_parameters(f)) {
    if (std::isnan(p->value) || p->lower == p->upper) continue;
    out += fmt::format("{}{} {}", separator, name, with_interval(p->value, p->lower, p->upper));
    separator = ", ";
  }
  if (!f.converged) out += " (the fit did not converge)";
  return out;
}

LIBRATION_DEFINED std::string text(const error::growth_law_result& r) {
  if (r.status == status::not_run) return detail::nothing("growth law");
  const bool decided = r.law != error::growth_law::undecided && !r.fits.empty();
  std::string out = decided ? fmt::format("growth law: {}\n", text(r.best())) : fmt::format("growth law undecided: {}\n", r.reason);
  out += fmt::format("  over {} points", r.points);
  if (!std::isnan(r.first_time)) out += fmt::format(" from {:.4g} to {:.4g}", r.first_time, r.last_time);
  if (!r.fits.empty())
    out += fmt::format("; {} R² {:.4f}, largest residual {:.2g}, weight {:.2f}",
                       decided ? "it has" : fmt::format("the best, {}, has", r.best().name), r.best().r_squared,
                       r.best().largest_residual, r.best().weight);
  return out + detail::trouble(r.status);
}

LIBRATION_DEFINED std::string text(const error::token_divergence_result& r) {
  std::string out = fmt::format("coupled runs of two models: {} pairs of {} tokens, {} of them have parted\n", r.pairs.size(),
                                r.steps, r.survival.event_count);
  if (r.survival.observations > 0)
    out += fmt::format("  tokens after which fewer than 99 %, 80 %, 50 % still agree: {}; {}; {}\n", text(r.horizon_99),
                       text(r.horizon_80), text(r.horizon_50));
  if (const auto& h = r.hazard.constant; !std::isnan(h.hazard)) {
    out += fmt::format("  chance of parting per token: {}", with_interval(h.hazard, h.lower, h.upper));
    if (r.hazard.weibull.status == status::ok)
      out += fmt::format("; Weibull shape {} (1: the same all along; p {:.2g})",
                         with_interval(r.hazard.weibull.shape, r.hazard.weibull.shape_lower, r.hazard.weibull.shape_upper),
                         r.hazard.p_value);
    out += '\n';
  }
  if (r.mergings > 0)
    out += fmt::format("  mergings, at least {} equal tokens after a difference: {}\n", r.merge_length, r.mergings);
  out += detail::status_line(r.status);
  if (r.diverged_pairs > 0) out += fmt::format("; {} pairs ended at a logit that was not finite", r.diverged_pairs);
  return out;
}

LIBRATION_DEFINED std::string text(const error::exposure_bias_result& r) {
  std::string out =
      fmt::format("exposure bias over {} runs of the teacher and {} of the student:\n", r.teacher_runs, r.student_runs);
  const Eigen::Index lengths = r.accumulated_error.value.size();
  if (lengths > 0)
    out += fmt::format("  {:>6}  {:<28}  accumulated error over length (1: no bias)\n", "length", "mean divergence, nats");
  for (const Eigen::Index i : samples(lengths)) {
    const double length = static_cast<double>(i + 1);
    if (r.identical_until(i + 1)) {
      out += fmt::format("  {:>6}  {:<28}  none: the two do not differ\n", i + 1, "0");
      continue;
    }
    out += fmt::format("  {:>6}  {:<28}  {}\n", i + 1,
                       with_interval(r.mean_divergence.value[i], r.mean_divergence.lower[i], r.mean_divergence.upper[i]),
                       with_interval(r.accumulated_error.value[i] / length, r.accumulated_error.lower[i] / length,
                                     r.accumulated_error.upper[i] / length));
  }
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const error::model_exposure_result& r) {
  return text(r.bias) + (r.failed_runs > 0 ? fmt::format("; {} pairs of runs left out", r.failed_runs) : "");
}

LIBRATION_DEFINED std::string text(const error::covariance_result& r) {
  if (r.total.size() == 0) return "covariance of small errors\n" + detail::status_line(r.status, r.failed_at);
  std::string out = fmt::format("covariance of small errors after {} steps, {}:\n", r.steps,
                                r.rank == 0 ? std::string("the whole matrix") : fmt::format("a factor of rank {}", r.rank));
  const Eigen::Index last = r.total.size() - 1;
  out += fmt::format("  total variance {:.6g}", r.total[last]);
  // Not by `with_error`, for which an error of 1e-16 is rounding: here variances themselves may be as small.
  if (r.total_standard_error.size() > 0)
    out += fmt::format(" ± {:.2g}, from samples", r.total_standard_error[r.total_standard_error.size() - 1]);
  if (r.largest_discarded > 0.0)
    out += fmt::format(" (a lower bound: up to {:.2g} % of it was left out in one step)", 100.0 * r.largest_discarded);
  out += '\n';
  if (r.variances.size() > 0) {
    out += "  leading standard deviations";
    for (Eigen::Index i = 0; i < std::min<Eigen::Index>(r.variances.size(), 8); ++i)
      out += fmt::format("{} {:.4g}", i == 0 ? "" : ",", std::sqrt(std::max(r.variances[i], 0.0)));
    out += '\n';
  }
  return out + detail::status_line(r.status, r.failed_at);
}

LIBRATION_DEFINED std::string text(const error::transient_growth_result& r) {
  if (std::isnan(r.largest)) return "largest growth of a small error: unknown\n" + detail::status_line(r.status, r.failed_at);
  std::string out = fmt::format(
      "largest growth of a small error: a factor of {:.6g} (at most {:.6g}{}), after {} of {} steps", r.largest, r.upper,
      r.failure_probability > 0.0 ? fmt::format(", but for a chance of {:.2g}", r.failure_probability) : "", r.step, r.steps);
  if (r.growth.size() > 0) out += fmt::format("; {:.3g} at the end", r.growth[r.growth.size() - 1]);
  if (r.complete) out += "; none is larger later";
  return out + '\n' + detail::status_line(r.status, r.failed_at);
}

LIBRATION_DEFINED std::string text(const error::kreiss_result& r) {
  const std::string constant = std::isnan(r.lower)   ? "unknown"
                               : std::isinf(r.lower) ? "infinite"
                               : std::isinf(r.upper) ? fmt::format("at least {:.6g}", r.lower)
                                                     : fmt::format("between {:.6g} and {:.6g}", r.lower, r.upper);
  return fmt::format("Kreiss constant {}{}\n{}", constant,
                     std::isnan(r.spectral_radius) ? "" : fmt::format(", spectral radius {:.6g}", r.spectral_radius),
                     detail::status_line(r.status));
}

LIBRATION_DEFINED std::string text(const error::numerical_radius_result& r) {
  return (std::isnan(r.lower) ? "numerical radius unknown"
                              : fmt::format("numerical radius between {:.6g} and {:.6g}", r.lower, r.upper)) +
         '\n' + detail::status_line(r.status);
}

}  // namespace libration::inline LIBRATION_ABI::report
