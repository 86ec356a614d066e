// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/covariance.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/scaling.hpp>
#include <libration/drift/covariance.hpp>
#include <libration/drift/definitions/detail/component_sums.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

/// μ, d² and b² of deviations and of their second moments M: S = C Cᵀ/divisor, or the Gram matrix Cᵀ C/divisor, whose squared norm
/// is the same.
///
/// \param n  components
LIBRATION_DECLARED ledoit_wolf_result shrinkage_of(const Eigen::MatrixXd& C, const Eigen::MatrixXd& M, double divisor) {
  const auto n = static_cast<double>(C.rows()), count = static_cast<double>(C.cols());
  ledoit_wolf_result r;
  r.mu = M.trace() / n;
  double squares = M.squaredNorm();
  // Of S itself no digits are lost; a Gram matrix has fewer rows than S, and S is then far from a multiple of the identity.
  if (M.rows() == C.rows()) {
    double apart = 0.0;
    for (Eigen::Index j = 0; j < M.cols(); ++j)
      for (Eigen::Index i = 0; i < M.rows(); ++i) {
        const double x = M(i, j) - (i == j ? r.mu : 0.0);
        apart += x * x;
      }
    r.d_squared = apart / n;
  } else {
    r.d_squared = std::max(0.0, squares / n - r.mu * r.mu);
  }
  double fourth = 0.0;
  for (Eigen::Index j = 0; j < C.cols(); ++j) {
    const double square = C.col(j).squaredNorm() / divisor;
    fourth += square * square;
  }
  r.b_squared = std::clamp((fourth * count - squares) / (n * divisor), 0.0, r.d_squared);
  r.weight = r.d_squared > 0.0 ? r.b_squared / r.d_squared : 0.0;
  return r;
}

/// Both triangles of C Cᵀ/divisor.
LIBRATION_DECLARED Eigen::MatrixXd second_moments(const Eigen::MatrixXd& C, double divisor) {
  Eigen::MatrixXd S = Eigen::MatrixXd::Zero(C.rows(), C.rows());
  S.selfadjointView<Eigen::Lower>().rankUpdate(C, 1.0 / divisor);
  for (Eigen::Index j = 1; j < S.cols(); ++j)
    for (Eigen::Index i = 0; i < j; ++i) S(i, j) = S(j, i);
  return S;
}

}  // namespace detail

LIBRATION_DEFINED ledoit_wolf_result ledoit_wolf(const Eigen::Ref<const Eigen::MatrixXd>& states) {
  constexpr std::string_view who = "drift::ledoit_wolf";
  require(states.rows() >= 1, who, "states have no components, expected at least 1");
  require(states.cols() >= 2, who, [&] { return number_text(states.cols()) + " states (columns), expected at least 2"; });
  for (Eigen::Index j = 0; j < states.cols(); ++j)
    require(states.col(j).allFinite(), who, [&] { return "column " + number_text(j) + " has a value that is not finite"; });
  Eigen::MatrixXd C = states;
  const int e = binary_exponent(C);
  scale_by_power_of_two(C, -e);
  const Eigen::VectorXd mean = C.rowwise().mean();
  C.colwise() -= mean;
  const auto count = static_cast<double>(C.cols());
  const Eigen::MatrixXd S = detail::second_moments(C, count);
  ledoit_wolf_result r = detail::shrinkage_of(C, S, count);
  r.mean = mean;
  r.covariance = (1.0 - r.weight) * S;
  r.covariance.diagonal().array() += r.weight * r.mu;
  r.status = r.mu > 0.0 ? status::ok : status::not_resolved;
  scale_by_power_of_two(r.mean, e);
  scale_by_power_of_two(r.covariance, 2 * e);
  r.mu = std::ldexp(r.mu, 2 * e);
  r.d_squared = std::ldexp(r.d_squared, 4 * e);
  r.b_squared = std::ldexp(r.b_squared, 4 * e);
  if (!r.covariance.allFinite()) r.status = status::diverged;
  return r;
}

LIBRATION_DEFINED void factored_covariance::factor_in_full(Eigen::MatrixXd S, int exponent) {
  const Eigen::VectorXd variances = S.diagonal();
  const Eigen::LLT<Eigen::MatrixXd> llt(S);
  status_ = llt.info() == Eigen::Success ? status::ok : status::not_resolved;
  factor_ = Eigen::MatrixXd(llt.matrixL());
  // A pivot over its variance is what the components before it leave unexplained.
  const double rounding = 4.0 * static_cast<double>(S.rows()) * std::numeric_limits<double>::epsilon();
  for (Eigen::Index i = 0; i < S.rows(); ++i)
    if (!(factor_(i, i) * factor_(i, i) > rounding * variances[i])) status_ = status::not_resolved;
  scale_by_power_of_two(factor_, exponent);
  if (!factor_.allFinite()) status_ = status::diverged;
  if (!(factor_.diagonal().minCoeff() >= std::numeric_limits<double>::min()) && status_ == status::ok)
    status_ = status::not_resolved;
}

