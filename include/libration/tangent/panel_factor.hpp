// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Orthonormalisation of a few neighbouring columns by themselves: by their Gram matrix, or column by column.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/tangent/detail/block_product.hpp>
#include <libration/tangent/gram_panel.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// W = Q R of a panel W (n, b), in place.
///
/// The Gram matrix is used once where one pass leaves |QᵀQ - I| at rounding, twice where it is too ill-conditioned
/// for that, and not at all where it is not definite, or where the panel is so narrow that columns are faster by
/// themselves. The second passes project on Q, which is orthonormal to rounding: classical and modified Gram-Schmidt
/// then lose the same, and the classical products are matrix-vector products.
template <class Scalar>
class panel_factor {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param n, width the largest panel's shape
  panel_factor(Eigen::Index n, Eigen::Index width)
      : gram_(width), copy_(n, width), upper_(width, width), factor_(width, width), overlap_(width, 1) {}

  /// Replaces W by Q.
  ///
  /// \param W     shape (n, b), finite; the squares of its columns' norms neither overflow nor underflow, except that
  ///              columns may be zero
  /// \param least shape (b): column j is unresolved where its pivot is at most least[j]; it becomes zero, with pivot 0
  /// \return estimate of max|QᵀQ - I| over the resolved columns
  double compute(matrix_span<Scalar> W, const double* least) {
    constexpr Scalar eps = std::numeric_limits<Scalar>::epsilon();
    const Eigen::Index n = W.rows(), b = W.cols();
    width_ = b;
    passes_ = 0;
    column_wise_ = false;
    while (b > narrow && passes_ < 3) {
      const Scalar defect = gram_.compute(W);
      // Beyond 0.01 a second pass would not repair the first.
      if (!(defect < Scalar(0.01)) || !resolves(least)) break;
      auto copy = detail::span_of(copy_, 0, 0, n, b);
      copy.setZero();
      detail::add_product<Scalar>(Scalar(1), detail::view_of(W, 0, 0, n, b), gram_.inverse(), copy);
      for (Eigen::Index j = 0; j < b; ++j) detail::copy(&copy_(0, j), &W(0, j), n);
      multiply([&](Eigen::Index i, Eigen::Index j) { return gram_.upper(i, j); });
      ++passes_;
      if (defect <= Scalar(64) * eps) return static_cast<double>(defect);
    }
    column_by_column(W, least);
    return 4 * static_cast<double>(eps);
  }

  /// R(i, j), i <= j
  Scalar upper(Eigen::Index i, Eigen::Index j) const { return upper_(i, j); }
  /// The last panel was done column by column, at least in the end.
  bool column_wise() const { return column_wise_; }
  /// The Gram matrix of the last panel was used more than once.
  bool repeated() const { return passes_ > 1; }

  /// R <- T R, both upper triangular, shape (b, b)
  ///
  /// \param T  T(i, j), i <= j, is the entry
  template <class Triangle>
  static void multiply_triangles(const Triangle& T, detail::block_span<Scalar> R) {
    // R(i, j) needs the rows from i on: from the top down no copy is needed.
    for (Eigen::Index j = 0; j < R.cols(); ++j)
      for (Eigen::Index i = 0; i <= j; ++i) {
        Scalar sum = 0;
        for (Eigen::Index l = i; l <= j; ++l) sum += T(i, l) * R(l, j);
        R(i, j) = sum;
      }
  }

 private:
  static constexpr Eigen::Index narrow = 8;

  bool resolves(const double* least) const {
    for (Eigen::Index j = 0; j < width_; ++j) {
      const Scalar before = passes_ == 0 ? Scalar(1) : upper_(j, j);
      if (!(static_cast<double>(before * gram_.pivot(j)) > least[j])) return false;
    }
    return true;
  }

  // The triangle so far takes the factor of a further pass.
  template <class Triangle>
  void multiply(const Triangle& T) {
    if (passes_ > 0) return multiply_triangles(T, detail::span_of(upper_, 0, 0, width_, width_));
    for (Eigen::Index j = 0; j < width_; ++j)
      for (Eigen::Index i = 0; i <= j; ++i) upper_(i, j) = T(i, j);
  }

  // Gram-Schmidt, twice.
  void column_by_column(matrix_span<Scalar>& W, const double* least) {
    column_wise_ = true;
    const Eigen::Index n = W.rows();
    for (Eigen::Index j = 0; j < width_; ++j) {
      for (Eigen::Index i = 0; i <= j; ++i) factor_(i, j) = Scalar(0);
      Scalar* v = &W(0, j);
      for (int pass = 0; pass < 2 && j > 0; ++pass) {
        const auto before = detail::view_of(W, 0, 0, n, j);
        detail::cross_product<Scalar>(before, detail::view_of(W, 0, j, n, 1), detail::span_of(overlap_, 0, 0, j, 1));
        detail::add_product<Scalar>(Scalar(-1), before, detail::view_of(overlap_, 0, 0, j, 1), detail::span_of(W, 0, j, n, 1));
        detail::add_multiple(Scalar(1), overlap_.data(), &factor_(0, j), j);
      }
      const Scalar length = std::sqrt(detail::squared_norm(v, n)), before = passes_ == 0 ? Scalar(1) : upper_(j, j);
      if (static_cast<double>(before * length) > least[j]) {
        factor_(j, j) = length;
        detail::scale(Scalar(1) / length, v, n);
      } else {
        std::fill_n(v, n, Scalar(0));
      }
    }
    multiply([&](Eigen::Index i, Eigen::Index j) { return factor_(i, j); });
  }

  gram_panel<Scalar> gram_;
  matrix copy_, upper_, factor_, overlap_;
  Eigen::Index width_ = 0;
  int passes_ = 0;
  bool column_wise_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
