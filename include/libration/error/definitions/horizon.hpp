// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/horizon.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/error/horizon.hpp>

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED double predicted_horizon(double threshold, double error, double exponent) {
  if (error >= threshold) return 0.0;
  return exponent > 0.0 ? std::log(threshold / error) / exponent : std::numeric_limits<double>::infinity();
}

LIBRATION_DEFINED double predicted_noise_horizon(double threshold, double noise, double exponent) {
  const double ratio = threshold / noise, squares = ratio * ratio;
  if (exponent == 0.0) return squares;
  if (exponent > 0.0 && ratio > 1e100) return (std::log(ratio) + 0.5 * std::log(std::expm1(2.0 * exponent))) / exponent;
  const double argument = squares * std::expm1(2.0 * exponent);
  return argument <= -1.0 ? std::numeric_limits<double>::infinity() : std::log1p(argument) / (2.0 * exponent);
}

}  // namespace libration::inline LIBRATION_ABI::error

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED stats::survival_time crossing_time(const growth_curve& curve, Eigen::Index pair, double threshold) {
  for (Eigen::Index j = 0; j < curve.points(); ++j)
    if (curve.error(pair, j) >= threshold) return {j + 1, false};
  return {curve.points(), true};
}

LIBRATION_DEFINED double to_time(const growth_curve& curve, double shifted_point) {
  if (!std::isfinite(shifted_point)) return shifted_point;
  const double spacing = curve.points() > 1 ? curve.time[1] - curve.time[0] : 0.0;
  return std::max(shifted_point - 1.0, 0.0) * spacing;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED horizon_result horizon(const growth_curve& curve, const horizon_options& options) {
  constexpr std::string_view who = "error::horizon";
  const option_check check(who);
  check(options.threshold > 0.0 && std::isfinite(options.threshold), "threshold", options.threshold, "> 0");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  require(curve.pairs() >= 1 && curve.points() >= 1, who, "the curve holds no pair");

  horizon_result r;
  r.threshold = options.threshold;
  r.exponent = options.exponent;
  r.jumps = curve.jumps;
  r.undeclared = curve.undeclared;
  r.status = curve.status;
  r.time_step = curve.time_step;
  r.initial = std::exp(curve.error.col(0).array().log().mean());
  if (!std::isnan(options.exponent) && r.initial > 0.0)
    r.predicted = predicted_horizon(options.threshold, r.initial, options.exponent);
  if (!curve.undeclared.empty()) {
    r.median.time = r.median.lower = r.median.upper = std::numeric_limits<double>::quiet_NaN();
    return r;
  }
  r.crossing.resize(curve.pairs());
  std::vector<stats::survival_time> times(static_cast<std::size_t>(curve.pairs()));
  for (Eigen::Index i = 0; i < curve.pairs(); ++i) {
    const auto time = times[static_cast<std::size_t>(i)] = detail::crossing_time(curve, i, options.threshold);
    if (time.censored) ++r.censored;
    r.crossing[i] =
        time.censored ? std::numeric_limits<double>::infinity() : detail::to_time(curve, static_cast<double>(time.steps));
  }
  const auto shifted = stats::kaplan_meier(times, options.level);
  r.median = shifted.quantile(0.5);
  const Eigen::Index stretches = curve.pairs() / curve.members;
  if (curve.members > 1) r.median.lower = r.median.upper = std::numeric_limits<double>::quiet_NaN();
  if (curve.members > 1 && stretches >= 2) {
    const auto median_of = [&](std::span<const Eigen::Index> chosen) -> Eigen::VectorXd {
      std::vector<stats::survival_time> drawn;
      for (const Eigen::Index w : chosen)
        for (Eigen::Index m = 0; m < curve.members; ++m) drawn.push_back(times[static_cast<std::size_t>(w * curve.members + m)]);
      return Eigen::VectorXd::Constant(1, stats::kaplan_meier(drawn).quantile(0.5).time);
    };
    const auto band = stats::bootstrap(
        stretches, median_of,
        {.resamples = 400, .level = options.level, .interval = stats::bootstrap_interval::percentile, .seed = curve.seed});
    r.median.lower = band.lower[0];
    r.median.upper = band.upper[0];
  }
  r.median.time = detail::to_time(curve, r.median.time);
  r.median.lower = detail::to_time(curve, r.median.lower);
  r.median.upper = detail::to_time(curve, r.median.upper);
  r.survival = shifted;
  const double spacing = curve.points() > 1 ? (curve.time[1] - curve.time[0]) / curve.time_step : 1.0;
  for (std::int64_t& t : r.survival.time) t = std::llround(static_cast<double>(t - 1) * spacing);
  return r;
}

}  // namespace libration::inline LIBRATION_ABI::error
