// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A straight line through points by weighted least squares, with standard errors.

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/stats/compensated_sum.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// y = intercept + slope x. NaN: not determined (all x alike; errors of fewer than three points).
struct [[nodiscard]] line_fit {
  double intercept = std::numeric_limits<double>::quiet_NaN();
  double slope = std::numeric_limits<double>::quiet_NaN();
  double intercept_error = std::numeric_limits<double>::quiet_NaN();     ///< standard error
  double slope_error = std::numeric_limits<double>::quiet_NaN();         ///< standard error
  double residual_deviation = std::numeric_limits<double>::quiet_NaN();  ///< of a point of weight 1
  double degrees_of_freedom = 0.0;  ///< points of positive weight, less 2; 0: errors not known
  double center = 0.0;              ///< weighted mean of x: there the line's error is smallest
  double center_error = std::numeric_limits<double>::quiet_NaN();  ///< standard error of the line at `center`

  double operator()(double x) const { return intercept + slope * x; }
  /// \return the standard error of the line at x
  double error_at(double x) const { return std::hypot(center_error, (x - center) * slope_error); }
  /// \return half the width of the slope's interval at a level in (0, 1)
  template <class = void>
  double slope_half_width(double level = 0.95) const { return slope_error * critical(level); }
  /// \return half the width of the line's interval at x
  template <class = void>
  double half_width_at(double x, double level = 0.95) const { return error_at(x) * critical(level); }

 private:
  LIBRATION_DECLARED double critical(double level) const;
};

/// Weighted least-squares line. The points' errors are taken to be independent, with variances inversely proportional
/// to the weights; their common size is estimated from the residuals.
///
/// \param x, y     shape (n), n >= 2
/// \param weights  shape (n), >= 0 and finite; empty: all 1. A point of weight 0 is left out
/// \throws argument_error where the shapes differ, n < 2, or a weight is negative or not finite
/// Accuracy:  about eps cond, cond = (largest |x - center|) / (spread of x); sums are compensated and centred
/// Source:    the normal equations about the weighted mean of x; Student's t with n - 2 degrees of freedom
LIBRATION_DECLARED line_fit fit_line(std::span<const double> x, std::span<const double> y, std::span<const double> weights = {});

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/regression.hpp>
#endif
