// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/survival.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::stats::detail {

LIBRATION_DEFINED void check_fraction(double fraction, std::string_view who) {
  require(fraction > 0.0 && fraction < 1.0, who,
          [&] { return "fraction is " + number_text(fraction) + ", expected > 0 and < 1"; });
}

LIBRATION_DEFINED std::vector<time_count> count_times(std::span<const survival_time> times, std::string_view who) {
  constexpr std::int64_t most = std::int64_t{1} << 53;  // beyond, a step less is the same double
  std::vector<survival_time> sorted(times.begin(), times.end());
  for (std::size_t i = 0; i < sorted.size(); ++i)
    require(sorted[i].steps >= (sorted[i].censored ? 0 : 1) && sorted[i].steps <= most, who, [&] {
      return "times[" + number_text(i) + "].steps is " + number_text(sorted[i].steps) + ", expected " +
             (sorted[i].censored ? ">= 0 (censored)" : ">= 1 (the step of an event)") + " and <= 2^53";
    });
  std::sort(sorted.begin(), sorted.end(), [](const survival_time& a, const survival_time& b) { return a.steps < b.steps; });
  std::vector<time_count> counts;
  for (const survival_time& one : sorted) {
    if (one.steps == 0) continue;
    if (counts.empty() || counts.back().time != one.steps) counts.push_back({one.steps, 0, 0});
    ++(one.censored ? counts.back().censored : counts.back().events);
  }
  return counts;
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED proportion_estimate proportion_interval(std::int64_t successes, std::int64_t trials, double level) {
  detail::check_level(level, "stats::proportion_interval");
  require(successes >= 0 && successes <= trials, "stats::proportion_interval", [&] {
    return number_text(successes) + " successes, expected 0 to " + number_text(trials) + " (the trials)";
  });
  if (trials == 0) return {};
  const double n = static_cast<double>(trials), p = static_cast<double>(successes) / n;
  const double z = normal_quantile(0.5 + 0.5 * level), spread = z * z / n;
  const double center = (p + 0.5 * spread) / (1.0 + spread);
  const double half = std::sqrt(spread * (p * (1.0 - p) + 0.25 * spread)) / (1.0 + spread);
  return {p, successes == 0 ? 0.0 : center - half, successes == trials ? 1.0 : center + half};
}

LIBRATION_DEFINED survival_point kaplan_meier_estimate::at(std::int64_t t) const {
  const auto row = std::upper_bound(time.begin(), time.end(), t) - time.begin();
  if (row == 0) return t < 0 || observations == 0 ? survival_point{} : before_first(t);
  const survival_point& point = points[static_cast<std::size_t>(row - 1)];
  return t > time.back() && point.survival > 0.0 ? survival_point{} : point;
}

LIBRATION_DEFINED time_quantile kaplan_meier_estimate::quantile(double fraction) const {
  detail::check_fraction(fraction, "stats::kaplan_meier_estimate::quantile");
  time_quantile result{fraction};
  if (observations == 0) return result;
  constexpr double eps = std::numeric_limits<double>::epsilon();
  const auto first_below = [&](auto&& member, double rounding) {
    for (std::size_t i = 0; i < time.size(); ++i)
      if (points[i].*member < fraction * (1.0 - rounding * static_cast<double>(i + 1))) return static_cast<double>(time[i]);
    return std::numeric_limits<double>::infinity();
  };
  result.time = first_below(&survival_point::survival, 2.0 * eps);  // a row multiplies and divides once
  result.lower = before_first(1).lower < fraction ? 1.0 : first_below(&survival_point::lower, 0.0);
  result.upper = first_below(&survival_point::upper, 0.0);
  return result;
}

LIBRATION_DEFINED survival_point kaplan_meier_estimate::before_first(std::int64_t t) const {
  return {1.0, 0.0, t == 0 ? 1.0 : proportion_interval(observations, observations, level).lower, 1.0};
}

LIBRATION_DEFINED kaplan_meier_estimate kaplan_meier(std::span<const survival_time> times, double level) {
  detail::check_level(level, "stats::kaplan_meier");
  const std::vector<detail::time_count> counts = detail::count_times(times, "stats::kaplan_meier");
  kaplan_meier_estimate curve;
  curve.level = level;
  for (const auto& row : counts) curve.observations += row.events + row.censored;
  const double z = normal_quantile(0.5 + 0.5 * level);
  std::int64_t at_risk = curve.observations;
  double survival = 1.0, greenwood = 0.0, upper = 1.0;
  for (const auto& row : counts) {
    const double n = static_cast<double>(at_risk), left = static_cast<double>(at_risk - row.events);
    survival *= left / n;
    greenwood += static_cast<double>(row.events) / (n * left);
    curve.event_count += row.events;
    survival_point point{survival, survival * std::sqrt(greenwood), 0.0, upper};
    if (curve.event_count == 0) {
      point.lower = proportion_interval(at_risk, at_risk, level).lower;
    } else if (survival > 0.0) {
      const double log_survival = std::log(survival);
      const double stretch = std::exp(z * std::sqrt(greenwood) / -log_survival);
      point.lower = std::exp(log_survival * stretch);
      point.upper = std::exp(log_survival / stretch);
    } else {
      point.standard_error = std::numeric_limits<double>::quiet_NaN();
      if (row.events == curve.event_count) point.upper = proportion_interval(0, at_risk, level).upper;
    }
    upper = point.upper;
    curve.time.push_back(row.time);
    curve.at_risk.push_back(at_risk);
    curve.events.push_back(row.events);
    curve.points.push_back(point);
    at_risk -= row.events + row.censored;
  }
  return curve;
}

LIBRATION_DEFINED time_quantile constant_hazard_fit::quantile(double fraction) const {
  detail::check_fraction(fraction, "stats::constant_hazard_fit::quantile");
  const auto time = [&](double e) { return std::log(fraction) / std::log1p(-e); };
  return {fraction, time(hazard), time(upper), time(lower)};
}

LIBRATION_DEFINED time_quantile weibull_fit::quantile(double fraction) const {
  detail::check_fraction(fraction, "stats::weibull_fit::quantile");
  const double power = std::log(-std::log(fraction)) / shape;  // ln(time/scale), whose derivative by ln shape is -power
  const double time = scale * std::exp(power);
  const double variance =
      log_scale_error * log_scale_error + power * (power * log_shape_error * log_shape_error - 2.0 * log_covariance);
  const double stretch = std::exp(normal_quantile(0.5 + 0.5 * level) * std::sqrt(variance));
  return {fraction, time, time / stretch, time * stretch};
}

}  // namespace libration::inline LIBRATION_ABI::stats

