// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/regression.hpp declares.

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <libration/stats/regression.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED double line_fit::critical(double level) const {
  return degrees_of_freedom > 0.0 ? student_t_quantile(0.5 + 0.5 * level, degrees_of_freedom)
                                  : std::numeric_limits<double>::quiet_NaN();
}

LIBRATION_DEFINED line_fit fit_line(std::span<const double> x, std::span<const double> y, std::span<const double> weights) {
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
