// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A covariance kept as a factor of few columns, and what is done to keep it so.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/noise_covariance.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// L of at most r columns with L Lᵀ <= P (in the order of semidefinite matrices).
class covariance_factor {
 public:
  covariance_factor(Eigen::Index n, Eigen::Index rank, std::uint64_t seed)
      : n_(n), rank_(rank), seed_(seed), L_(n, 0) {}

  const Eigen::MatrixXd& factor() const { return L_; }
  double largest_discarded() const { return largest_discarded_; }

  /// L becomes a factor of at most r columns of M = B Bᵀ + Q.
  ///
  /// A factor Q of few columns: the leading r eigenpairs of M. Variances: M U (Uᵀ M U)^-1 Uᵀ M, the Nyström approximation on the
  /// span U of B, which is below M and equals its leading eigenpairs for isotropic noise.
  ///
  /// \param B  shape (n, c), c <= r
  /// \return   tr M
  LIBRATION_DECLARED double compress(const Eigen::MatrixXd& B, const noise_covariance& Q);

  /// L becomes B + Q^½ Ξ, r columns of it, Ξ normal with variance 1/r: each column times √r is one error.
  ///
  /// \param B  shape (n, r)
  /// \param t  the step: other steps, other numbers
  LIBRATION_DECLARED void sample(const Eigen::MatrixXd& B, const noise_covariance& Q, std::int64_t t);

  /// The standard error of ‖L‖² as an estimate of tr P from independent columns.
  LIBRATION_DECLARED double sampling_error() const;

  /// The leading eigenpairs of L Lᵀ, as many as there are up to `count`.
  LIBRATION_DECLARED void leading(Eigen::Index count, Eigen::VectorXd& variances, Eigen::MatrixXd& directions) const;

 private:
  Eigen::Index n_, rank_;
  std::uint64_t seed_;
  Eigen::MatrixXd L_;
  double largest_discarded_ = 0.0;
};

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/covariance_factor.hpp>
#endif
