// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What the measurements of h' = W h + v u + noise have in common: checks, the stationary covariance, quadratic forms along W^k v.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/eigenvalue_moduli.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

/// Lags that are listed where none are asked for, at most.
inline constexpr Eigen::Index most_lags = 100'000;
/// The part of the total that may stay unlisted there.
inline constexpr double unlisted = 1e-9;

/// \return  the spectral radius
LIBRATION_DECLARED double check_recurrence(const Eigen::MatrixXd& W, const Eigen::VectorXd& v, std::string_view who) {
  require(W.rows() == W.cols() && W.rows() >= 1, who, [&] {
    return "W is " + number_text(W.rows()) + " x " + number_text(W.cols()) + ", expected a square matrix of at least one row";
  });
  require_rows(v.rows(), W.rows(), who, "v", "the rows of W");
  require(W.allFinite(), who, "W has an entry that is not finite");
  require(v.allFinite(), who, "v has an entry that is not finite");
  const double radius = maps::spectral_radius(W);
  require(radius < 1.0, who, [&] {
    return "the spectral radius of W is " + number_text(radius, 6) +
           ", expected below 1: the state has no stationary covariance otherwise";
  });
  return radius;
}

/// The noise's covariance of options that have `.noise` and `.noise_covariance`.
template <class Options>
Eigen::MatrixXd noise_of(const Options& options, Eigen::Index n, std::string_view who) {
  const Eigen::MatrixXd& Q = options.noise_covariance;
  if (Q.size() == 0) return options.noise * Eigen::MatrixXd::Identity(n, n);
  require(Q.rows() == n && Q.cols() == n, who, [&] {
    return ".noise_covariance is " + number_text(Q.rows()) + " x " + number_text(Q.cols()) + ", expected " + number_text(n) +
           " x " + number_text(n) + " (the rows of W)";
  });
  require(Q.allFinite(), who, ".noise_covariance has an entry that is not finite");
  const double largest = Q.cwiseAbs().maxCoeff();
  const double skew = (Q - Q.transpose()).cwiseAbs().maxCoeff();
  const double rounding = 16.0 * static_cast<double>(n) * std::numeric_limits<double>::epsilon();
  require(skew <= rounding * largest, who, [&] {
    return ".noise_covariance is not symmetric: entries differ by " + number_text(skew, 3) + " from their mirror images";
  });
  const double smallest =
      Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(Q, Eigen::EigenvaluesOnly).eigenvalues().minCoeff();
  require(smallest >= -rounding * largest, who, [&] {
    return ".noise_covariance has the eigenvalue " + number_text(smallest, 6) + ", expected a positive semidefinite matrix";
  });
  return 0.5 * (Q + Q.transpose());
}

/// The solution of X = W X Wᵀ + Q, Σ_k W^k Q W^kᵀ, by doubling; every term is positive semidefinite.
///
/// \return  false where it leaves the range of double
LIBRATION_DECLARED bool stationary_covariance(Eigen::MatrixXd W, Eigen::MatrixXd Q, Eigen::MatrixXd& X) {
  X.swap(Q);
  Eigen::MatrixXd half(X.rows(), X.cols()), added(X.rows(), X.cols());
  for (int doubling = 0; doubling < 64; ++doubling) {
    half.noalias() = W * X;
    added.noalias() = half * W.transpose();
    X += added;
    if (!X.allFinite()) return false;
    // By components, whose variances may be of any sizes.
    if ((added.diagonal().array() <= 1e-3 * std::numeric_limits<double>::epsilon() * X.diagonal().array()).all()) break;
    half.noalias() = W * W;
    W.swap(half);
    if (!W.allFinite()) return false;
  }
  added = X.transpose();
  X = 0.5 * (X + added);
  return true;
}

/// |L⁻¹ W^k v|² for k = 0, 1, ...; M = L Lᵀ.
///
/// \param lags   as many; 0: until the sum is all but `unlisted` of the total
LIBRATION_DECLARED Eigen::VectorXd quadratic_curve(const Eigen::MatrixXd& W, Eigen::VectorXd v,
                                                   const Eigen::LLT<Eigen::MatrixXd>& M, double factor, Eigen::Index lags,
                                                   double total) {
  const Eigen::Index most = lags > 0 ? lags : most_lags;
  Eigen::VectorXd curve(most), y(v.size());
  double sum = 0.0;
  Eigen::Index k = 0;
  for (; k < most; ++k) {
    if (lags == 0 && k > 0 && total - sum <= unlisted * total) break;
    y = v;
    M.matrixL().solveInPlace(y);
    curve[k] = factor * y.squaredNorm();
    sum += curve[k];
    y.noalias() = W * v;
    v.swap(y);
  }
  curve.conservativeResize(k);
  return curve;
}

/// tr(M⁻¹ G), both symmetric.
LIBRATION_DECLARED double trace_of_quotient(const Eigen::LLT<Eigen::MatrixXd>& M, const Eigen::MatrixXd& G) {
  return M.solve(G).trace();
}

/// log2 det M.
LIBRATION_DECLARED double log2_determinant(const Eigen::LLT<Eigen::MatrixXd>& M) {
  return 2.0 * M.matrixLLT().diagonal().array().log2().sum();
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail
