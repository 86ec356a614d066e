// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The linear trend of an autocorrelated series, with an interval that accounts for the autocorrelation.

#include <cstdint>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// The line x(t) = center_value + slope (t - center) under a stationary, autocorrelated remainder. NaN: not known (fewer than
/// `minimum_batches` batches, or a value was not finite).
struct [[nodiscard]] trend_estimate {
  double slope = std::numeric_limits<double>::quiet_NaN();           ///< a step
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< of the slope, autocorrelation accounted for
  double degrees_of_freedom = 0.0;  ///< of Student's t for (slope - truth) / standard_error; 0: error not known
  double center = std::numeric_limits<double>::quiet_NaN();        ///< middle of the steps that the line is fitted to
  double center_value = std::numeric_limits<double>::quiet_NaN();  ///< the line there, the mean of these steps
  /// Correlation of neighbouring batches about the line: from about 0.7 on the run is short against the series' memory, and a
  /// random walk looks like a trend.
  double batch_correlation = std::numeric_limits<double>::quiet_NaN();
  std::int64_t steps = 0;  ///< that the line is fitted to

  double operator()(double t) const { return center_value + slope * (t - center); }
  /// \param level  0 < level < 1
  /// \return half the width of the slope's interval; NaN where the error is not known
  LIBRATION_DECLARED double half_width(double level = 0.95) const;
  template <class = void>
  double lower(double level = 0.95) const { return slope - half_width(level); }
  template <class = void>
  double upper(double level = 0.95) const { return slope + half_width(level); }
};

/// The least-squares line through the full batches of a recorded variable, and the standard error of its slope.
///
/// The remainder's long-run variance is estimated as in `mean_error`: after prewhitening with a first-order autoregression, by the
/// mean square of its projections on cosines, which here are first made orthogonal to the line too. It is never below what one
/// recorded value at an end of the series does to the slope.
///
/// \param row    which variable, 0 <= row < series.rows()
/// \param first  batches that are left out at the beginning, >= 0
/// \throws argument_error  for another row, or a negative `first`
/// Accuracy:  the 95 % interval holds the truth in 91 to 97 % of runs for independent and autoregressive series whose memory
///            1/(1 - φ) is at most a tenth of the run, and in 75 % where it is the run (tests/stats/trend.test.cpp)
/// Cost:      about 4 (K + 1)(K + 2) N operations and K N cosines for N < 256 batches and K <= 16 cosines
/// Source:    as `mean_error`; the bias -(2 + 4 φ)/N of the autocorrelation about a line, and the cosines' orthogonalisation, are
///            derived here
LIBRATION_DECLARED trend_estimate fit_trend(const batch_series<double>& series, Eigen::Index row = 0, Eigen::Index first = 0);

/// The same of a whole series, one value a step.
LIBRATION_DECLARED trend_estimate fit_trend(std::span<const double> values);

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/trend.hpp>
#endif
