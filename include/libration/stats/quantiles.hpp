// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Mean, spread and quantiles of a sample.

#include <span>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/stats/compensated_sum.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// \return the arithmetic mean, by a compensated sum; NaN of an empty sample
LIBRATION_DECLARED double mean(std::span<const double> values);

/// \return the sample standard deviation (divisor n - 1); NaN of fewer than two values
LIBRATION_DECLARED double standard_deviation(std::span<const double> values);

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
LIBRATION_DECLARED double quantile_of_sorted(std::span<const double> sorted, double p);

/// The quantiles of a sample in any order, one for each of `p`.
///
/// \return shape (p); NaN where the sample is empty or holds a NaN
/// \throws argument_error where a p is outside [0, 1]
LIBRATION_DECLARED std::vector<double> quantiles(std::span<const double> values, std::span<const double> p);

/// The p-quantile of a sample in any order.
inline double quantile(std::span<const double> values, double p) {
  return quantiles(values, std::span<const double>(&p, 1)).front();
}

/// \return the middle value, or the mean of the two middle ones
inline double median(std::span<const double> values) { return quantile(values, 0.5); }

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/quantiles.hpp>
#endif
