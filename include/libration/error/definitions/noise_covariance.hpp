// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/noise_covariance.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/error/detail/square.hpp>
#include <libration/error/noise_covariance.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// F of Q = F Fᵀ. A template on the number's type, so that only a program that calls it compiles the decomposition.
template <class Real>
Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> factor_of(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& Q,
                                                              std::string_view who) {
  require_square(Q, who, "Q");
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>> solver(Q);
  const auto& lambda = solver.eigenvalues();
  const double rounding = 4.0 * static_cast<double>(Q.rows()) * std::numeric_limits<double>::epsilon() *
                          std::max(std::abs(lambda[0]), std::abs(lambda[lambda.size() - 1]));
  require((Q - Q.transpose()).cwiseAbs().maxCoeff() <= rounding, who, "Q is not symmetric");
  require(lambda[0] >= -rounding, who,
          [&] { return "Q has the eigenvalue " + number_text(lambda[0], 6) + ", expected none below 0"; });
  const Eigen::Index rank = (lambda.array() > rounding).count();
  return solver.eigenvectors().rightCols(rank) * lambda.tail(rank).cwiseSqrt().asDiagonal();
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED noise_covariance::noise_covariance(double deviation)
    : noise_covariance(Eigen::VectorXd(Eigen::VectorXd::Constant(1, deviation))) {
  isotropic_ = true;
}

LIBRATION_DEFINED noise_covariance::noise_covariance(const Eigen::VectorXd& deviations) : variances_(squares_of(deviations)) {}

LIBRATION_DEFINED Eigen::VectorXd noise_covariance::squares_of(const Eigen::VectorXd& deviations) {
  Eigen::VectorXd squares(deviations.size());
  for (Eigen::Index i = 0; i < deviations.size(); ++i) {
    squares[i] = deviations[i] * deviations[i];
    require(deviations[i] == 0.0 || (deviations[i] > 0.0 && std::isnormal(squares[i])), who, [&] {
      return "standard deviation " + number_text(i) + " is " + number_text(deviations[i]) +
             ", expected 0, or a number > 0 whose square is finite and not subnormal";
    });
  }
  return squares;
}

LIBRATION_DEFINED noise_covariance noise_covariance::matrix(const Eigen::MatrixXd& Q) {
  return factor(detail::factor_of<double>(Q, who));
}

LIBRATION_DEFINED noise_covariance noise_covariance::factor(Eigen::MatrixXd F) {
  require(F.rows() > 0 && F.allFinite(), who, "the factor is empty or has an entry that is not finite");
  require(F.isZero(0.0) || std::isnormal(F.squaredNorm()), who, "the factor's squares leave the range of double");
  noise_covariance made(Eigen::VectorXd(0));
  made.factor_ = std::move(F);
  made.factored_ = true;
  return made;
}

LIBRATION_DEFINED bool noise_covariance::zero() const {
  return factored_ ? factor_.size() == 0 || factor_.isZero(0.0) : variances_.isZero(0.0);
}

LIBRATION_DEFINED Eigen::VectorXd noise_covariance::variances(Eigen::Index n) const {
  Eigen::VectorXd all = variances_;
  if (isotropic_) all.setConstant(n, variances_[0]);
  return all;
}

LIBRATION_DEFINED double noise_covariance::trace(Eigen::Index n) const {
  if (factored_) return factor_.squaredNorm();
  return isotropic_ ? static_cast<double>(n) * variances_[0] : variances_.sum();
}

LIBRATION_DEFINED void noise_covariance::check_rows(Eigen::Index n, std::string_view caller, std::string_view name) const {
  if (factored_)
    require_rows(factor_.rows(), n, caller, name, "the map's dimension");
  else if (!isotropic_)
    require_rows(variances_.rows(), n, caller, name, "the map's dimension");
}

}  // namespace libration::inline LIBRATION_ABI::error
