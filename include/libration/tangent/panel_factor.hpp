// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Orthonormalisation of a few neighbouring columns by themselves: by their Gram matrix, or column by column.

#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
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
      : gram_(width), copy_(n, width), upper_(width, width), factor_(width, width), overlap_(width) {}

  /// Replaces W by Q.
  ///
  /// \param W     shape (n, b), finite; the squares of its columns' norms neither overflow nor underflow, except that
  ///              columns may be zero
  /// \param least shape (b): column j is unresolved where its pivot is at most least[j]; it becomes zero, with pivot 0
  /// \return estimate of max|QᵀQ - I| over the resolved columns
  template <class Least>
  double compute(matrix_span<Scalar> W, const Least& least) {
    constexpr Scalar eps = std::numeric_limits<Scalar>::epsilon();
    const Eigen::Index b = W.cols();
    width_ = b;
    passes_ = 0;
    column_wise_ = false;
    while (b > narrow && passes_ < 3) {
      const Scalar defect = gram_.compute(W);
      // Beyond 0.01 a second pass would not repair the first.
      if (!(defect < Scalar(0.01)) || !resolves(least)) break;
      copy_.leftCols(b).noalias() = W * gram_.inverse();
      W = copy_.leftCols(b);
      if (passes_ == 0)
        upper_.topLeftCorner(b, b) = gram_.upper().template triangularView<Eigen::Upper>();
      else
        multiply_triangles(gram_.upper(), upper_.topLeftCorner(b, b));
      ++passes_;
      if (defect <= Scalar(64) * eps) return static_cast<double>(defect);
    }
    column_by_column(W, least);
    return 4 * static_cast<double>(eps);
  }

  /// R, shape (b, b), zero below the diagonal
  auto upper() const { return upper_.topLeftCorner(width_, width_); }
  /// The last panel was done column by column, at least in the end.
  bool column_wise() const { return column_wise_; }
  /// The Gram matrix of the last panel was used more than once.
  bool repeated() const { return passes_ > 1; }

  /// R <- T R, both upper triangular, shape (b, b)
  template <class Left, class Right>
  static void multiply_triangles(const Left& T, Right&& R) {
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

  template <class Least>
  bool resolves(const Least& least) const {
    for (Eigen::Index j = 0; j < width_; ++j) {
      const Scalar before = passes_ == 0 ? Scalar(1) : upper_(j, j);
      if (!(static_cast<double>(before * gram_.pivot(j)) > least[j])) return false;
    }
    return true;
  }

  // Gram-Schmidt, twice.
  template <class Least>
  void column_by_column(matrix_span<Scalar>& W, const Least& least) {
    column_wise_ = true;
    auto T = factor_.topLeftCorner(width_, width_);
    T.setZero();
    for (Eigen::Index j = 0; j < width_; ++j) {
      auto v = W.col(j);
      auto overlap = overlap_.head(j);
      for (int pass = 0; pass < 2 && j > 0; ++pass) {
        overlap.noalias() = W.leftCols(j).transpose() * v;
        v.noalias() -= W.leftCols(j) * overlap;
        T.col(j).head(j) += overlap;
      }
      const Scalar length = v.norm(), before = passes_ == 0 ? Scalar(1) : upper_(j, j);
      if (static_cast<double>(before * length) > least[j]) {
        T(j, j) = length;
        v *= Scalar(1) / length;
      } else {
        v.setZero();
      }
    }
    if (passes_ == 0)
      upper_.topLeftCorner(width_, width_) = T;
    else
      multiply_triangles(T, upper_.topLeftCorner(width_, width_));
  }

  gram_panel<Scalar> gram_;
  matrix copy_, upper_, factor_;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> overlap_;
  Eigen::Index width_ = 0;
  int passes_ = 0;
  bool column_wise_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