/// \param vectors  shape (n, m), the eigenvectors of S that are known, ascending; orthogonal to rounding of the largest value
/// \param values   theirs, shape (m); all others are 0
/// \param scale, shift  of the values: those of Σ are scale λ + shift
LIBRATION_DEFINED void factored_covariance::keep_components(Eigen::MatrixXd vectors, const Eigen::VectorXd& values, double scale,
                                                            double shift, Eigen::Index rank, int exponent) {
  const Eigen::Index n = vectors.rows(), m = values.size();
  const double largest = m > 0 ? std::max(values[m - 1], 0.0) : 0.0;
  const double rounding = static_cast<double>(std::max(n, m)) * std::numeric_limits<double>::epsilon() * largest;
  Eigen::Index kept = 0;
  while (kept < std::min(rank, m) && values[m - 1 - kept] > rounding) ++kept;
  status_ = kept > 0 ? status::ok : status::not_resolved;
  factor_.resize(n, kept);
  variances_.resize(kept);
  for (Eigen::Index i = 0; i < kept; ++i) {
    factor_.col(i) = vectors.col(m - 1 - i);
    // Twice: vectors from a Gram matrix lose orthogonality where their values are small.
    for (int pass = 0; pass < 2; ++pass) {
      const Eigen::VectorXd along = factor_.leftCols(i).transpose() * factor_.col(i);
      factor_.col(i) -= factor_.leftCols(i) * along;
      factor_.col(i).normalize();
    }
    variances_[i] = scale * values[m - 1 - i] + shift;
  }
  double rest = 0.0;
  for (Eigen::Index i = kept; i < m; ++i) rest += std::max(values[m - 1 - i], 0.0);
  residual_variance_ = kept < n ? scale * rest / static_cast<double>(n - kept) + shift : 0.0;
  const double least = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * (scale * largest + shift);
  if (kept < n && !(residual_variance_ > least)) status_ = status::not_resolved;
  if (kept > 0 && !(variances_[kept - 1] > least)) status_ = status::not_resolved;
  scale_by_power_of_two(variances_, 2 * exponent);
  residual_variance_ = std::ldexp(residual_variance_, 2 * exponent);
  if (status_ != status::ok) return;
  // Squares of deviations must stay in range.
  constexpr double low = 1e-280, high = 1e280;
  if (variances_[0] > high) status_ = status::diverged;
  if (variances_[kept - 1] < low || (kept < n && residual_variance_ < low)) status_ = status::not_resolved;
}

