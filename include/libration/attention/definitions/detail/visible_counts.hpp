// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/visible_counts.hpp declares.

#include <cmath>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/detail/visible_counts.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED visible_counts::visible_counts(const Eigen::MatrixXd& visible, Eigen::Index heads, Eigen::Index tokens,
                                              std::string_view who) {
  const bool each_head = visible.rows() == heads && visible.cols() == tokens;
  const bool vector = (visible.rows() == 1 || visible.cols() == 1) && visible.size() == tokens;
  require(each_head || vector, who, [&] {
    return "visible is " + number_text(visible.rows()) + " x " + number_text(visible.cols()) + ", expected " +
           number_text(heads) + " x " + number_text(tokens) + " (heads, tokens), or a vector of " + number_text(tokens) +
           " (one for each token)";
  });
  counts_.resize(each_head ? heads : 1, tokens);
  for (Eigen::Index j = 0; j < counts_.cols(); ++j)
    for (Eigen::Index i = 0; i < counts_.rows(); ++i) {
      counts_(i, j) = each_head ? visible(i, j) : visible.cols() == tokens ? visible(0, j) : visible(j, 0);
      require(counts_(i, j) >= 0.0 && std::isfinite(counts_(i, j)), who, [&] {
        const std::string place =
            each_head ? "(" + number_text(i) + ", " + number_text(j) + ")" : "[" + number_text(j) + "]";
        return "visible" + place + " is " + number_text(counts_(i, j)) + ", expected >= 0";
      });
    }
}

LIBRATION_DEFINED Eigen::VectorXd causal_counts(Eigen::Index tokens) {
  Eigen::VectorXd counts(tokens);
  for (Eigen::Index i = 0; i < tokens; ++i) counts[i] = static_cast<double>(i + 1);
  return counts;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
