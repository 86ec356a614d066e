// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/rank_collapse.hpp declares.

#include <cmath>

#include <Eigen/Core>

#include <libration/attention/rank_collapse.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED matrix_sizes sizes_of(const Eigen::MatrixXd& X) {
  const double largest = X.cwiseAbs().maxCoeff();
  if (largest == 0.0) return {0.0, 0.0};
  const Eigen::ArrayXXd scaled = X.array().abs() / largest;
  return {largest * std::sqrt(scaled.square().sum()),
          largest * std::sqrt(scaled.colwise().sum().maxCoeff() * scaled.rowwise().sum().maxCoeff())};
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
