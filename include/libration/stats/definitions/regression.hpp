// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/regression.hpp declares.

#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <libration/core/scaling.hpp>
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

  // Powers of two that keep the sums of squares in range; the weights' is even, for its root.
  const auto exponent_of = [&](std::span<const double> values) {
    if (weights.empty()) return binary_exponent(values);
    const auto size = static_cast<Eigen::Index>(n);
    const Eigen::Map<const Eigen::ArrayXd> of(values.data(), size), w(weights.data(), size);
    return binary_exponent((w > 0.0).select(of, 0.0).matrix());
  };
  const int x_exponent = exponent_of(x), y_exponent = exponent_of(y), weight_exponent = exponent_of(weights) / 2 * 2;
  const auto x_at = [&](std::size_t i) { return std::ldexp(x[i], -x_exponent); };
  const auto y_at = [&](std::size_t i) { return std::ldexp(y[i], -y_exponent); };

  // Sums of w f over the points that count.
  const auto weight = [&](std::size_t i) { return weights.empty() ? 1.0 : std::ldexp(weights[i], -weight_exponent); };
  const auto weighted_sum = [&](auto&& f) {
    compensated_sum<double> sum;
    for (std::size_t i = 0; i < n; ++i)
      if (weight(i) > 0.0) sum.add(weight(i) * f(i));
    return sum.value();
  };
  line_fit fit;
  const double total = weighted_sum([](std::size_t) { return 1.0; });
  const double x_mean = weighted_sum(x_at) / total;
  const double y_mean = weighted_sum(y_at) / total;
  const double xx = weighted_sum([&](std::size_t i) { return (x_at(i) - x_mean) * (x_at(i) - x_mean); });
  const double xy = weighted_sum([&](std::size_t i) { return (x_at(i) - x_mean) * (y_at(i) - y_mean); });
  fit.center = std::ldexp(x_mean, x_exponent);
  if (!(xx > 0.0)) return fit;
  const double slope = xy / xx;
  fit.slope = std::ldexp(slope, y_exponent - x_exponent);
  fit.intercept = std::ldexp(y_mean - slope * x_mean, y_exponent);

  double points = 0.0;
  for (std::size_t i = 0; i < n; ++i) points += weight(i) > 0.0 ? 1.0 : 0.0;
  if (points < 3.0) return fit;
  fit.degrees_of_freedom = points - 2.0;
  const double squares = weighted_sum([&](std::size_t i) {
    const double residual = (y_at(i) - y_mean) - slope * (x_at(i) - x_mean);
    return residual * residual;
  });
  const double deviation = std::sqrt(squares / fit.degrees_of_freedom);
  fit.residual_deviation = std::ldexp(deviation, y_exponent + weight_exponent / 2);
  fit.slope_error = std::ldexp(deviation / std::sqrt(xx), y_exponent - x_exponent);
  fit.center_error = std::ldexp(deviation / std::sqrt(total), y_exponent);
  fit.intercept_error = fit.error_at(0.0);
  return fit;
}

}  // namespace libration::inline LIBRATION_ABI::stats
