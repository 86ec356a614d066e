// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/visible_counts.hpp declares.

#include <Eigen/Core>

#include <libration/attention/detail/visible_counts.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED Eigen::VectorXd causal_counts(Eigen::Index tokens) {
  Eigen::VectorXd counts(tokens);
  for (Eigen::Index i = 0; i < tokens; ++i) counts[i] = static_cast<double>(i + 1);
  return counts;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