namespace libration::inline LIBRATION_ABI::stats::detail {

LIBRATION_DEFINED weibull_fit fit_weibull(std::span<const time_count> counts, double level) {
  weibull_fit fit;
  fit.level = level;
  const bool any = std::any_of(counts.begin(), counts.end(), [](const time_count& row) { return row.events > 0; });
  if (!any || counts.back().time < 2) return fit;
  const double longest = static_cast<double>(counts.back().time);
  // The derivative of the likelihood, at the best a, by ln k; and its own.
  const auto profile = [&](double log_shape) {
    const double shape = std::exp(log_shape);
    const weibull_likelihood at(counts, longest, best_log_rate(counts, longest, shape), shape);
    return value_and_slope{shape * at.k, shape * (shape * (at.kk - at.ak * at.ak / at.aa) + at.k)};
  };
  const double low = std::log(0.01), high = std::log(100.0);
  double log_shape;
  if (!(profile(low).value > 0.0)) {
    log_shape = low;
  } else if (!(profile(high).value < 0.0)) {
    log_shape = high;
  } else {
    log_shape = falling_root(profile, low, high, 0.0);
    fit.status = status::ok;
  }
  const double shape = std::exp(log_shape), a = best_log_rate(counts, longest, shape);
  const weibull_likelihood at(counts, longest, a, shape);
  fit.shape = shape;
  fit.scale = longest * std::exp(-a / shape);
  fit.log_likelihood = at.value;
  if (fit.status != status::ok) {
    fit.status = status::not_converged;
    return fit;
  }
  // The inverse of the observed information in (a, k), and from there to (ln shape, ln scale) = (ln k, ln longest - a/k).
  const double determinant = at.aa * at.kk - at.ak * at.ak;
  const double var_a = -at.kk / determinant, var_k = -at.aa / determinant, cov = at.ak / determinant;
  const double by_a = -1.0 / shape, by_k = a / (shape * shape);
  fit.log_shape_error = std::sqrt(var_k) / shape;
  fit.log_scale_error = std::sqrt(by_a * by_a * var_a + by_k * by_k * var_k + 2.0 * by_a * by_k * cov);
  fit.log_covariance = (by_a * cov + by_k * var_k) / shape;
  const double stretch = std::exp(normal_quantile(0.5 + 0.5 * level) * fit.log_shape_error);
  fit.shape_lower = shape / stretch;
  fit.shape_upper = shape * stretch;
  return fit;
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED hazard_fits fit_hazard(std::span<const survival_time> times, double level) {
  detail::check_level(level, "stats::fit_hazard");
  const std::vector<detail::time_count> counts = detail::count_times(times, "stats::fit_hazard");
  hazard_fits fits;
  constant_hazard_fit& constant = fits.constant;
  constant.level = fits.weibull.level = level;
  if (counts.empty()) return fits;
  for (const auto& row : counts) {
    constant.events += row.events;
    const std::int64_t members = row.events + row.censored;
    require(row.time <= (std::numeric_limits<std::int64_t>::max() - constant.steps) / members, "stats::fit_hazard",
            "the steps at risk of all members sum to more than 2^63 - 1");
    constant.steps += row.time * members;
  }
  const proportion_estimate e = proportion_interval(constant.events, constant.steps, level);
  constant.hazard = e.value;
  constant.lower = e.lower;
  constant.upper = e.upper;
  const std::int64_t without = constant.steps - constant.events;
  constant.log_likelihood = (constant.events > 0 ? static_cast<double>(constant.events) * std::log(e.value) : 0.0) +
                            (without > 0 ? static_cast<double>(without) * std::log1p(-e.value) : 0.0);
  fits.weibull = detail::fit_weibull(counts, level);
  if (fits.weibull.status != status::not_run) {
    fits.likelihood_ratio = std::max(0.0, 2.0 * (fits.weibull.log_likelihood - constant.log_likelihood));
    fits.p_value = 2.0 * normal_tail(std::sqrt(fits.likelihood_ratio));
  }
  return fits;
}

}  // namespace libration::inline LIBRATION_ABI::stats
