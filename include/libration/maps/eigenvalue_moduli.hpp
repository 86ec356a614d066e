// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How large the eigenvalues of a matrix are.

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Moduli of the eigenvalues of a square matrix, descending, each as often as its multiplicity.
///
/// \param A  shape (n, n)
/// \return   shape (n); NaN where the QR iteration does not converge in 40 n steps
/// \throws argument_error  for a matrix that is not square, or not finite
/// Accuracy:  a few epsilon of ‖A‖ times the eigenvalue's condition; of a Jordan block of size k, to the k-th root of that
/// Cost:      about 10 n³ operations
LIBRATION_DECLARED Eigen::VectorXd eigenvalue_moduli(const Eigen::MatrixXd& A);

/// The largest of them; 0 of an empty matrix.
template <class = void>
double spectral_radius(const Eigen::MatrixXd& A) {
  return A.size() == 0 ? 0.0 : eigenvalue_moduli(A)[0];
}

}  // namespace libration::inline LIBRATION_ABI::maps

#if !defined(LIBRATION_COMPILED)
#include <libration/maps/definitions/eigenvalue_moduli.hpp>
#endif