LIBRATION_DEFINED factored_covariance factored_covariance::of(Eigen::MatrixXd C, const covariance_options& options) {
  constexpr std::string_view who = "drift::factored_covariance";
  const Eigen::Index n = C.rows(), count = C.cols();
  require(n >= 1 && count >= 1, who, [&] {
    return "deviations have the shape (" + number_text(n) + ", " + number_text(count) + "), expected at least one row and column";
  });
  require(C.allFinite(), who, "the deviations have a value that is not finite");
  const option_check check(who);
  if (options.shrinkage) check(*options.shrinkage >= 0.0 && *options.shrinkage <= 1.0, "shrinkage", *options.shrinkage, "0 to 1");
  check(options.ridge >= 0.0 && std::isfinite(options.ridge), "ridge", options.ridge, "a finite number, >= 0");
  check(options.rank >= 0 && options.rank <= n, "rank", options.rank, "0 to " + number_text(n) + " (the components of a state)");
  check(options.divisor >= 0.0 && std::isfinite(options.divisor), "divisor", options.divisor, "a positive number, or 0");
  const double divisor = options.divisor > 0.0 ? options.divisor : static_cast<double>(count);
  const bool gram = options.rank > 0 && count < n;
  const auto side = static_cast<double>(gram ? count : n);
  require_memory(3.0 * side * side * sizeof(double), who, "the covariance", "a smaller .rank, or fewer states");

  factored_covariance result;
  const int e = binary_exponent(C);
  scale_by_power_of_two(C, -e);
  Eigen::MatrixXd M;
  if (gram) {
    M = Eigen::MatrixXd::Zero(count, count);
    M.selfadjointView<Eigen::Lower>().rankUpdate(C.transpose(), 1.0 / divisor);
    for (Eigen::Index j = 1; j < count; ++j)
      for (Eigen::Index i = 0; i < j; ++i) M(i, j) = M(j, i);
  } else {
    M = detail::second_moments(C, divisor);
  }
  const ledoit_wolf_result shrunk = detail::shrinkage_of(C, M, divisor);
  const double weight = options.shrinkage ? *options.shrinkage : shrunk.weight;
  const double shift = weight * shrunk.mu + std::ldexp(options.ridge, -2 * e);
  result.shrinkage_ = weight;
  if (!(shrunk.mu > 0.0) && !(shift > 0.0)) {
    result.factor_ = Eigen::MatrixXd::Zero(n, options.rank > 0 ? 0 : n);
    result.status_ = status::not_resolved;
    return result;
  }
  if (options.rank == 0) {
    M *= 1.0 - weight;
    M.diagonal().array() += shift;
    result.factor_in_full(std::move(M), e);
    return result;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(M);
  const Eigen::VectorXd& values = solver.eigenvalues();
  if (gram) {
    // S and the Gram matrix share their eigenvalues; C v is an eigenvector of S. Those that may be kept are the last ones.
    const Eigen::Index last = std::min(options.rank, count);
    Eigen::MatrixXd vectors = Eigen::MatrixXd::Zero(n, count);
    vectors.rightCols(last).noalias() = C * solver.eigenvectors().rightCols(last);
    for (Eigen::Index j = count - last; j < count; ++j) vectors.col(j).normalize();
    result.keep_components(std::move(vectors), values, 1.0 - weight, shift, options.rank, e);
  } else {
    result.keep_components(solver.eigenvectors(), values, 1.0 - weight, shift, options.rank, e);
  }
  return result;
}

LIBRATION_DEFINED factored_covariance factored_covariance::from_factor(Eigen::MatrixXd factor) {
  constexpr std::string_view who = "drift::factored_covariance";
  require(factor.rows() >= 1 && factor.rows() == factor.cols(), who, [&] {
    return "the factor has the shape (" + number_text(factor.rows()) + ", " + number_text(factor.cols()) + "), expected a square";
  });
  for (Eigen::Index j = 0; j < factor.cols(); ++j) {
    require(factor.col(j).allFinite(), who, [&] { return "column " + number_text(j) + " of the factor is not finite"; });
    require(factor(j, j) > 0.0 && (factor.col(j).head(j).array() == 0.0).all(), who,
            [&] { return "column " + number_text(j) + " of the factor: expected a positive diagonal and zeros above it"; });
  }
  factored_covariance result;
  result.factor_ = std::move(factor);
  result.status_ = status::ok;
  return result;
}

LIBRATION_DEFINED factored_covariance factored_covariance::from_components(Eigen::MatrixXd vectors, Eigen::VectorXd variances,
                                                                           double residual_variance) {
  constexpr std::string_view who = "drift::factored_covariance";
  const Eigen::Index n = vectors.rows(), r = vectors.cols();
  require(r >= 1 && r <= n && variances.size() == r, who, [&] {
    return "vectors of the shape (" + number_text(n) + ", " + number_text(r) + ") and " + number_text(variances.size()) +
           " variances, expected one for each of 1 to n vectors of n components";
  });
  require(vectors.allFinite(), who, "the vectors have a value that is not finite");
  require((variances.array() > 0.0).all() && variances.allFinite(), who, "the variances must be positive and finite");
  require(r == n || (residual_variance > 0.0 && std::isfinite(residual_variance)), who,
          [&] { return "the residual variance is " + number_text(residual_variance) + ", expected a positive number"; });
  Eigen::MatrixXd products = vectors.transpose() * vectors;
  products.diagonal().array() -= 1.0;
  require(products.cwiseAbs().maxCoeff() < 1e-6, who, "the vectors are not orthonormal");
  factored_covariance result;
  result.factor_ = std::move(vectors);
  result.variances_ = std::move(variances);
  result.residual_variance_ = r < n ? residual_variance : 0.0;
  result.status_ = status::ok;
  return result;
}

LIBRATION_DEFINED Eigen::MatrixXd factored_covariance::matrix() const {
  if (full()) return factor_ * factor_.transpose();
  Eigen::MatrixXd weighted = factor_;
  for (Eigen::Index i = 0; i < rank(); ++i) weighted.col(i) *= variances_[i] - residual_variance_;
  Eigen::MatrixXd S = weighted * factor_.transpose();
  S.diagonal().array() += residual_variance_;
  return S;
}

LIBRATION_DEFINED double factored_covariance::squared_norm(workspace& ws) const {
  if (status_ != status::ok || !ws.deviation.allFinite()) return std::numeric_limits<double>::quiet_NaN();
  if (full()) {
    factor_.triangularView<Eigen::Lower>().solveInPlace(ws.deviation);
    return ws.deviation.squaredNorm();
  }
  const detail::component_sum sum = detail::component_sum_of(factor_, variances_, ws.deviation, ws.scores.head(rank()));
  return rank() < size() ? sum.t_squared + sum.spe / residual_variance_ : sum.t_squared;
}

}  // namespace libration::inline LIBRATION_ABI::drift
