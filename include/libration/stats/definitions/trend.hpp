// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/trend.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <span>
#include <vector>

#include <libration/core/scaling.hpp>
#include <libration/stats/trend.hpp>

namespace libration::inline LIBRATION_ABI::stats::detail {

inline double product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Makes `x` orthogonal to the unit vectors, twice, and a unit vector.
LIBRATION_DECLARED void orthonormalise_against(const std::vector<std::vector<double>>& basis, std::vector<double>& x) {
  for (int pass = 0; pass < 2; ++pass)
    for (const std::vector<double>& q : basis) {
      const double part = product(q, x);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] -= part * q[i];
    }
  const double inverse = 1.0 / std::sqrt(product(x, x));
  for (double& value : x) value *= inverse;
}

struct trend_remainder {
  double variance;     // long-run variance of the batches
  double correlation;  // of neighbours
};

/// Of e, a series of N >= 16 batches about its line.
LIBRATION_DECLARED trend_remainder remainder_about_line(const std::vector<double>& e, Eigen::Index cosines) {
  const std::size_t n = e.size() - 1;
  const double squares = product(e, e);
  if (squares == 0.0) return {0.0, 0.0};
  double raw = 0.0;
  for (std::size_t i = 0; i < n; ++i) raw += e[i] * e[i + 1];
  raw /= squares;
  const double phi = std::clamp(raw + (2.0 + 4.0 * raw) / static_cast<double>(n + 1), -0.97, 0.97);
  std::vector<double> residual(n), x(n);
  std::vector<std::vector<double>> basis;
  for (std::size_t i = 0; i < n; ++i) residual[i] = e[i + 1] - phi * e[i];
  double sum = 0.0;
  for (Eigen::Index j = -2; j < cosines; ++j) {
    for (std::size_t i = 0; i < n; ++i) {
      const double place = (static_cast<double>(i) + 0.5) / static_cast<double>(n);
      x[i] = j == -2 ? 1.0 : j == -1 ? place - 0.5 : std::cos(std::numbers::pi * static_cast<double>(j + 1) * place);
    }
    orthonormalise_against(basis, x);
    const double projection = product(x, residual);
    if (j >= 0) sum += projection * projection;
    basis.push_back(x);
  }
  return {sum / static_cast<double>(cosines) / ((1.0 - phi) * (1.0 - phi)), phi};
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED double trend_estimate::half_width(double level) const {
  return degrees_of_freedom > 0.0 ? standard_error * interval_quantile(level, degrees_of_freedom)
                                  : std::numeric_limits<double>::quiet_NaN();
}

LIBRATION_DEFINED trend_estimate fit_trend(const batch_series<double>& series, Eigen::Index row, Eigen::Index first) {
  require(row >= 0 && row < series.rows(), "stats::fit_trend",
          [&] { return "row " + number_text(row) + ", expected 0 to " + number_text(series.rows() - 1); });
  require(first >= 0, "stats::fit_trend", [&] { return "first is " + number_text(first) + " batches, expected >= 0"; });
  trend_estimate out;
  const Eigen::Index count = std::max<Eigen::Index>(series.count() - first, 0);
  const auto length = static_cast<double>(series.batch_length());
  out.steps = count * series.batch_length();
  if (count < minimum_batches) return out;
  const auto n = static_cast<std::size_t>(count);
  const double middle = 0.5 * static_cast<double>(count - 1);
  std::vector<double> y(n);
  double mean = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = series.batch_mean(row, first + static_cast<Eigen::Index>(i));
    mean += (y[i] - mean) / static_cast<double>(i + 1);
  }
  double products = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double t = static_cast<double>(i) - middle;
    products += t * (y[i] - mean);
    squares += t * t;
  }
  const double slope = products / squares;
  if (!std::isfinite(slope)) return out;
  out.center = (static_cast<double>(first) + middle + 0.5) * length;
  out.center_value = mean;
  out.slope = slope / length;
  for (std::size_t i = 0; i < n; ++i) y[i] -= mean + slope * (static_cast<double>(i) - middle);
  const Eigen::Index cosines = cosine_count(count);
  const auto [variance, correlation] = detail::remainder_about_line(y, cosines);
  // One value at an end moves the slope by 6/N² of itself.
  const double adds = static_cast<double>(series.adds()) * static_cast<double>(out.steps) / static_cast<double>(series.steps());
  const double steps = static_cast<double>(series.steps());
  const double about_line = std::max(0.0, series.variance(row) - out.slope * out.slope * steps * steps / 12.0);
  const double floor = 6.0 * std::sqrt(about_line) / (adds * static_cast<double>(out.steps));
  const double error = std::max(std::sqrt(variance / squares) / length, floor);
  if (!std::isfinite(error)) return out;
  out.standard_error = error;
  out.degrees_of_freedom = static_cast<double>(cosines);
  out.batch_correlation = correlation;
  return out;
}

LIBRATION_DEFINED trend_estimate fit_trend(std::span<const double> values) {
  const int e = binary_exponent(values);
  batch_series<double> series;
  for (const double x : values) series.add(std::ldexp(x, -e));
  trend_estimate out = fit_trend(series);
  for (double* value : {&out.slope, &out.standard_error, &out.center_value}) *value = std::ldexp(*value, e);
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::stats
