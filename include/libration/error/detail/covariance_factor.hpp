// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A covariance kept as a factor of few columns, and what is done to keep it so.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/random.hpp>
#include <libration/error/noise_covariance.hpp>
#include <libration/tangent/first_frame.hpp>
#include <libration/tangent/orthonormalise.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// L of at most r columns with L Lᵀ <= P (in the order of semidefinite matrices). A template, so that its decompositions are
/// compiled only where it is used.
template <class Scalar = double>
class covariance_factor {
 public:
  covariance_factor(Eigen::Index n, Eigen::Index rank, std::uint64_t seed)
      : n_(n), rank_(rank), seed_(seed), orthonormaliser_(n, rank), L_(n, 0) {}

  const Eigen::MatrixXd& factor() const { return L_; }
  double largest_discarded() const { return largest_discarded_; }

  /// L becomes a factor of at most r columns of M = B Bᵀ + Q.
  ///
  /// A factor Q of few columns: the leading r eigenpairs of M. Variances: M U (Uᵀ M U)^-1 Uᵀ M, the Nyström approximation on the
  /// span U of B, which is below M and equals its leading eigenpairs for isotropic noise.
  ///
  /// \param B  shape (n, c), c <= r
  /// \return   tr M
  double compress(const Eigen::MatrixXd& B, const noise_covariance& Q) {
    const double trace = B.squaredNorm() + Q.trace(n_);
    if (Q.zero())
      L_ = B;
    else if (Q.factored())
      truncate(B, Q.factor());
    else
      nystrom(B, Q.variances(n_));
    const double lost = trace - L_.squaredNorm();
    // A difference of sums of n r squares: below their rounding nothing was lost.
    const double rounding = static_cast<double>(n_ * rank_) * std::numeric_limits<double>::epsilon();
    if (trace > 0.0 && lost > rounding * trace) largest_discarded_ = std::max(largest_discarded_, lost / trace);
    return trace;
  }

  /// L becomes B + Q^½ Ξ, r columns of it, Ξ normal with variance 1/r: each column times √r is one error.
  ///
  /// \param B  shape (n, r)
  /// \param t  the step: other steps, other numbers
  void sample(const Eigen::MatrixXd& B, const noise_covariance& Q, std::int64_t t) {
    L_ = B;
    if (Q.zero()) return;
    Eigen::MatrixXd numbers(Q.factored() ? Q.factor().cols() : n_, rank_);
    // Streams of its own ("cova"), one for each step: steps may need different numbers of them.
    random_stream(seed_, 0x636f766100000000 + static_cast<std::uint64_t>(t)).fill_normal(numbers);
    numbers /= std::sqrt(static_cast<double>(rank_));
    if (Q.factored())
      L_.noalias() += Q.factor() * numbers;
    else
      L_ += Q.variances(n_).cwiseSqrt().asDiagonal() * numbers;
  }

  /// The standard error of ‖L‖² as an estimate of tr P from independent columns.
  double sampling_error() const {
    const Eigen::VectorXd squares = L_.colwise().squaredNorm();
    const double r = static_cast<double>(rank_), mean = squares.mean();
    return std::sqrt((squares.array() - mean).square().sum() * r / (r - 1.0));
  }

  /// The leading eigenpairs of L Lᵀ, as many as there are up to `count`.
  void leading(Eigen::Index count, Eigen::VectorXd& variances, Eigen::MatrixXd& directions) const {
    variances.resize(0);
    directions.resize(n_, 0);
    if (L_.cols() == 0) return;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(L_.transpose() * L_));
    const Eigen::VectorXd lambda = solver.eigenvalues().reverse();
    const double least = threshold(L_.cols(), lambda[0]);
    const Eigen::Index found = std::min<Eigen::Index>(count, (lambda.array() > least).count());
    variances = lambda.head(found);
    directions = L_ * solver.eigenvectors().rowwise().reverse().leftCols(found) * variances.cwiseSqrt().cwiseInverse().asDiagonal();
  }

 private:
  // Eigenvalues of a Gram matrix that are no larger are rounding.
  static double threshold(Eigen::Index size, double largest) {
    return static_cast<double>(size) * std::numeric_limits<double>::epsilon() * largest;
  }

  void truncate(const Eigen::MatrixXd& B, const Eigen::MatrixXd& F) {
    Eigen::MatrixXd all(n_, B.cols() + F.cols());
    all << B, F;
    if (all.cols() > rank_) {
      const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(all.transpose() * all));
      L_.noalias() = all * solver.eigenvectors().rightCols(rank_);
    } else {
      L_ = all;
    }
  }

  void nystrom(const Eigen::MatrixXd& B, const Eigen::VectorXd& q) {
    const Eigen::Index c = B.cols();
    Eigen::MatrixXd U(n_, rank_);
    U.leftCols(c) = B;
    if (c < rank_) U.rightCols(rank_ - c) = tangent::random_frame(n_, rank_ - c, seed_);
    orthonormaliser_.factor(U);
    Eigen::MatrixXd image = B * (B.transpose() * U);
    image += q.asDiagonal() * U;
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Eigen::MatrixXd(U.transpose() * image));
    const Eigen::VectorXd& lambda = solver.eigenvalues();
    const double least = threshold(n_, lambda[rank_ - 1]);
    const Eigen::VectorXd scale = (lambda.array() > least).select(lambda.cwiseMax(least).cwiseSqrt().cwiseInverse(), 0.0);
    L_.noalias() = image * (solver.eigenvectors() * scale.asDiagonal());
  }

  Eigen::Index n_, rank_;
  std::uint64_t seed_;
  tangent::orthonormaliser<double> orthonormaliser_;
  Eigen::MatrixXd L_;
  double largest_discarded_ = 0.0;
};

}  // namespace libration::inline LIBRATION_ABI::error::detail
