// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The covariance of an error that is made at a step, or before the first: isotropic, diagonal, a matrix, or a factor.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/error/detail/square.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// A covariance Q of n components, held as variances or as a factor F of few columns, Q = F Fᵀ.
///
/// A number is a standard deviation, the same for all components, Q = s² I; a vector is one for each. What a format of few
/// bits adds in a step is `maps::number_format::error_deviation`.
class noise_covariance {
 public:
  /// \param deviation  s, 0, or > 0 and with a square in the range of double
  noise_covariance(double deviation) : noise_covariance(Eigen::VectorXd(Eigen::VectorXd::Constant(1, deviation))) {
    isotropic_ = true;
  }
  /// \param deviations  shape (n), each as that
  noise_covariance(const Eigen::VectorXd& deviations);

  /// \param Q  shape (n, n), symmetric and positive semidefinite, both to n eps of its largest eigenvalue
  /// \throws argument_error  for one that is not
  /// Cost: its eigenvalues and vectors, once, about 9 n³ operations
  template <class Derived>
  static noise_covariance matrix(const Eigen::MatrixBase<Derived>& given) {
    const Eigen::MatrixXd Q = given;
    detail::require_square(Q, who, "Q");
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(Q);
    const Eigen::VectorXd& lambda = solver.eigenvalues();
    const double rounding = 4.0 * static_cast<double>(Q.rows()) * std::numeric_limits<double>::epsilon() *
                            std::max(std::abs(lambda[0]), std::abs(lambda[lambda.size() - 1]));
    require((Q - Q.transpose()).cwiseAbs().maxCoeff() <= rounding, who, "Q is not symmetric");
    require(lambda[0] >= -rounding, who,
            [&] { return "Q has the eigenvalue " + number_text(lambda[0], 6) + ", expected none below 0"; });
    const Eigen::Index rank = (lambda.array() > rounding).count();
    return factor(solver.eigenvectors().rightCols(rank) * lambda.tail(rank).cwiseSqrt().asDiagonal());
  }

  /// \param F  shape (n, q), finite; Q = F Fᵀ
  LIBRATION_DECLARED static noise_covariance factor(Eigen::MatrixXd F);

  /// Whether it is held as a factor.
  bool factored() const { return factored_; }
  /// F, shape (n, q)
  const Eigen::MatrixXd& factor() const { return factor_; }
  /// Whether it is 0.
  bool zero() const { return factored_ ? factor_.size() == 0 || factor_.isZero(0.0) : variances_.isZero(0.0); }
  /// The variances of the n components, where it is not held as a factor; shape (n)
  Eigen::VectorXd variances(Eigen::Index n) const { return isotropic_ ? Eigen::VectorXd::Constant(n, variances_[0]) : variances_; }
  /// tr Q for n components
  LIBRATION_DECLARED double trace(Eigen::Index n) const;

  /// \throws argument_error where it is of another number of components than n
  LIBRATION_DECLARED void check_rows(Eigen::Index n, std::string_view caller, std::string_view name) const;

 private:
  static constexpr std::string_view who = "error::noise_covariance";

  Eigen::VectorXd variances_;
  Eigen::MatrixXd factor_;
  bool isotropic_ = false, factored_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/noise_covariance.hpp>
#endif
