// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The logarithm of a sum of exponentials, which normalises logits.

#include <cmath>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// ln sum_i exp(l_i), shifted by the largest logit; summed in double.
///
/// \param logits  shape (V), V >= 1
/// \return        nats; -infinity where all logits are, not finite where one is NaN
template <class Derived>
double log_sum_exp(const Eigen::MatrixBase<Derived>& logits) {
  const double top = static_cast<double>(logits.maxCoeff());
  if (!(std::isfinite)(top)) return top;
  double sum = 0;
  for (Eigen::Index i = 0; i < logits.size(); ++i) sum += std::exp(static_cast<double>(logits[i]) - top);
  return top + std::log(sum);
}

}  // namespace libration::inline LIBRATION_ABI::maps
