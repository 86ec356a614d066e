// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How many directions a set of variances is spread over: participation ratio and effective rank.

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// The participation ratio (Σλ)²/Σλ²: n for n equal variances, 1 for a single one.
///
/// \param variances  eigenvalues of a covariance, shape (n), >= 0; below 0 by rounding they count as 0
/// \return           1 to n; NaN where all are 0, or one is not finite
/// \throws argument_error  where one is below -1e-8 of the largest: these are not the eigenvalues of a covariance
LIBRATION_DECLARED double participation_ratio(const Eigen::Ref<const Eigen::VectorXd>& variances);

/// The effective rank e^H, H the entropy of λ/Σλ in nats: at least the participation ratio, and more sensitive to small variances.
///
/// \param variances  as above
/// \return           1 to n; NaN where all are 0, or one is not finite
/// \throws argument_error  as above
/// Source:  Roy and Vetterli 2007
LIBRATION_DECLARED double effective_rank(const Eigen::Ref<const Eigen::VectorXd>& variances);

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/effective_dimension.hpp>
#endif
