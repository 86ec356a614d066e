// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/linear_capacity.hpp declares.

#include <algorithm>
#include <cmath>
#include <complex>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/memory/definitions/detail/linear_recurrence.hpp>
#include <libration/memory/linear_capacity.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

/// W on the space that inputs reach, in the orthonormal basis of Arnoldi's process from v, orthogonalised twice: an unreduced
/// Hessenberg matrix, shape (m, m), of which v is a multiple of the first unit vector.
LIBRATION_DECLARED Eigen::MatrixXd reached_part(const Eigen::MatrixXd& W, const Eigen::VectorXd& v) {
  const Eigen::Index n = W.rows();
  const double length = v.stableNorm();
  if (!(length > 0.0)) return {};
  Eigen::MatrixXd Q(n, n), H = Eigen::MatrixXd::Zero(n, n);
  Q.col(0) = v / length;
  const double nothing = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * W.norm();
  Eigen::VectorXd next(n), part(n);
  for (Eigen::Index j = 0; j < n; ++j) {
    next.noalias() = W * Q.col(j);
    for (int pass = 0; pass < 2; ++pass) {
      part.head(j + 1).noalias() = Q.leftCols(j + 1).transpose() * next;
      next.noalias() -= Q.leftCols(j + 1) * part.head(j + 1);
      H.col(j).head(j + 1) += part.head(j + 1);
    }
    const double rest = next.norm();
    if (j + 1 == n || !(rest > nothing)) return H.topLeftCorner(j + 1, j + 1);
    H(j + 1, j) = rest;
    Q.col(j + 1) = next / rest;
  }
  return H;
}

/// MC_k without noise, of the eigenvalues of W on the space that inputs reach; `bits` from 1 - MC_k, which is what the cascade has
/// let through.
LIBRATION_DECLARED void write_noiseless(const Eigen::VectorXcd& eigenvalues, Eigen::Index lags, linear_capacity_result& result) {
  const Eigen::Index m = eigenvalues.size(), most = lags > 0 ? lags : most_lags;
  std::vector<double> capacity, bits;
  std::vector<std::complex<double>> g(static_cast<std::size_t>(m));
  std::vector<double> s(static_cast<std::size_t>(m));
  for (Eigen::Index j = 0; j < m; ++j) {
    const double size = std::abs(eigenvalues[j]);
    s[static_cast<std::size_t>(j)] = std::sqrt(std::max(0.0, (1.0 - size) * (1.0 + size)));
  }
  double passed = 0.0, sum = 0.0;
  for (Eigen::Index k = 0; k < most; ++k) {
    if (lags == 0 && k > 0 && result.total - sum <= unlisted * result.total) break;
    std::complex<double> x = k == 0 ? 1.0 : 0.0;
    double held = 0.0;
    for (Eigen::Index j = 0; j < m; ++j) {
      const auto i = static_cast<std::size_t>(j);
      const std::complex<double> y = s[i] * g[i] - std::conj(eigenvalues[j]) * x;
      g[i] = eigenvalues[j] * g[i] + s[i] * x;
      x = y;
      held += std::norm(g[i]);
    }
    passed = std::min(1.0, passed + std::norm(x));
    capacity.push_back(std::min(held, 1.0));
    bits.push_back(-0.5 * std::log2(held < 0.5 ? 1.0 - held : passed));
    sum += capacity.back();
  }
  result.capacity = Eigen::Map<const Eigen::VectorXd>(capacity.data(), static_cast<Eigen::Index>(capacity.size()));
  result.bits = Eigen::Map<const Eigen::VectorXd>(bits.data(), static_cast<Eigen::Index>(bits.size()));
}

/// Largest over smallest eigenvalue of a covariance.
LIBRATION_DECLARED double condition_of(const Eigen::MatrixXd& R) {
  const Eigen::VectorXd variances = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(R, Eigen::EigenvaluesOnly).eigenvalues();
  const double largest = variances[variances.size() - 1];
  const double rounding = static_cast<double>(R.rows()) * std::numeric_limits<double>::epsilon();
  return variances[0] > rounding * largest ? largest / variances[0] : std::numeric_limits<double>::infinity();
}

LIBRATION_DEFINED linear_capacity_result linear_capacity_of(const Eigen::MatrixXd& W, const Eigen::VectorXd& v,
                                                            const linear_capacity_options& options) {
  constexpr std::string_view who = "memory::linear_capacity";
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const option_check check(who);
  check(options.lags >= 0, "lags", options.lags, ">= 0");
  check(options.power > 0.0 && options.power < infinity, "power", options.power, "finite and > 0");
  check(options.noise >= 0.0 && options.noise < infinity, "noise", options.noise, "finite and >= 0");
  linear_capacity_result result;
  result.spectral_radius = check_recurrence(W, v, who);
  const Eigen::MatrixXd noise = noise_of(options, W.rows(), who);
  const Eigen::MatrixXd reached = reached_part(W, v);
  result.dimension = reached.rows();
  if (noise.isZero(0.0)) {
    result.total = static_cast<double>(result.dimension);
    result.joint_bits = result.dimension > 0 ? infinity : 0.0;
    if (result.dimension == 0) {
      result.capacity = result.bits = Eigen::VectorXd::Zero(options.lags);
      result.condition = 1.0;
      result.status = status::ok;
      return result;
    }
    write_noiseless(Eigen::EigenSolver<Eigen::MatrixXd>(reached, false).eigenvalues(), options.lags, result);
    Eigen::MatrixXd first = Eigen::MatrixXd::Zero(result.dimension, result.dimension), R;
    first(0, 0) = 1.0;
    result.condition = stationary_covariance(reached, first, R) ? condition_of(R) : infinity;
    result.status = status::ok;
    return result;
  }
  Eigen::MatrixXd C, G;
  if (!stationary_covariance(W, noise, C) || !stationary_covariance(W, options.power * v * v.transpose(), G)) {
    result.status = status::diverged;
    return result;
  }
  const Eigen::MatrixXd R = C + G;
  result.condition = condition_of(R);
  const Eigen::LLT<Eigen::MatrixXd> factor(R), of_noise(C);
  result.status = std::isfinite(result.condition) && factor.info() == Eigen::Success ? status::ok : status::not_resolved;
  if (factor.info() != Eigen::Success) return result;
  result.total = trace_of_quotient(factor, G);
  // Noise that does not reach every direction leaves some function of the inputs without any.
  result.joint_bits = of_noise.info() == Eigen::Success ? 0.5 * (log2_determinant(factor) - log2_determinant(of_noise)) : infinity;
  result.capacity = quadratic_curve(W, v, factor, options.power, options.lags, result.total).cwiseMin(1.0);
  result.bits = -0.5 * (1.0 - result.capacity.array()).log2();
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail
