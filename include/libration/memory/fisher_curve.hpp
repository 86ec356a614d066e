// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `memory::fisher_curve`: how sharply the noisy state of a linear recurrence shows each of its past inputs, exactly.

#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// Options of `memory::fisher_curve`, declared in the order in which designated initialisers name them.
struct fisher_curve_options {
  /// Lags 0 .. lags - 1 that are listed, >= 0; 0: until all but 1e-9 of the total is listed, at most 100,000.
  Eigen::Index lags = 0;
  /// Variance σ² > 0 of the noise that each step adds to each component.
  double noise = 1.0;
  /// Covariance of that noise in place of σ² I, shape (n, n), symmetric and positive semidefinite; empty: σ² I.
  Eigen::MatrixXd noise_covariance = {};
};

/// The Fisher memory of h' = W h + v u + noise in its stationary state.
struct [[nodiscard]] fisher_curve_result {
  /// `ok`; `not_resolved`: C is singular to rounding, and the numbers have lost most of their digits; `diverged`: C leaves the
  /// range of double, and all but the radius is unknown.
  libration::status status = libration::status::not_run;
  /// J(k), the Fisher information of the state on the input k steps ago, in inverse squares of the input's unit; k = 0: the input
  /// that the last step read.
  Eigen::VectorXd information;
  /// Σ J(k) over all k >= 0, beyond the listed ones too: |v|²/σ² for every normal W, and at most n times that.
  double total = std::numeric_limits<double>::quiet_NaN();
  /// Largest |eigenvalue| of W.
  double spectral_radius = std::numeric_limits<double>::quiet_NaN();
  /// Estimate of the condition of C (1-norm).
  double condition = std::numeric_limits<double>::quiet_NaN();

  /// \return  the part of the total at lags that are not listed, >= 0
  double beyond() const { return total > information.sum() ? total - information.sum() : 0.0; }
};

namespace detail {

LIBRATION_DECLARED fisher_curve_result fisher_curve_of(const Eigen::MatrixXd& W, const Eigen::VectorXd& v,
                                                       const fisher_curve_options& options);

}  // namespace detail

/// The Fisher memory curve of a linear recurrence: J(k) = (W^k v)ᵀ C⁻¹ (W^k v), C = W C Wᵀ + σ² I the noise's covariance in the
/// state. Half of it over ln 2 are the bits that inputs of small variance, a unit each, leave in the state.
///
/// \param W  shape (n, n), n >= 1, spectral radius below 1
/// \param v  shape (n): the direction in which an input moves the state
/// \return   `ok`, `not_resolved` or `diverged`
/// \throws argument_error  shapes, entries that are not finite, a spectral radius of 1 or more, options out of range, a noise
///                         covariance that is not symmetric positive semidefinite, or one whose C is singular: noise that never
///                         reaches some direction of the state, in which J would be infinite
/// Accuracy:  eps times the condition of C; against closed forms 1e-9 or better (tests/memory/fisher_curve.test.cpp)
/// Cost:      10 n³ operations, and as many n³ as the doubling takes, log2 of the memory's length; a lag 2 n²
/// Source:    Ganguli et al. 2008
template <class Matrix, class Vector>
fisher_curve_result fisher_curve(const Eigen::MatrixBase<Matrix>& W, const Eigen::MatrixBase<Vector>& v,
                                 const fisher_curve_options& options = {}) {
  static_assert(Vector::ColsAtCompileTime == 1, "libration: fisher_curve takes one input: v is a column, shape (n)");
  return detail::fisher_curve_of(W.template cast<double>(), v.template cast<double>(), options);
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/fisher_curve.hpp>
#endif
