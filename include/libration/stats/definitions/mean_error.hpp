// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/mean_error.hpp declares.

#include <array>
#include <cmath>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <libration/core/scaling.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED double interval_quantile(double level, double degrees_of_freedom) {
  constexpr std::size_t most = 16;
  const auto quantile = [](double p, double k) { return student_t_quantile(0.5 + 0.5 * p, k); };
  static const auto known = [&] {
    std::array<double, most + 1> table{};
    for (std::size_t k = 1; k <= most; ++k) table[k] = quantile(0.95, static_cast<double>(k));
    return table;
  }();
  if (level == 0.95 && degrees_of_freedom >= 1.0 && degrees_of_freedom <= static_cast<double>(most)) {
    const auto k = static_cast<std::size_t>(degrees_of_freedom);
    if (static_cast<double>(k) == degrees_of_freedom) return known[k];
  }
  return quantile(level, degrees_of_freedom);
}

namespace detail {

LIBRATION_DEFINED void estimate_error(batch_means<usual_batches>& y, double batches, double spread, double adds,
                                      mean_estimate& out) {
  error_from_batches(y, batches, spread, adds, out);
}

}  // namespace detail

LIBRATION_DEFINED double mean_estimate::half_width(double level) const {
  if (!(degrees_of_freedom > 0.0)) return std::numeric_limits<double>::quiet_NaN();
  return standard_error * quantile(level);
}

LIBRATION_DEFINED double mean_estimate::quantile(double level) const {
  return degrees_of_freedom > 0.0 ? interval_quantile(level, degrees_of_freedom)
                                  : std::numeric_limits<double>::quiet_NaN();
}

LIBRATION_DEFINED mean_estimate mean_error(std::span<const double> values) {
  const int e = binary_exponent(values);
  batch_series<double> series;
  for (const double x : values) series.add(std::ldexp(x, -e));
  mean_estimate out = mean_error(series);
  out.mean = std::ldexp(out.mean, e);
  out.standard_error = std::ldexp(out.standard_error, e);
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::stats
