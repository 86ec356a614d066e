// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `memory::linear_capacity`: what the state of a linear recurrence holds of each of its past inputs, exactly.

#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// Options of `memory::linear_capacity`, declared in the order in which designated initialisers name them.
struct linear_capacity_options {
  /// Lags 0 .. lags - 1 that are listed, >= 0; 0: until all but 1e-9 of the total is listed, at most 100,000.
  Eigen::Index lags = 0;
  /// Variance P > 0 of the inputs, which are independent with mean 0.
  double power = 1.0;
  /// Variance σ² >= 0 of the noise that each step adds to each component; 0: none. Below about 1e-13 of the inputs' part of the
  /// state's variance it is lost in rounding (`not_resolved`).
  double noise = 0.0;
  /// Covariance of that noise in place of σ² I, shape (n, n), symmetric and positive semidefinite; empty: σ² I.
  Eigen::MatrixXd noise_covariance = {};
};

/// The memory of h' = W h + v u + noise in its stationary state.
struct [[nodiscard]] linear_capacity_result {
  /// `ok`; `not_resolved`: with noise, R is singular to rounding, and the numbers have lost most of their digits; `diverged`: the
  /// covariance of a state that grows for a while leaves the range of double, and all but the radius and `dimension` is unknown.
  libration::status status = libration::status::not_run;
  /// MC_k, the share of the variance of the input k steps ago that the best linear readout of the state explains, in [0, 1];
  /// k = 0: the input that the last step read.
  Eigen::VectorXd capacity;
  /// Mutual information of that input and the state where inputs and noise are normal, -½ log2(1 - MC_k), bits.
  Eigen::VectorXd bits;
  /// Σ MC_k over all k >= 0, beyond the listed ones too: `dimension` without noise, less with it.
  double total = std::numeric_limits<double>::quiet_NaN();
  /// Mutual information of all inputs together and the state, ½ log2(det R/det C), bits; infinite without noise. Apart from a delay
  /// line's it is not the sum of `bits`.
  double joint_bits = std::numeric_limits<double>::quiet_NaN();
  /// Of the space that inputs reach, the span of v, W v, W² v, ...: n for a generic pair, to rounding.
  Eigen::Index dimension = 0;
  /// Largest |eigenvalue| of W.
  double spectral_radius = std::numeric_limits<double>::quiet_NaN();
  /// Largest over smallest variance of the state, of R on the space that inputs reach; infinite where it exceeds what rounding
  /// shows (about 1e15). A readout needs the state to a relative precision of its inverse root: without noise the total is
  /// `dimension` however large this is, and a program that works in floating point, or a measurement, finds less.
  double condition = std::numeric_limits<double>::quiet_NaN();

  /// \return  the part of the total at lags that are not listed, >= 0
  double beyond() const { return total > capacity.sum() ? total - capacity.sum() : 0.0; }
};

namespace detail {

LIBRATION_DECLARED linear_capacity_result linear_capacity_of(const Eigen::MatrixXd& W, const Eigen::VectorXd& v,
                                                             const linear_capacity_options& options);

}  // namespace detail

/// The memory capacity of a linear recurrence: MC_k = P (W^k v)ᵀ R⁻¹ (W^k v), R = W R Wᵀ + P v vᵀ + σ² I the state's covariance.
///
/// Without noise the total is the dimension n of any generic pair (W, v), however W is chosen, and R is often singular to
/// rounding. It is then not computed from R: MC_k depends on the eigenvalues λ_j of W alone, on the space that inputs reach, and is
/// Σ_j |g_j(k)|² of a cascade of all-pass sections g' = λ_j g + √(1-|λ_j|²) x, y = √(1-|λ_j|²) g - λ̄_j x, each of which reads the
/// y of the one before it and the first the unit impulse. A step of the cascade is unitary.
///
/// \param W  shape (n, n), n >= 1, spectral radius below 1
/// \param v  shape (n): the direction in which an input moves the state
/// \return   `ok`, `not_resolved` or `diverged`
/// \throws argument_error  shapes, entries that are not finite, a spectral radius of 1 or more (the state has no stationary
///                         covariance), options out of range, a noise covariance that is not symmetric positive semidefinite
/// Accuracy:  without noise eps times the condition of the eigenvalues' symmetric functions, and the total is exact; with noise
///            eps times the condition of R. Against closed forms 1e-9 or better (tests/memory/linear_capacity.test.cpp)
/// Cost:      25 n³ operations, and as many n³ as the doubling takes, log2 of the memory's length; a lag O(n), with noise 2 n²
/// Source:    Jaeger 2002: the capacity and its bound; the form by R and the bits are that of a linear Gaussian channel; the
///            cascade gives the orthonormal basis of Takenaka and Malmquist of the space of the sequences q·W^k v, derived here
template <class Matrix, class Vector>
linear_capacity_result linear_capacity(const Eigen::MatrixBase<Matrix>& W, const Eigen::MatrixBase<Vector>& v,
                                       const linear_capacity_options& options = {}) {
  static_assert(Vector::ColsAtCompileTime == 1, "libration: linear_capacity takes one input: v is a column, shape (n)");
  return detail::linear_capacity_of(W.template cast<double>(), v.template cast<double>(), options);
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/linear_capacity.hpp>
#endif
