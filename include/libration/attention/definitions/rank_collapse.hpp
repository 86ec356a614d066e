// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/rank_collapse.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/rank_collapse.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

struct matrix_sizes {
  double frobenius, composite;
};

// Scaled by the largest entry, so that squares neither overflow nor vanish.
LIBRATION_DECLARED matrix_sizes sizes_of(const Eigen::MatrixXd& X) {
  const double largest = X.cwiseAbs().maxCoeff();
  if (largest == 0.0) return {0.0, 0.0};
  const Eigen::ArrayXXd scaled = X.array().abs() / largest;
  return {largest * std::sqrt(scaled.square().sum()),
          largest * std::sqrt(scaled.colwise().sum().maxCoeff() * scaled.rowwise().sum().maxCoeff())};
}

LIBRATION_DEFINED rank_residual residual_of(Eigen::MatrixXd X) {
  rank_residual result;
  if (!X.allFinite()) return result;
  // Scaled by a power of two, so that no difference overflows.
  const double most = X.cwiseAbs().maxCoeff();
  const int exponent = most > 0.0 ? std::ilogb(most) : 0;
  X = X.unaryExpr([exponent](double x) { return std::ldexp(x, -exponent); }).eval();
  const matrix_sizes all = sizes_of(X);
  const double part = 1.0 / static_cast<double>(X.cols());
  for (int pass = 0; pass < 2; ++pass) {  // the second takes back what rounding left of the mean
    const Eigen::VectorXd mean = (X * part).rowwise().sum();
    X.colwise() -= mean;
  }
  const matrix_sizes rest = sizes_of(X);
  result.frobenius = std::ldexp(rest.frobenius, exponent);
  result.composite = std::ldexp(rest.composite, exponent);
  result.relative = rest.frobenius / all.frobenius;
  result.relative_composite = rest.composite / all.composite;
  return result;
}

LIBRATION_DEFINED void fit_layers(rank_collapse_result& result, double rounding) {
  std::vector<double> layer, log_relative;
  for (std::size_t index = 0; index < result.layers.size(); ++index) {
    const rank_residual& r = result.layers[index];
    if (std::isnan(r.frobenius) && result.failed_at < 0) result.failed_at = static_cast<std::int64_t>(index);
    if (!(r.relative > rounding)) continue;
    layer.push_back(static_cast<double>(index));
    log_relative.push_back(std::log(r.relative));
  }
  if (result.layers.empty()) return;
  result.status = result.failed_at < 0 ? status::ok : status::diverged;
  result.fitted = static_cast<std::int64_t>(layer.size());
  if (layer.size() >= 2) result.log_relative = stats::fit_line(layer, log_relative);
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
