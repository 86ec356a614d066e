// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/result.hpp declares.

#include <span>

#include <Eigen/Core>

#include <libration/lyapunov/result.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_DEFINED Eigen::VectorXd finite_time::mean() const { return values.rowwise().mean(); }

LIBRATION_DEFINED Eigen::VectorXd finite_time::spread() const {
  if (values.cols() < 2) return Eigen::VectorXd::Constant(values.rows(), unknown);
  return ((values.colwise() - mean()).rowwise().squaredNorm() / static_cast<double>(values.cols() - 1)).cwiseSqrt();
}

LIBRATION_DEFINED Eigen::VectorXd finite_time::quantile(double p) const {
  Eigen::VectorXd result(values.rows());
  for (Eigen::Index i = 0; i < values.rows(); ++i) {
    const Eigen::VectorXd row = values.row(i).transpose();
    result[i] = stats::quantile(std::span<const double>(row.data(), static_cast<std::size_t>(row.size())), p);
  }
  return result;
}

LIBRATION_DEFINED bool spectrum_result::biased(Eigen::Index i) const {
  if (i >= stepper_bias.size()) return false;
  const double size = stepper_bias[i] < 0.0 ? -stepper_bias[i] : stepper_bias[i];
  return size > 4.0 * stepper_bias_error[i] && size > standard_error[i];
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
