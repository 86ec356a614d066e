// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/fisher_curve.hpp declares.

#include <limits>
#include <string_view>

#include <Eigen/Cholesky>
#include <Eigen/Core>

#include <libration/memory/definitions/detail/linear_recurrence.hpp>
#include <libration/memory/fisher_curve.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

LIBRATION_DEFINED fisher_curve_result fisher_curve_of(const Eigen::MatrixXd& W, const Eigen::VectorXd& v,
                                                      const fisher_curve_options& options) {
  constexpr std::string_view who = "memory::fisher_curve";
  const option_check check(who);
  check(options.lags >= 0, "lags", options.lags, ">= 0");
  check(options.noise > 0.0 && options.noise < std::numeric_limits<double>::infinity(), "noise", options.noise, "finite and > 0");
  fisher_curve_result result;
  result.spectral_radius = check_recurrence(W, v, who);
  Eigen::MatrixXd C, G;
  if (!stationary_covariance(W, noise_of(options, W.rows(), who), C) || !stationary_covariance(W, v * v.transpose(), G)) {
    result.status = status::diverged;
    return result;
  }
  const Eigen::LLT<Eigen::MatrixXd> factor(C);
  const double inverse = factor.info() == Eigen::Success ? factor.rcond() : 0.0;
  const double rounding = static_cast<double>(W.rows()) * std::numeric_limits<double>::epsilon();
  require(inverse > rounding || options.noise_covariance.size() == 0, who,
          "the noise of .noise_covariance does not reach every direction of the state: its stationary covariance is singular, and "
          "the Fisher information would be infinite");
  result.condition = inverse > 0.0 ? 1.0 / inverse : std::numeric_limits<double>::infinity();
  result.status = inverse > rounding ? status::ok : status::not_resolved;
  if (factor.info() != Eigen::Success) return result;
  result.total = trace_of_quotient(factor, G);
  result.information = quadratic_curve(W, v, factor, 1.0, options.lags, result.total);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail
