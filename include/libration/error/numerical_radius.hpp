// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `error::numerical_radius`: how far the field of values of a matrix reaches, between two bounds.

#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::error {

struct numerical_radius_options {
  double tolerance = 1e-5;          ///< upper/lower - 1 wanted, > 0; rounding allows about n eps
  std::int64_t evaluations = 2000;  ///< most Hermitian eigenvalue problems of size n, >= 9
};

struct [[nodiscard]] numerical_radius_result {
  libration::status status = libration::status::not_run;    ///< `not_converged`: the evaluations ran out before the tolerance
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< attained by a unit vector
  double upper = std::numeric_limits<double>::quiet_NaN();  ///< of a polygon around the field of values
  double angle = 0.0;                                       ///< of the point of the field that lower belongs to, in [0, π]
  std::int64_t evaluations = 0;
};

/// The numerical radius w(A) = max |x* A x| over unit vectors x = max over θ of the largest eigenvalue of (e^{-iθ}A + e^{iθ}Aᵀ)/2.
///
/// It bounds the growth of every power, ‖A^k‖ <= 2 w(A)^k (Berger): where w(A) <= 1, no error ever grows to more than twice its
/// size. ‖A‖/2 <= w(A) <= ‖A‖, and it is the spectral radius for normal matrices.
///
/// Each θ gives a line that the field of values does not cross: the polygon of these lines is an upper bound, the largest of
/// their distances a lower one. The wedge whose corner is farthest is divided at that corner until the two meet.
///
/// \param matrix  A, shape (n, n), n >= 1, finite
/// \throws   argument_error for another shape, entries that are not finite, options out of range
/// Accuracy: both bounds hold up to rounding, n eps ‖A‖; infinite where w(A) itself leaves the range of double
/// Cost:     per evaluation the eigenvalues of a Hermitian matrix, some 11 n³ operations; 10 to 50 evaluations, several hundred
///           where the field is a disk about 0
/// Source:   derived here, from the supporting lines of a convex set
LIBRATION_DECLARED numerical_radius_result numerical_radius(const Eigen::MatrixXd& matrix,
                                                            const numerical_radius_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/numerical_radius.hpp>
#endif
