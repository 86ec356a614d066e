// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/covariance.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/error/covariance.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// Templates on the number's type, so that only a program that calls them compiles their expressions.
template <class Real>
Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> gram_of_rows(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& F) {
  return F * F.transpose();
}
template <class Real>
void set_symmetric_part(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& A,
                        Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& part) {
  part = 0.5 * (A + A.transpose());
}
template <class Real>
void leading_eigenpairs(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& P, Eigen::Index count,
                        Eigen::Matrix<Real, Eigen::Dynamic, 1>& values,
                        Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& vectors) {
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>> solver(P);
  values = solver.eigenvalues().reverse().head(count).cwiseMax(0.0);
  vectors = solver.eigenvectors().rowwise().reverse().leftCols(count);
}
template <class Real = double>
Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> dense(const noise_covariance& Q, Eigen::Index n) {
  if (Q.factored()) return gram_of_rows<Real>(Q.factor());
  const Eigen::Matrix<Real, Eigen::Dynamic, 1> variances = Q.variances(n);
  return variances.asDiagonal();
}

LIBRATION_DEFINED covariance_recursion::covariance_recursion(const covariance_options& options, Eigen::Index n)
    : options_(options), n_(n), factor_(n, std::max<Eigen::Index>(options.rank, 1), options.seed) {}

LIBRATION_DEFINED void covariance_recursion::start(std::int64_t steps) {
  total_.reserve(static_cast<std::size_t>(std::min<std::int64_t>(steps, 1 << 20) + 1));
  if (whole()) {
    matrix_.setZero(n_, n_);
    noise_ = dense(options_.noise, n_);
    matrix_ += dense(options_.initial, n_);
    total_.push_back(matrix_.trace());
  } else if (sampled()) {
    factor_.sample(Eigen::MatrixXd::Zero(n_, options_.rank), options_.initial, 0);
    record_sample();
  } else {
    total_.push_back(factor_.compress(Eigen::MatrixXd(n_, 0), options_.initial));
  }
}

LIBRATION_DEFINED void covariance_recursion::record_sample() {
  total_.push_back(factor_.factor().squaredNorm());
  error_.push_back(factor_.sampling_error());
}

LIBRATION_DEFINED Eigen::MatrixXd& covariance_recursion::begin_step() {
  block_ = whole() ? matrix_ : factor_.factor();
  return block_;
}

LIBRATION_DEFINED void covariance_recursion::turn() { block_.transposeInPlace(); }

LIBRATION_DEFINED bool covariance_recursion::end_step() {
  double trace = 0.0;
  if (whole()) {
    block_ += noise_;
    trace = block_.trace();
    if (!std::isfinite(trace)) return false;
    // Symmetric but for rounding, which would grow by itself.
    set_symmetric_part(block_, matrix_);
  } else {
    trace = block_.squaredNorm() + options_.noise.trace(n_);
    if (!std::isfinite(trace)) return false;
    if (sampled()) {
      factor_.sample(block_, options_.noise, static_cast<std::int64_t>(total_.size()));
      record_sample();
      return true;
    }
    factor_.compress(block_, options_.noise);
  }
  total_.push_back(trace);
  return true;
}

LIBRATION_DEFINED void covariance_recursion::write_to(covariance_result& result) const {
  result.steps = static_cast<std::int64_t>(total_.size()) - 1;
  result.total = Eigen::Map<const Eigen::VectorXd>(total_.data(), static_cast<Eigen::Index>(total_.size()));
  result.total_standard_error = Eigen::Map<const Eigen::VectorXd>(error_.data(), static_cast<Eigen::Index>(error_.size()));
  if (whole()) {
    result.matrix = matrix_;
    leading_eigenpairs(matrix_, std::min(options_.leading, n_), result.variances, result.directions);
  } else {
    result.factor = factor_.factor();
    result.largest_discarded = factor_.largest_discarded();
    factor_.leading(options_.leading, result.variances, result.directions);
  }
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED std::int64_t covariance_result::first_above(double size) const {
  for (Eigen::Index t = 0; t < total.size(); ++t)
    if (std::sqrt(total[t]) > size) return t;
  return -1;
}

LIBRATION_DEFINED void covariance_estimator::validate(Eigen::Index n) const {
  constexpr std::string_view who = "error::covariance";
  const option_check check(who);
  check(options.rank >= 0 && options.rank <= n, "rank", options.rank,
        "0 to " + number_text(n) + " (the map's dimension; 0: the whole matrix)");
  check(options.leading >= 0, "leading", options.leading, ">= 0");
  check(options.columns == factor_columns::leading || options.rank >= 2, "rank", options.rank, ">= 2 (sampled columns)");
  options.noise.check_rows(n, who, ".noise");
  options.initial.check_rows(n, who, ".initial");
}

}  // namespace libration::inline LIBRATION_ABI::error
