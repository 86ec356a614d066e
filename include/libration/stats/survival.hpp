// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Times until an event, in whole steps, some of them censored: the Kaplan-Meier curve, constant hazard against Weibull, quantiles.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <string>
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

inline void check_fraction(double fraction, std::string_view who) {
  require(fraction > 0.0 && fraction < 1.0, who,
          [&] { return "fraction is " + number_text(fraction) + ", expected > 0 and < 1"; });
}

// Those watched for no step at all are left out.
inline std::vector<time_count> count_times(std::span<const survival_time> times, std::string_view who) {
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

}  // namespace detail

/// A fraction from independent trials, with Wilson's interval, which is of use down to no success and none but successes.
///
/// \param successes  0 <= successes <= trials; no trials: NaN
/// Source:  Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American Statistical
///          Association 22 (1927) 209-212
template <class = void>
proportion_estimate proportion_interval(std::int64_t successes, std::int64_t trials, double level = 0.95) {
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
  template <class = void>
  survival_point at(std::int64_t t) const {
    const auto row = std::upper_bound(time.begin(), time.end(), t) - time.begin();
    if (row == 0) return t < 0 || observations == 0 ? survival_point{} : before_first(t);
    const survival_point& point = points[static_cast<std::size_t>(row - 1)];
    return t > time.back() && point.survival > 0.0 ? survival_point{} : point;
  }

  /// The first step after which less than `fraction` survives. Its interval ends where the curve's bounds fall below: those times
  /// whose interval holds the fraction, an infinite end where a bound stays above as long as was watched.
  ///
  /// \param fraction  0 < fraction < 1
  /// Source:  Brookmeyer, Crowley, "A confidence interval for the median survival time", Biometrics 38 (1982) 29-41; departure:
  ///          the log-log interval
  template <class = void>
  time_quantile quantile(double fraction) const {
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

 private:
  template <class = void>
  survival_point before_first(std::int64_t t) const {
    return {1.0, 0.0, t == 0 ? 1.0 : proportion_interval(observations, observations, level).lower, 1.0};
  }
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
template <class = void>
kaplan_meier_estimate kaplan_meier(std::span<const survival_time> times, double level = 0.95) {
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
  time_quantile quantile(double fraction) const {
    detail::check_fraction(fraction, "stats::constant_hazard_fit::quantile");
    const auto time = [&](double e) { return std::log(fraction) / std::log1p(-e); };
    return {fraction, time(hazard), time(upper), time(lower)};
  }
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
  template <class = void>
  time_quantile quantile(double fraction) const {
    detail::check_fraction(fraction, "stats::weibull_fit::quantile");
    const double power = std::log(-std::log(fraction)) / shape;  // ln(time/scale), whose derivative by ln shape is -power
    const double time = scale * std::exp(power);
    const double variance =
        log_scale_error * log_scale_error + power * (power * log_shape_error * log_shape_error - 2.0 * log_covariance);
    const double stretch = std::exp(normal_quantile(0.5 + 0.5 * level) * std::sqrt(variance));
    return {fraction, time, time / stretch, time * stretch};
  }
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

template <class = void>
weibull_fit fit_weibull(std::span<const time_count> counts, double level) {
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
template <class = void>
hazard_fits fit_hazard(std::span<const survival_time> times, double level = 0.95) {
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
