// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The largest singular value of a block of columns, with its vectors on request; the largest eigenvalue of a Hermitian matrix.

#include <algorithm>
#include <cmath>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/scaling.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// The largest eigenvalue of the Hermitian matrix S + iK, S symmetric and K skew, from its real form [[S, -K], [K, S]], which has
/// each of its eigenvalues twice: Eigen's solver of real matrices, which others use too, then serves for both.
///
/// \param form  shape (2n, 2n); only its lower triangle is read
template <class Real>
double largest_of_real_form(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& form) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>> solver(form, Eigen::EigenvaluesOnly);
  return solver.eigenvalues()[form.cols() - 1];
}

/// ‖B‖₂, from the Gram matrix of the columns at a size near 1; NaN or infinity where B is not finite.
///
/// \param right  out: the right singular vector, shape (k), where not null
/// Accuracy: k eps relative: squaring costs the small singular values their digits, not the largest
/// Cost:     n k² operations, and the eigenvalues of k x k
template <class Matrix>
double largest_singular(const Matrix& B, Eigen::Matrix<typename Matrix::Scalar, Eigen::Dynamic, 1>* right = nullptr) {
  using matrix = Eigen::Matrix<typename Matrix::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const double size = B.cwiseAbs().maxCoeff();
  if (!(size > 0.0) || !std::isfinite(size) || !B.allFinite()) {
    if (right != nullptr) *right = Eigen::Matrix<typename Matrix::Scalar, Eigen::Dynamic, 1>::Unit(B.cols(), 0);
    return size == 0.0 ? 0.0 : B.stableNorm();
  }
  const int exponent = binary_exponent(static_cast<double>(size));
  matrix scaled = B;
  scale_by_power_of_two(scaled, -exponent);
  const Eigen::SelfAdjointEigenSolver<matrix> solver(matrix(scaled.transpose() * scaled),
                                                     right != nullptr ? Eigen::ComputeEigenvectors : Eigen::EigenvaluesOnly);
  const Eigen::Index last = B.cols() - 1;
  if (right != nullptr) *right = solver.eigenvectors().col(last);
  return std::ldexp(std::sqrt(std::max(0.0, solver.eigenvalues()[last])), exponent);
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
