// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How long a run can be trusted: when an error first crosses a threshold, measured over an ensemble and predicted from an
/// exponent.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/stats/bootstrap.hpp>
#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// The time in which an error e₀ e^{λt} reaches a threshold: ln(θ/e₀)/λ. 0 where it is there from the start, infinite for λ <= 0.
///
/// \param threshold, error  > 0, in one unit
/// \param exponent          λ, nats per unit of time
inline double predicted_horizon(double threshold, double error, double exponent) {
  if (error >= threshold) return 0.0;
  return exponent > 0.0 ? std::log(threshold / error) / exponent : std::numeric_limits<double>::infinity();
}

/// The number of steps in which independent errors of size s, one in each step and each carried on by a factor e^λ a step, have
/// added up to a threshold: s √((e^{2λn} - 1)/(e^{2λ} - 1)) = θ, s √n = θ for λ = 0. Infinite where they never do: for λ < 0 they
/// settle at s/√(1 - e^{2λ}).
///
/// What a rounding of the state in every step comes to; for several directions λ is the leading exponent. Derived here.
///
/// \param threshold, noise  > 0, in one unit
/// \param exponent          nats per step
inline double predicted_noise_horizon(double threshold, double noise, double exponent) {
  const double ratio = threshold / noise, squares = ratio * ratio;
  if (exponent == 0.0) return squares;
  if (exponent > 0.0 && ratio > 1e100) return (std::log(ratio) + 0.5 * std::log(std::expm1(2.0 * exponent))) / exponent;
  const double argument = squares * std::expm1(2.0 * exponent);
  return argument <= -1.0 ? std::numeric_limits<double>::infinity() : std::log1p(argument) / (2.0 * exponent);
}

/// Options of `horizon`.
struct horizon_options {
  /// An error that reaches this is too large, in units of the curve's normaliser, > 0. With the spread as normaliser, 0.4 is where
  /// valid prediction times of chaotic systems are usually read off; 1.4 is as far apart as two independent points are.
  double threshold = 0.4;
  /// The leading exponent, nats per unit of time (per step where the map has no time step), for times in units of 1/λ and for the
  /// prediction; NaN: neither.
  double exponent = std::numeric_limits<double>::quiet_NaN();
  /// Of the interval, in (0, 1).
  double level = 0.95;
};

/// First crossings.
struct [[nodiscard]] horizon_result {
  Eigen::VectorXd crossing;     ///< shape (pairs): time of the first crossing; infinite where the curve ended before it.
                                ///< Empty where coordinates wrap undeclared
  std::int64_t censored = 0;    ///< pairs without a crossing
  stats::time_quantile median;  ///< of the time, over the ensemble; infinite where fewer than half have crossed
  /// Fraction still below the threshold, its times in steps. Its bands are those of independent pairs: too narrow where pairs share
  /// a reference stretch.
  stats::kaplan_meier_estimate survival;
  double threshold = 0.0;  ///< in units of the curve's normaliser
  double initial = 0.0;    ///< geometric mean of the errors at the start, in the same units; 0: some begin with none
  std::int64_t jumps = 0;  ///< of the curve: an error that jumps at a cut has crossed no threshold
  std::vector<undeclared_period> undeclared;                    ///< of the curve: where there are any, no time is known
  libration::status status = libration::status::not_run;        ///< the curve's
  double time_step = 1.0;                                       ///< units of time a step
  double exponent = std::numeric_limits<double>::quiet_NaN();   ///< as given
  double predicted = std::numeric_limits<double>::quiet_NaN();  ///< `predicted_horizon` from `initial` and the exponent

  /// The median in steps.
  double median_steps() const { return median.time / time_step; }

  /// The median in Lyapunov times, 1/λ; NaN where no positive exponent was given.
  double lyapunov_times() const { return exponent > 0.0 ? median.time * exponent : std::numeric_limits<double>::quiet_NaN(); }
};

namespace detail {

// Shifted by one: a pair may be above the threshold at the start, which is point 0.
inline stats::survival_time crossing_time(const growth_curve& curve, Eigen::Index pair, double threshold) {
  for (Eigen::Index j = 0; j < curve.points(); ++j)
    if (curve.error(pair, j) >= threshold) return {j + 1, false};
  return {curve.points(), true};
}

inline double to_time(const growth_curve& curve, double shifted_point) {
  if (!std::isfinite(shifted_point)) return shifted_point;
  const double spacing = curve.points() > 1 ? curve.time[1] - curve.time[0] : 0.0;
  return std::max(shifted_point - 1.0, 0.0) * spacing;
}

}  // namespace detail

/// When errors first reach a threshold: each pair's time, the median with its interval, and beside it what an exponent predicts.
///
/// Pairs whose curve ends before are censored, and counted as such by the Kaplan-Meier estimate. The median's interval is its
/// (log-log) where every pair has a reference stretch of its own; else that of a bootstrap over the stretches, NaN where there is
/// but one. Where runs begin with no error (`growth_between`) nothing is predicted: see `predicted_noise_horizon`.
///
/// Where coordinates wrap though the map declares no period (status `undeclared_period`), most pairs cross when they stand on
/// either side of the cut, and not when they have parted: no time is given, all are NaN.
///
/// \throws argument_error where an option is out of range, or the curve holds nothing
/// Accuracy: times are those of recorded points: late by less than one spacing
inline horizon_result horizon(const growth_curve& curve, const horizon_options& options = {}) {
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
