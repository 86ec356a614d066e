// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what diagnosis/attention_subject.hpp declares.

#include <cmath>
#include <cstdint>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/diagnosis/attention_subject.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

LIBRATION_DEFINED Eigen::VectorXd attention_weights(vector_view<double> logits, double s, std::int64_t least_context) {
  require(logits.size() >= 1, "diagnosis::attention_weights", "there are no logits, expected at least 1");
  const double factor = s > 0.0 && logits.size() >= least_context ? s * std::log(static_cast<double>(logits.size())) : 1.0;
  Eigen::VectorXd weights = factor * logits;
  const double total = maps::log_sum_exp(weights);
  for (Eigen::Index i = 0; i < weights.size(); ++i) weights[i] = std::exp(weights[i] - total);
  return weights;
}

}  // namespace libration::inline LIBRATION_ABI::diagnosis
