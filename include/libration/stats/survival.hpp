// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Times until an event, in whole steps, some of them censored: the Kaplan-Meier curve, constant hazard against Weibull, quantiles.

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <string_view>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/detail/weibull_likelihood.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// How long one member was watched.
struct survival_time {
  /// The step that brought the event, >= 1; or, censored, the steps that passed without it, >= 0.
  std::int64_t steps = 0;
  /// The event had not come when the watching ended, for a reason that has nothing to do with it.
  bool censored = false;
};

/// A fraction and the interval that holds the true one; NaN: not known.
struct [[nodiscard]] proportion_estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
};

/// The time at which a given fraction survives. Infinity: not reached in the steps that were watched; NaN: not known.
struct [[nodiscard]] time_quantile {
  double fraction = std::numeric_limits<double>::quiet_NaN();  ///< that survives
  double time = std::numeric_limits<double>::quiet_NaN();      ///< steps
  double lower = std::numeric_limits<double>::quiet_NaN();     ///< of the interval, steps
  double upper = std::numeric_limits<double>::quiet_NaN();

  bool reached() const { return std::isfinite(time); }
};

namespace detail {

inline void check_level(double level, std::string_view who) {
  require(level > 0.0 && level < 1.0, who, [&] { return "level is " + number_text(level) + ", expected > 0 and < 1"; });
}

LIBRATION_DECLARED void check_fraction(double fraction, std::string_view who);

// Those watched for no step at all are left out.
LIBRATION_DECLARED std::vector<time_count> count_times(std::span<const survival_time> times, std::string_view who);

}  // namespace detail

/// A fraction from independent trials, with Wilson's interval, which is of use down to no success and none but successes.
///
/// \param successes  0 <= successes <= trials; no trials: NaN
/// Source:  Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical
///          Association 22 (1927) 209-212
LIBRATION_DECLARED proportion_estimate proportion_interval(std::int64_t successes, std::int64_t trials, double level = 0.95);

/// A survival curve at one time.
struct survival_point {
  double survival = std::numeric_limits<double>::quiet_NaN();        ///< probability that the event comes later
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< of `survival`, Greenwood's; 0 before the first event
  double lower = std::numeric_limits<double>::quiet_NaN();           ///< of the interval at this time
  double upper = std::numeric_limits<double>::quiet_NaN();
};

/// A Kaplan-Meier curve: one row for each time at which something happened, ascending; between them nothing changes.
struct [[nodiscard]] kaplan_meier_estimate {
  std::vector<std::int64_t> time;      ///< shape (rows), steps
  std::vector<std::int64_t> at_risk;   ///< shape (rows): members without event and watched until this time
  std::vector<std::int64_t> events;    ///< shape (rows): of those, the ones whose event it is
  std::vector<survival_point> points;  ///< shape (rows): the curve from this time on
  std::int64_t observations = 0;       ///< members, without those that were watched for no step
  std::int64_t event_count = 0;
  double level = 0.95;                 ///< of the intervals, each for its own time

  /// \param t  steps, >= 0
  /// \return   NaN beyond the last time that was watched, unless all had their event
  LIBRATION_DECLARED survival_point at(std::int64_t t) const;

  /// The first step after which less than `fraction` survives. Its interval ends where the curve's bounds fall below: those times
  /// whose interval holds the fraction, an infinite end where a bound stays above as long as was watched.
  ///
  /// \param fraction  0 < fraction < 1
  /// Source:  Brookmeyer, Crowley, "A confidence interval for the median survival time", Biometrics 38 (1982) 29-41; departure:
  ///          the log-log interval
  LIBRATION_DECLARED time_quantile quantile(double fraction) const;

 private:
  LIBRATION_DECLARED survival_point before_first(std::int64_t t) const;
};

/// The Kaplan-Meier curve S(t) = Π (1 - d_i/n_i) over the times up to t, with d_i events among n_i at risk; a member censored at t
/// is at risk at t. Its standard error is Greenwood's, S sqrt(Σ d_i/(n_i (n_i - d_i))), its intervals are those of ln(-ln S).
///
/// Where the curve is still 1, the lower bound is Wilson's for as many trials as are at risk; where it is 0 the upper bound is that
/// of the time before, which a falling curve cannot exceed.
///
/// \param times  in any order
/// \param level  of each interval, 0 < level < 1
/// \throws argument_error where a time or the level is out of range
/// Source:  Kaplan, Meier, "Nonparametric estimation from incomplete observations", Journal of the American Statistical Association
///          53 (1958) 457-481
LIBRATION_DECLARED kaplan_meier_estimate kaplan_meier(std::span<const survival_time> times, double level = 0.95);

