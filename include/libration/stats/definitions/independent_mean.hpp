// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/independent_mean.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <libration/core/error.hpp>
#include <libration/core/scaling.hpp>
#include <libration/stats/compensated_sum.hpp>
#include <libration/stats/independent_mean.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED mean_estimate independent_mean(std::span<const double> values) {
  mean_estimate out;
  const auto n = static_cast<double>(values.size());
  out.steps = static_cast<std::int64_t>(values.size());
  out.mean = mean(values);
  if (values.size() < 2 || !std::isfinite(out.mean)) return out;
  out.standard_error = standard_deviation(values) / std::sqrt(n);
  out.degrees_of_freedom = n - 1.0;
  out.effective_samples = n;
  return out;
}

LIBRATION_DEFINED ratio_estimate ratio_of_means(std::span<const double> numerators, std::span<const double> denominators,
                                                double level) {
  constexpr std::string_view who = "stats::ratio_of_means";
  constexpr double infinity = std::numeric_limits<double>::infinity();
  require(numerators.size() == denominators.size(), who, [&] {
    return "there are " + number_text(numerators.size()) + " numerators and " + number_text(denominators.size()) +
           " denominators, expected pairs";
  });
  require(level > 0.0 && level < 1.0, who, [&] { return "level is " + number_text(level) + ", expected a number in (0, 1)"; });
  for (std::size_t j = 0; j < numerators.size(); ++j)
    require(std::isfinite(numerators[j]) && std::isfinite(denominators[j]), who, [&] {
      return "pair " + number_text(j) + " is (" + number_text(numerators[j]) + ", " + number_text(denominators[j]) +
             "), expected finite numbers";
    });
  ratio_estimate out;
  out.level = level;
  // In units that keep squares in the range of double.
  const int x_exponent = binary_exponent(numerators), y_exponent = binary_exponent(denominators);
  const auto x = [&](std::size_t j) { return std::ldexp(numerators[j], -x_exponent); };
  const auto y = [&](std::size_t j) { return std::ldexp(denominators[j], -y_exponent); };
  const std::size_t n = numerators.size();
  const auto count = static_cast<double>(n);
  compensated_sum<double> x_sum, y_sum;
  for (std::size_t j = 0; j < n; ++j) {
    x_sum.add(x(j));
    y_sum.add(y(j));
  }
  const double x_mean = x_sum.value() / count, y_mean = y_sum.value() / count;
  const double ratio = x_mean / y_mean;
  if (!std::isfinite(ratio)) return out;
  out.value = std::ldexp(ratio, x_exponent - y_exponent);
  if (n < 2) return out;
  // About the ratio: d_j = x_j - ratio y_j has the mean 0, and s = ratio + u is inside where
  // u² (ȳ² - q var ȳ) + 2 q u cov(d̄, ȳ) - q var d̄ <= 0, q the square of Student's quantile.
  compensated_sum<double> dd, dy, yy;
  for (std::size_t j = 0; j < n; ++j) {
    const double v = y(j) - y_mean, d = (x(j) - x_mean) - ratio * v;
    dd.add(d * d);
    dy.add(d * v);
    yy.add(v * v);
  }
  const double scale = 1.0 / (count * (count - 1.0));
  const double t = interval_quantile(level, count - 1.0), q = t * t;
  const double leading = y_mean * y_mean - q * scale * yy.value();
  if (!(leading > 0.0)) {
    out.lower = -infinity;
    out.upper = infinity;
    return out;
  }
  const double middle = -q * scale * dy.value();
  const double root = std::sqrt(middle * middle + leading * q * scale * dd.value());
  out.lower = std::ldexp(ratio + (middle - root) / leading, x_exponent - y_exponent);
  out.upper = std::ldexp(ratio + (middle + root) / leading, x_exponent - y_exponent);
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::stats
