// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/covariance_factor.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/random.hpp>
#include <libration/error/detail/covariance_factor.hpp>
#include <libration/tangent/first_frame.hpp>
#include <libration/tangent/orthonormalise.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// What is done to factors. On the number's type, so that only a program that calls it compiles its decompositions.
template <class Real>
struct factor_algebra {
  using matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;
  using solver_type = Eigen::SelfAdjointEigenSolver<matrix>;

  // Eigenvalues of a Gram matrix that are no larger are rounding.
  static double threshold(Eigen::Index size, double largest) {
    return static_cast<double>(size) * std::numeric_limits<double>::epsilon() * largest;
  }

  static void truncate(const matrix& B, const matrix& F, Eigen::Index rank, matrix& L) {
    matrix all(B.rows(), B.cols() + F.cols());
    all << B, F;
    if (all.cols() > rank) {
      const solver_type solver(matrix(all.transpose() * all));
      L.noalias() = all * solver.eigenvectors().rightCols(rank);
    } else {
      L = all;
    }
  }

  static void nystrom(const matrix& B, const vector& q, Eigen::Index rank, std::uint64_t seed, matrix& L) {
    const Eigen::Index n = B.rows(), c = B.cols();
    matrix U(n, rank);
    U.leftCols(c) = B;
    if (c < rank) U.rightCols(rank - c) = tangent::random_frame<Real>(n, rank - c, seed);
    tangent::orthonormaliser<Real>(n, rank).factor(U);
    matrix image = B * (B.transpose() * U);
    image += q.asDiagonal() * U;
    const solver_type solver(matrix(U.transpose() * image));
    const vector& lambda = solver.eigenvalues();
    const double least = threshold(n, lambda[rank - 1]);
    const vector scale = (lambda.array() > least).select(lambda.cwiseMax(least).cwiseSqrt().cwiseInverse(), 0.0);
    L.noalias() = image * (solver.eigenvectors() * scale.asDiagonal());
  }

  static void add_product(const matrix& F, const matrix& numbers, matrix& L) { L.noalias() += F * numbers; }
  static void add_scaled_rows(const vector& variances, const matrix& numbers, matrix& L) {
    L += variances.cwiseSqrt().asDiagonal() * numbers;
  }

  static double sampling_error(const matrix& L) {
    const vector squares = L.colwise().squaredNorm();
    const double r = static_cast<double>(L.cols()), mean = squares.mean();
    return std::sqrt((squares.array() - mean).square().sum() * r / (r - 1.0));
  }

  static void leading(const matrix& L, Eigen::Index count, vector& variances, matrix& directions) {
    const solver_type solver(matrix(L.transpose() * L));
    const vector lambda = solver.eigenvalues().reverse();
    const double least = threshold(L.cols(), lambda[0]);
    const Eigen::Index found = std::min<Eigen::Index>(count, (lambda.array() > least).count());
    variances = lambda.head(found);
    directions =
        L * solver.eigenvectors().rowwise().reverse().leftCols(found) * variances.cwiseSqrt().cwiseInverse().asDiagonal();
  }
};

LIBRATION_DEFINED double covariance_factor::compress(const Eigen::MatrixXd& B, const noise_covariance& Q) {
  const double trace = B.squaredNorm() + Q.trace(n_);
  if (Q.zero())
    L_ = B;
  else if (Q.factored())
    factor_algebra<double>::truncate(B, Q.factor(), rank_, L_);
  else
    factor_algebra<double>::nystrom(B, Q.variances(n_), rank_, seed_, L_);
  const double lost = trace - L_.squaredNorm();
  // A difference of sums of n r squares: below their rounding nothing was lost.
  const double rounding = static_cast<double>(n_ * rank_) * std::numeric_limits<double>::epsilon();
  if (trace > 0.0 && lost > rounding * trace) largest_discarded_ = std::max(largest_discarded_, lost / trace);
  return trace;
}

LIBRATION_DEFINED void covariance_factor::sample(const Eigen::MatrixXd& B, const noise_covariance& Q, std::int64_t t) {
  L_ = B;
  if (Q.zero()) return;
  Eigen::MatrixXd numbers(Q.factored() ? Q.factor().cols() : n_, rank_);
  // Streams of its own ("cova"), one for each step: steps may need different numbers of them.
  random_stream(seed_, 0x636f766100000000 + static_cast<std::uint64_t>(t)).fill_normal(numbers);
  numbers /= std::sqrt(static_cast<double>(rank_));
  if (Q.factored())
    factor_algebra<double>::add_product(Q.factor(), numbers, L_);
  else
    factor_algebra<double>::add_scaled_rows(Q.variances(n_), numbers, L_);
}

LIBRATION_DEFINED double covariance_factor::sampling_error() const { return factor_algebra<double>::sampling_error(L_); }

LIBRATION_DEFINED void covariance_factor::leading(Eigen::Index count, Eigen::VectorXd& variances,
                                                  Eigen::MatrixXd& directions) const {
  variances.resize(0);
  directions.resize(n_, 0);
  if (L_.cols() > 0) factor_algebra<double>::leading(L_, count, variances, directions);
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
