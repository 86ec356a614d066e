// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Tail probabilities and quantiles of the normal and of Student's t distribution.

#include <cmath>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// \return P(X > x) for a standard normal X
inline double normal_tail(double x) noexcept { return 0.5 * std::erfc(x * std::numbers::sqrt2 / 2.0); }

/// \return the density of Student's t at t, degrees of freedom > 0 (infinity: the normal density)
LIBRATION_DECLARED double student_t_density(double t, double degrees) noexcept;

/// P(X > t) for a Student t variable X.
///
/// \param degrees  degrees of freedom, > 0; infinity gives the normal distribution
/// Accuracy:  relative 1e-12 (tested against the closed forms for 1, 2, 3 and 4 degrees)
/// Source:    P(|X| > t) = I_x(degrees/2, 1/2) with x = degrees/(degrees + t^2); Abramowitz and Stegun, Handbook of
///            Mathematical Functions (1964), 26.7.1; the incomplete beta function is Boost.Math's
LIBRATION_DECLARED double student_t_tail(double t, double degrees) noexcept;

/// The quantile of the standard normal distribution: P(X < quantile) = p.
///
/// \param p  0 < p < 1; 0 and 1 give -infinity and infinity
/// \throws argument_error where p is not in [0, 1]
/// Accuracy:  relative 1e-13, absolute near p = 1/2
/// Source:    the inverse of the complementary error function is Boost.Math's
LIBRATION_DECLARED double normal_quantile(double p);

/// The quantile of Student's t distribution: P(X < quantile) = p.
///
/// \param p        0 < p < 1; 0 and 1 give -infinity and infinity
/// \param degrees  degrees of freedom, > 0, not necessarily whole; infinity gives the normal distribution
/// \throws argument_error where p is not in [0, 1] or degrees is not positive
/// Accuracy:  relative 1e-11 for p in [1e-15, 1 - 1e-15] (tested against closed forms and by inversion)
/// Cost:      microseconds
/// Source:    the inverse of the incomplete beta function is Boost.Math's; from 2e4 degrees on the expansion about the normal
///            quantile, Abramowitz and Stegun (1964), 26.7.5, whose error is below 1e-12
LIBRATION_DECLARED double student_t_quantile(double p, double degrees);

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/student_t.hpp>
#endif
