// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/quantiles.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <libration/core/scaling.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED double mean(std::span<const double> values) {
  const int e = binary_exponent(values);
  compensated_sum<double> sum;
  for (const double x : values) sum.add(std::ldexp(x, -e));
  return std::ldexp(sum.value() / static_cast<double>(values.size()), e);
}

LIBRATION_DEFINED double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const int e = binary_exponent(values);
  const double center = std::ldexp(mean(values), -e);
  compensated_sum<double> squares;
  for (const double x : values) {
    const double deviation = std::ldexp(x, -e) - center;
    squares.add(deviation * deviation);
  }
  return std::ldexp(std::sqrt(squares.value() / static_cast<double>(values.size() - 1)), e);
}

LIBRATION_DEFINED double quantile_of_sorted(std::span<const double> sorted, double p) {
  require(p >= 0.0 && p <= 1.0, "stats::quantile", "p is outside [0, 1]");
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double part = position - static_cast<double>(below);
  const double low = sorted[below];
  if (part == 0.0 || std::isinf(low)) return low;
  const double high = sorted[below + 1], gap = high - low;
  return std::isfinite(gap) ? low + part * gap : (1.0 - part) * low + part * high;
}

LIBRATION_DEFINED std::vector<double> quantiles(std::span<const double> values, std::span<const double> p) {
  std::vector<double> sorted(values.begin(), values.end());
  const bool unordered = std::any_of(sorted.begin(), sorted.end(), [](double x) { return std::isnan(x); });
  if (unordered) sorted.clear();
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> result;
  result.reserve(p.size());
  for (const double q : p) result.push_back(quantile_of_sorted(sorted, q));
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::stats
