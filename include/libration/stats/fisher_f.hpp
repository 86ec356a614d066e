// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Quantiles of Fisher's F distribution.

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// The quantile of Fisher's F distribution: P(X < quantile) = p.
///
/// \param p       0 <= p <= 1; 0 gives 0, 1 infinity
/// \param d1, d2  degrees of freedom of the numerator and of the denominator, > 0 and finite, not necessarily whole
/// \throws argument_error where p is not in [0, 1] or degrees are out of range
/// Accuracy:  relative 1e-11 (tested against the closed form of d1 = 2 and Student's t)
/// Cost:      microseconds
/// Source:    d1 X/(d1 X + d2) has a beta distribution: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.6.2;
///            the inverse of the incomplete beta function is Boost.Math's
LIBRATION_DECLARED double fisher_f_quantile(double p, double d1, double d2);

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/fisher_f.hpp>
#endif