/// \param hazard  probability of the event in a step, 0 <= hazard <= 1
/// \return        steps after which half survive, ln 2/-ln(1 - hazard)
inline double half_life(double hazard) { return std::numbers::ln2 / -std::log1p(-hazard); }

/// The same probability e of the event in every step: S(t) = (1 - e)^t. NaN: nothing was watched.
struct [[nodiscard]] constant_hazard_fit {
  double hazard = std::numeric_limits<double>::quiet_NaN();  ///< e, per step: events by steps at risk
  double lower = std::numeric_limits<double>::quiet_NaN();   ///< of its interval (Wilson's), positive from one event on
  double upper = std::numeric_limits<double>::quiet_NaN();
  double log_likelihood = std::numeric_limits<double>::quiet_NaN();
  std::int64_t events = 0;
  std::int64_t steps = 0;  ///< at risk, all members together
  double level = 0.95;

  double survival(double t) const { return std::exp(t * std::log1p(-hazard)); }
  /// \param fraction  0 < fraction < 1, that survives; 1/2: the half-life
  LIBRATION_DECLARED time_quantile quantile(double fraction) const;
};

/// S(t) = exp(-(t/scale)^shape) at whole steps t: the hazard rises where the shape is above 1 and falls where it is below.
struct [[nodiscard]] weibull_fit {
  /// not_run: no event, or nobody watched beyond the first step. not_converged: the likelihood has no maximum between shapes 1/100
  /// and 100; `shape` is the end where it is largest, and there are no errors.
  libration::status status = libration::status::not_run;
  double shape = std::numeric_limits<double>::quiet_NaN();
  double shape_lower = std::numeric_limits<double>::quiet_NaN();  ///< of the interval shape exp(± z log_shape_error)
  double shape_upper = std::numeric_limits<double>::quiet_NaN();
  double scale = std::numeric_limits<double>::quiet_NaN();  ///< steps after which 1/e survive
  double log_likelihood = std::numeric_limits<double>::quiet_NaN();
  double log_shape_error = std::numeric_limits<double>::quiet_NaN();  ///< standard error of ln shape
  double log_scale_error = std::numeric_limits<double>::quiet_NaN();  ///< standard error of ln scale
  double log_covariance = std::numeric_limits<double>::quiet_NaN();   ///< of the two
  double level = 0.95;

  double survival(double t) const { return std::exp(-std::pow(t / scale, shape)); }
  /// \param fraction  0 < fraction < 1, that survives; the interval is that of the time's logarithm
  LIBRATION_DECLARED time_quantile quantile(double fraction) const;
};

/// A constant hazard, and the Weibull law that contains it (shape 1).
struct [[nodiscard]] hazard_fits {
  constant_hazard_fit constant;
  weibull_fit weibull;
  double likelihood_ratio = std::numeric_limits<double>::quiet_NaN();  ///< twice the gain in ln likelihood
  /// of a gain as large where the hazard is constant: chi-square with one degree of freedom
  double p_value = std::numeric_limits<double>::quiet_NaN();
};

namespace detail {

LIBRATION_DECLARED weibull_fit fit_weibull(std::span<const time_count> counts, double level);

}  // namespace detail

/// Constant hazard and Weibull law by maximum likelihood, and the likelihood ratio test between them.
///
/// Time is discrete: an event at step t has the likelihood S(t-1) - S(t), a member censored after t steps S(t). With a constant
/// hazard that is geometric, and its maximum e = events/(steps at risk); with exp(-(t/scale)^shape) the discrete Weibull
/// distribution, which is geometric for shape 1.
///
/// \param times  in any order
/// \param level  of the intervals, 0 < level < 1
/// \return       without events: hazard 0 with its upper bound, and no Weibull law
/// \throws argument_error where a time or the level is out of range
/// Accuracy:  errors are asymptotic, from the observed information: of 8000 samples of 100 times, a tenth censored, 95 % intervals
///            hold the hazard in 94.8 %, the shape in 94.2 %, the Weibull median in 94.6 %; the test's p is below 0.05 in 5.6 %
/// Cost:      some 100 passes over the different times
/// Source:    Nakagawa, Osaki, "The discrete Weibull distribution", IEEE Transactions on Reliability R-24 (1975) 300-301;
///            departures: in shape and scale, time from step 1, censored; the profile likelihood's bracket is derived here
LIBRATION_DECLARED hazard_fits fit_hazard(std::span<const survival_time> times, double level = 0.95);

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/survival.hpp>
#endif
