// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The triangular factor of a few columns from their Gram matrix, its inverse, and what rounding makes of them.

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// W = Q R of a panel W (n, b) by way of its Gram matrix: WᵀW = RᵀR, Q = W R⁻¹, R with a positive diagonal.
///
/// Column operations turn [WᵀW; I] into [Rᵀ; R⁻¹]; column j of either half is nonzero where that of the other is
/// not, so that one operation is on b + 1 numbers in a row.
///
/// Source: derived here; for the method Yamamoto, Nakatsukasa, Yanagisawa, Fukaya, "Roundoff error analysis of the
///         CholeskyQR2 algorithm", Electron. Trans. Numer. Anal. 44 (2015)
template <class Scalar>
class gram_panel {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param width the largest number of columns
  explicit gram_panel(Eigen::Index width) : stacked_(2 * width, width), norm_(width) {}

  /// Forms R and R⁻¹.
  ///
  /// \param W shape (n, b), finite; the squares of its columns' norms neither overflow nor underflow
  /// \return estimate of max|QᵀQ - I| for Q = W R⁻¹, of which half is that of the relative error of R's diagonal;
  ///         infinity where the Gram matrix is not numerically definite
  /// Accuracy:  the estimate takes the errors of WᵀW to be eps |w_i| |w_j| and independent: then those of QᵀQ are
  ///            eps |D R⁻¹e_i| |D R⁻¹e_j|, D = diag |w_i|. Measured, QᵀQ - I is 0.2 to 3 times the estimate.
  /// Cost:      2 n b² + b³
  Scalar compute(const matrix_view<Scalar>& W) {
    constexpr Scalar eps = std::numeric_limits<Scalar>::epsilon();
    width_ = W.cols();
    auto G = stacked_.block(0, 0, width_, width_);
    G.noalias() = W.transpose() * W;
    stacked_.block(width_, 0, width_, width_).setIdentity();
    norm_.head(width_) = G.diagonal().cwiseSqrt();
    Scalar worst = 0;
    for (Eigen::Index j = 0; j < width_; ++j) {
      const Scalar square = stacked_(j, j);
      if (!(square > Scalar(64) * eps * norm_[j] * norm_[j])) return std::numeric_limits<Scalar>::infinity();
      auto column = stacked_.col(j).segment(j, width_ + 1);
      column *= Scalar(1) / std::sqrt(square);
      for (Eigen::Index c = j + 1; c < width_; ++c) stacked_.col(c).segment(j, width_ + 1) -= stacked_(c, j) * column;
      worst = std::max(worst, stacked_.col(j).segment(width_, j + 1).cwiseProduct(norm_.head(j + 1)).squaredNorm());
    }
    return eps * worst;
  }

  Scalar pivot(Eigen::Index j) const { return stacked_(j, j); }
  /// R, shape (b, b); below the diagonal it is meaningless
  auto upper() const { return stacked_.topLeftCorner(width_, width_).transpose(); }
  /// R⁻¹, shape (b, b), zero below the diagonal
  auto inverse() const { return stacked_.block(width_, 0, width_, width_); }

 private:
  Eigen::Index width_ = 0;
  matrix stacked_;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> norm_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
