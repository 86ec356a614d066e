// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What rounding does to a frame's directions, and these to its growth in all the steps that follow.

#include <cstdint>

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
/// Of more than 128 columns only the first 64 factorisations that count are followed, and the rest is taken to add as much each.
///
/// Accuracy: tests/lyapunov/frame_rounding.test.cpp, beside frames that are turned by as much
/// Cost:     k³ operations a factorisation, in products of blocks, of which Eigen's buffers are all that is allocated
/// Source:   derived here
class frame_rounding {
 public:
  /// \param columns k >= 1
  /// \param eps     of the scalar that the frame is in; a direction that has turned by more than 1/eps is lost altogether
  LIBRATION_DECLARED frame_rounding(Eigen::Index columns, double eps, std::uint64_t seed);

  /// \param R        of the next factorisation, shape (k, k), upper triangular; a pivot that is 0 counts as if it were its column's
  ///                 norm: what was put in its place has nothing of the column
  /// \param counted  whether the growth is
  template <class Scalar>
  void add(const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& R, bool counted);

  /// By how much the sum of ln R_ii was off at most, counted from its beginning on; in units of eps.
  double nats(Eigen::Index i) const {
    return followed_ > 0 ? most_[i] * static_cast<double>(counted_) / static_cast<double>(followed_) : 0.0;
  }

 private:
  static constexpr Eigen::Index panel = 32, large = 128;
  static constexpr std::int64_t followed_of_large = 64;

  LIBRATION_DECLARED static double within(double x, double limit);

  double limit_;
  std::int64_t counted_ = 0, followed_ = 0;  // factorisations
  random_stream signs_;
  Eigen::MatrixXd turned_, next_, scaled_;  // X, strictly lower triangular; R with columns of length 1
  Eigen::VectorXd norm_, sum_, most_;
};

#if defined(LIBRATION_COMPILED)
extern template void frame_rounding::add(const Eigen::MatrixXd& R, bool counted);
extern template void frame_rounding::add(const Eigen::MatrixXf& R, bool counted);
#endif

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/frame_rounding.hpp>
#endif
