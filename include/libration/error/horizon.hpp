// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How long a run can be trusted: when an error first crosses a threshold, measured over an ensemble and predicted from an
/// exponent.

#include <cstdint>
#include <limits>
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
LIBRATION_DECLARED double predicted_horizon(double threshold, double error, double exponent);

/// The number of steps in which independent errors of size s, one in each step and each carried on by a factor e^λ a step, have
/// added up to a threshold: s √((e^{2λn} - 1)/(e^{2λ} - 1)) = θ, s √n = θ for λ = 0. Infinite where they never do: for λ < 0 they
/// settle at s/√(1 - e^{2λ}).
///
/// What a rounding of the state in every step comes to; for several directions λ is the leading exponent. Derived here.
///
/// \param threshold, noise  > 0, in one unit
/// \param exponent          nats per step
LIBRATION_DECLARED double predicted_noise_horizon(double threshold, double noise, double exponent);

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
LIBRATION_DECLARED stats::survival_time crossing_time(const growth_curve& curve, Eigen::Index pair, double threshold);

LIBRATION_DECLARED double to_time(const growth_curve& curve, double shifted_point);

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
LIBRATION_DECLARED horizon_result horizon(const growth_curve& curve, const horizon_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/horizon.hpp>
#endif
