// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/kullback_leibler.hpp declares.

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/error/kullback_leibler.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED double divergence_term(double p, double q, double d) {
  if (std::abs(d) < 0.1) {  // the next term of the series is below eps
    double sum = 1.0;
    for (int k = 10; k >= 3; --k) sum = 1.0 + d / k * sum;
    return 0.5 * p * d * d * sum;
  }
  return d <= 1.0 ? p * (std::expm1(d) - d) : q - p - p * d;
}

LIBRATION_DEFINED double log_total(const vector_view<double>& logits) {
  const double top = logits.maxCoeff();
  return top + std::log((logits.array() - top).exp().sum());
}

LIBRATION_DEFINED double logit_divergence(const vector_view<double>& p, const vector_view<double>& q) {
  const double p_total = log_total(p), q_total = log_total(q), shift = q_total - p_total;
  stats::compensated_sum<double> sum;
  for (Eigen::Index i = 0; i < p.size(); ++i) {
    const double b = std::exp(q[i] - q_total);
    sum.add(p[i] == -std::numeric_limits<double>::infinity() ? b
                                                             : divergence_term(std::exp(p[i] - p_total), b, (q[i] - p[i]) - shift));
  }
  return sum.value();
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
