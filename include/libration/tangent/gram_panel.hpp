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
#include <libration/tangent/detail/block_product.hpp>

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
    const Eigen::Index n = W.rows(), b = W.cols();
    width_ = b;
    const auto all = detail::view_of(W, 0, 0, n, b);
    detail::cross_product<Scalar>(all, all, detail::span_of(stacked_, 0, 0, b, b));
    for (Eigen::Index j = 0; j < b; ++j) {
      for (Eigen::Index i = 0; i < b; ++i) stacked_(b + i, j) = Scalar(i == j ? 1 : 0);
      norm_[j] = std::sqrt(stacked_(j, j));
    }
    Scalar worst = 0;
    for (Eigen::Index j = 0; j < b; ++j) {
      const Scalar square = stacked_(j, j);
      if (!(square > Scalar(64) * eps * norm_[j] * norm_[j])) return std::numeric_limits<Scalar>::infinity();
      Scalar* column = &stacked_(j, j);
      detail::scale(Scalar(1) / std::sqrt(square), column, b + 1);
      for (Eigen::Index c = j + 1; c < b; ++c) detail::add_multiple(-stacked_(c, j), column, &stacked_(j, c), b + 1);
      const detail::numbers_view<Scalar> inverse(&stacked_(b, j), j + 1), norm(norm_.data(), j + 1);
      worst = std::max(worst, inverse.cwiseProduct(norm).squaredNorm());
    }
    return eps * worst;
  }

  Scalar pivot(Eigen::Index j) const { return stacked_(j, j); }
  /// R(i, j), i <= j
  Scalar upper(Eigen::Index i, Eigen::Index j) const { return stacked_(j, i); }
  /// R⁻¹, shape (b, b), zero below the diagonal
  detail::block_view<Scalar> inverse() const { return detail::view_of(stacked_, width_, 0, width_, width_); }

 private:
  Eigen::Index width_ = 0;
  matrix stacked_;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> norm_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
