// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The covariance of an error that is made at a step, or before the first: isotropic, diagonal, a matrix, or a factor.

#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// A covariance Q of n components, held as variances or as a factor F of few columns, Q = F Fᵀ.
///
/// A number is a standard deviation, the same for all components, Q = s² I; a vector is one for each. What a format of few
/// bits adds in a step is `maps::number_format::error_deviation`.
class noise_covariance {
 public:
  /// \param deviation  s, 0, or > 0 and with a square in the range of double
  LIBRATION_DECLARED noise_covariance(double deviation);
  /// \param deviations  shape (n), each as that
  LIBRATION_DECLARED noise_covariance(const Eigen::VectorXd& deviations);

  /// \param Q  shape (n, n), symmetric and positive semidefinite, both to n eps of its largest eigenvalue
  /// \throws argument_error  for one that is not
  /// Cost: its eigenvalues and vectors, once, about 9 n³ operations
  LIBRATION_DECLARED static noise_covariance matrix(const Eigen::MatrixXd& Q);

  /// \param F  shape (n, q), finite; Q = F Fᵀ
  LIBRATION_DECLARED static noise_covariance factor(Eigen::MatrixXd F);

  /// Whether it is held as a factor.
  bool factored() const { return factored_; }
  /// F, shape (n, q)
  const Eigen::MatrixXd& factor() const { return factor_; }
  /// Whether it is 0.
  LIBRATION_DECLARED bool zero() const;
  /// The variances of the n components, where it is not held as a factor; shape (n)
  LIBRATION_DECLARED Eigen::VectorXd variances(Eigen::Index n) const;
  /// tr Q for n components
  LIBRATION_DECLARED double trace(Eigen::Index n) const;

  /// \throws argument_error where it is of another number of components than n
  LIBRATION_DECLARED void check_rows(Eigen::Index n, std::string_view caller, std::string_view name) const;

 private:
  // The square of each deviation, checked.
  LIBRATION_DECLARED static Eigen::VectorXd squares_of(const Eigen::VectorXd& deviations);

  static constexpr std::string_view who = "error::noise_covariance";

  Eigen::VectorXd variances_;
  Eigen::MatrixXd factor_;
  bool isotropic_ = false, factored_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/noise_covariance.hpp>
#endif
