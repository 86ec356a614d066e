// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/result.hpp declares.

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/attention/result.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED Eigen::MatrixXd entropy_result::normalised_entropy() const {
  return (entropy.array() / visible.cast<double>().array().log()).matrix();
}

LIBRATION_DEFINED Eigen::MatrixXd entropy_result::effective_support() const { return entropy.array().exp().matrix(); }

LIBRATION_DEFINED Eigen::VectorXd mean_over_queries(const Eigen::MatrixXd& rows) {
  Eigen::VectorXd mean(rows.rows());
  for (Eigen::Index i = 0; i < rows.rows(); ++i) {
    double sum = 0.0;
    Eigen::Index count = 0;
    for (Eigen::Index j = 0; j < rows.cols(); ++j)
      if (std::isfinite(rows(i, j))) {
        sum += rows(i, j);
        ++count;
      }
    mean[i] = count > 0 ? sum / static_cast<double>(count) : std::numeric_limits<double>::quiet_NaN();
  }
  return mean;
}

}  // namespace libration::inline LIBRATION_ABI::attention
