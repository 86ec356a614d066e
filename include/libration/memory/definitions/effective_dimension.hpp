// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/effective_dimension.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include <Eigen/Core>

#include <libration/memory/effective_dimension.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

/// \return  the largest of the variances; NaN where one is not finite, or all are 0
LIBRATION_DECLARED double largest_variance(const Eigen::Ref<const Eigen::VectorXd>& variances, std::string_view who) {
  double largest = 0.0;
  for (Eigen::Index i = 0; i < variances.size(); ++i) {
    if (!std::isfinite(variances[i])) return std::numeric_limits<double>::quiet_NaN();
    largest = std::max(largest, std::abs(variances[i]));
  }
  for (Eigen::Index i = 0; i < variances.size(); ++i)
    require(variances[i] >= -1e-8 * largest, who, [&] {
      return "variances[" + number_text(i) + "] is " + number_text(variances[i], 6) +
             ", expected the eigenvalues of a covariance, >= 0";
    });
  return largest > 0.0 ? largest : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail

namespace libration::inline LIBRATION_ABI::memory {

LIBRATION_DEFINED double participation_ratio(const Eigen::Ref<const Eigen::VectorXd>& variances) {
  const double largest = detail::largest_variance(variances, "memory::participation_ratio");
  double sum = 0.0, squares = 0.0;
  for (Eigen::Index i = 0; i < variances.size(); ++i) {
    const double share = std::max(variances[i], 0.0) / largest;
    sum += share;
    squares += share * share;
  }
  return sum * sum / squares;
}

LIBRATION_DEFINED double effective_rank(const Eigen::Ref<const Eigen::VectorXd>& variances) {
  const double largest = detail::largest_variance(variances, "memory::effective_rank");
  double sum = 0.0, weighted = 0.0;
  for (Eigen::Index i = 0; i < variances.size(); ++i) {
    const double share = std::max(variances[i], 0.0) / largest;
    sum += share;
    if (share > 0.0) weighted += share * std::log(share);
  }
  return sum * std::exp(-weighted / sum);
}

}  // namespace libration::inline LIBRATION_ABI::memory
