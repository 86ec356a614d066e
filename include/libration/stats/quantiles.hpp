// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Mean, spread and quantiles of a sample.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// \return the arithmetic mean, by a compensated sum; NaN of an empty sample
inline double mean(std::span<const double> values) {
  compensated_sum<double> sum;
  for (const double x : values) sum.add(x);
  return sum.value() / static_cast<double>(values.size());
}

/// \return the sample standard deviation (divisor n - 1); NaN of fewer than two values
inline double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double center = mean(values);
  compensated_sum<double> squares;
  for (const double x : values) squares.add((x - center) * (x - center));
  return std::sqrt(squares.value() / static_cast<double>(values.size() - 1));
}

/// The p-quantile of values in ascending order: linear interpolation at position (n - 1) p, counted from 0.
///
/// Infinite values are values: from minus infinity on nothing is interpolated.
///
/// \param sorted  ascending, without NaN
/// \param p       0 <= p <= 1
/// \return NaN of an empty sample
/// \throws argument_error where p is outside [0, 1]
/// Source:  Hyndman, Fan, "Sample quantiles in statistical packages", The American Statistician 50 (1996) 361-365,
///          definition 7
inline double quantile_of_sorted(std::span<const double> sorted, double p) {
  require(p >= 0.0 && p <= 1.0, "stats::quantile", "p is outside [0, 1]");
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double part = position - static_cast<double>(below);
  const double low = sorted[below];
  if (part == 0.0 || std::isinf(low)) return low;
  const double high = sorted[below + 1];
  return low + part * (high - low);
}

/// The quantiles of a sample in any order, one for each of `p`.
///
/// \return shape (p); NaN where the sample is empty or holds a NaN
/// \throws argument_error where a p is outside [0, 1]
inline std::vector<double> quantiles(std::span<const double> values, std::span<const double> p) {
  std::vector<double> sorted(values.begin(), values.end());
  const bool unordered = std::any_of(sorted.begin(), sorted.end(), [](double x) { return std::isnan(x); });
  if (unordered) sorted.clear();
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> result;
  result.reserve(p.size());
  for (const double q : p) result.push_back(quantile_of_sorted(sorted, q));
  return result;
}

/// The p-quantile of a sample in any order.
inline double quantile(std::span<const double> values, double p) {
  return quantiles(values, std::span<const double>(&p, 1)).front();
}

/// \return the middle value, or the mean of the two middle ones
inline double median(std::span<const double> values) { return quantile(values, 0.5); }

}  // namespace libration::inline LIBRATION_ABI::stats
