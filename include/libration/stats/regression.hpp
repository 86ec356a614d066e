// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A straight line through points by weighted least squares, with standard errors.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

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
  template <class = void>
  double critical(double level) const {
    return degrees_of_freedom > 0.0 ? student_t_quantile(0.5 + 0.5 * level, degrees_of_freedom)
                                    : std::numeric_limits<double>::quiet_NaN();
  }
};

/// Weighted least-squares line. The points' errors are taken to be independent, with variances inversely proportional
/// to the weights; their common size is estimated from the residuals.
///
/// \param x, y     shape (n), n >= 2
/// \param weights  shape (n), >= 0 and finite; empty: all 1. A point of weight 0 is left out
/// \throws argument_error where the shapes differ, n < 2, or a weight is negative or not finite
/// Accuracy:  about eps cond, cond = (largest |x - center|) / (spread of x); sums are compensated and centred
/// Source:    the normal equations about the weighted mean of x; Student's t with n - 2 degrees of freedom
inline line_fit fit_line(std::span<const double> x, std::span<const double> y, std::span<const double> weights = {}) {
  const std::size_t n = x.size();
  require(n >= 2, "stats::fit_line", [&] { return "x has " + number_text(n) + " points, expected at least 2"; });
  require_rows(static_cast<std::int64_t>(y.size()), static_cast<std::int64_t>(n), "stats::fit_line", "y",
               "one for each x");
  if (!weights.empty())
    require_rows(static_cast<std::int64_t>(weights.size()), static_cast<std::int64_t>(n), "stats::fit_line", "weights",
                 "one for each x");
  for (std::size_t i = 0; i < weights.size(); ++i)
    require(weights[i] >= 0.0 && std::isfinite(weights[i]), "stats::fit_line", [&] {
      return "weights[" + number_text(i) + "] is " + number_text(weights[i]) + ", expected finite and >= 0";
    });

  // Sums of w f over the points that count.
  const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : weights[i]; };
  const auto weighted_sum = [&](auto&& f) {
    compensated_sum<double> sum;
    for (std::size_t i = 0; i < n; ++i)
      if (weight(i) > 0.0) sum.add(weight(i) * f(i));
    return sum.value();
  };
  line_fit fit;
  const double total = weighted_sum([](std::size_t) { return 1.0; });
  const double x_mean = weighted_sum([&](std::size_t i) { return x[i]; }) / total;
  const double y_mean = weighted_sum([&](std::size_t i) { return y[i]; }) / total;
  const double xx = weighted_sum([&](std::size_t i) { return (x[i] - x_mean) * (x[i] - x_mean); });
  const double xy = weighted_sum([&](std::size_t i) { return (x[i] - x_mean) * (y[i] - y_mean); });
  fit.center = x_mean;
  if (!(xx > 0.0)) return fit;
  fit.slope = xy / xx;
  fit.intercept = y_mean - fit.slope * x_mean;

  double points = 0.0;
  for (std::size_t i = 0; i < n; ++i) points += weight(i) > 0.0 ? 1.0 : 0.0;
  if (points < 3.0) return fit;
  fit.degrees_of_freedom = points - 2.0;
  const double squares = weighted_sum([&](std::size_t i) {
    const double residual = (y[i] - y_mean) - fit.slope * (x[i] - x_mean);
    return residual * residual;
  });
  fit.residual_deviation = std::sqrt(squares / fit.degrees_of_freedom);
  fit.slope_error = fit.residual_deviation / std::sqrt(xx);
  fit.center_error = fit.residual_deviation / std::sqrt(total);
  fit.intercept_error = fit.error_at(0.0);
  return fit;
}

}  // namespace libration::inline LIBRATION_ABI::stats
