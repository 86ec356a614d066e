// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The noise of an error curve's points: independent, correlated as the residuals are, or as the members of an ensemble say.

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/detail/law_search.hpp>
#include <libration/error/detail/law_selection.hpp>
#include <libration/error/detail/least_squares.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// Noise of independent points.
inline curve_noise independent_noise(const Eigen::VectorXd& deviation, bool known) {
  return {Eigen::VectorXd::Zero(deviation.size()), deviation, known};
}

/// Lets the noise of points that came without members carry over from each to the next as the residuals of the closest law do.
///
/// \return the correlation of neighbours, 0 where it is not significant
LIBRATION_DECLARED double correlate(curve_noise& noise, const fitted_forms& forms, const log_curve& data, double floor);

/// The noise of an ensemble's curve, from its members' deviations: shape (n, members). Each point's is estimated from its
/// neighbours too, until at least 1000 deviations are in it: members' logarithms are skewed, and a point that by chance has few
/// stragglers would have a small spread, a large mean, and too much weight, all at once.
LIBRATION_DECLARED curve_noise ensemble_noise(const Eigen::MatrixXd& deviations, double resolution);

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/law_noise.hpp>
#endif
