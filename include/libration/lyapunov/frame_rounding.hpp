// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What rounding does to a frame's directions, and these to its growth in all the steps that follow.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/random.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// A first-order deviation of a frame, carried along a run from one factorisation V = Q R to the next.
///
/// Columns are right to eps times their norm. An error E of V changes ln R_ii by the diagonal of Qᵀ E R⁻¹, and turns the columns
/// of Q by its strictly lower triangular part X; of the next factorisation X changes and turns as much as the error Q R X does.
/// Both may be far more than the ratio |v_i| / R_ii says: R⁻¹ is large where three or more columns depend on each other although no
/// two of them do, and X grows while columns stand in another order than that of their growth. In each factorisation one error is
/// drawn, of random signs and of a column's norm in each direction; everything is linear, and in units of eps.
///
/// Of a partial frame it does not know what the last columns turn to outside of it: far from normal and in single precision, one in
/// some thousand last exponents is beyond five of its errors. A column more than is needed shows it.
///
/// Accuracy: tests/lyapunov/frame_rounding.test.cpp, beside frames that are turned by as much
/// Cost:     k³ operations a factorisation, in products of blocks, of which Eigen's buffers are all that is allocated
/// Source:   derived here
class frame_rounding {
 public:
  /// \param columns k >= 1
  /// \param eps     of the scalar that the frame is in; a direction that has turned by more than 1/eps is lost altogether
  frame_rounding(Eigen::Index columns, double eps, std::uint64_t seed);

  /// \param R        of the next factorisation, shape (k, k), upper triangular; a pivot that is 0 counts as if it were its column's
  ///                 norm: what was put in its place has nothing of the column
  /// \param counted  whether the growth is
  template <class Matrix>
  void add(const Matrix& R, bool counted) {
    const Eigen::Index k = turned_.cols();
    for (Eigen::Index j = 0; j < k; ++j) {
      auto column = scaled_.col(j).head(j + 1);
      column = R.col(j).head(j + 1).template cast<double>();
      norm_[j] = column.stableNorm();
      if (!(norm_[j] > 0.0)) norm_[j] = 1.0;
      column /= norm_[j];
      if (!(column[j] > 0.0)) column[j] = 1.0;
    }
    // In units of the columns' norms: X becomes the lower part of (R D X D⁻¹ + N) R⁻¹, D = diag |v_j|.
    for (Eigen::Index j = 0; j < k; ++j)
      for (Eigen::Index i = j + 1; i < k; ++i)
        if (turned_(i, j) != 0.0) turned_(i, j) = within(turned_(i, j) * (norm_[i] / norm_[j]), std::numeric_limits<double>::max());
    for (Eigen::Index first = 0; first < k; first += panel) {
      const Eigen::Index b = std::min(panel, k - first), rest = k - first;
      auto lower = next_.block(first, first, rest, b);
      lower.noalias() = scaled_.block(first, first, rest, rest) * turned_.block(first, first, rest, b);
      for (Eigen::Index j = first; j < first + b; ++j) {
        std::uint64_t bits = 0;
        for (Eigen::Index i = j; i < k; ++i) {
          if ((i - j) % 64 == 0) bits = signs_.next_bits();
          next_(i, j) += (bits >> ((i - j) % 64) & 1) != 0 ? 1.0 : -1.0;
        }
      }
      if (first > 0) lower.noalias() -= next_.block(first, 0, rest, first) * scaled_.block(0, first, first, b);
      for (Eigen::Index j = first; j < first + b; ++j) {
        auto column = next_.col(j).tail(k - j);
        for (Eigen::Index l = first; l < j; ++l) column -= scaled_(l, j) * next_.col(l).tail(k - j);
        column /= scaled_(j, j);
      }
    }
    for (Eigen::Index j = 0; j < k; ++j) {
      if (counted) {
        sum_[j] += within(next_(j, j), limit_);
        most_[j] = std::max(most_[j], std::abs(sum_[j]));
      }
      for (Eigen::Index i = j + 1; i < k; ++i) turned_(i, j) = within(next_(i, j), limit_);
    }
  }

  /// By how much the sum of ln R_ii was off at most, counted from its beginning on; in units of eps.
  double nats(Eigen::Index i) const { return most_[i]; }

 private:
  static constexpr Eigen::Index panel = 32;

  LIBRATION_DECLARED static double within(double x, double limit);

  double limit_;
  random_stream signs_;
  Eigen::MatrixXd turned_, next_, scaled_;  // X, strictly lower triangular; R with columns of length 1
  Eigen::VectorXd norm_, sum_, most_;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/frame_rounding.hpp>
#endif
