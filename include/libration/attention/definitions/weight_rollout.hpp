// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/weight_rollout.hpp declares.

#include <cmath>
#include <cstddef>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/weight_rollout.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED Eigen::MatrixXd mixing(Eigen::MatrixXd A, std::size_t layer, Eigen::Index tokens,
                                         const rollout_options& options) {
  constexpr std::string_view who = "attention::weight_rollout";
  const auto name = [&] { return "layers[" + number_text(layer) + "]"; };
  require(A.rows() == tokens && A.cols() == tokens, who, [&] {
    return name() + " is " + number_text(A.rows()) + " x " + number_text(A.cols()) + ", expected " +
           number_text(tokens) + " x " + number_text(tokens) + " (keys, queries)";
  });
  require(options.mask.empty() || (options.mask.sequences() == 1 && options.mask.tokens() == tokens), who, [&] {
    return ".mask is " + number_text(options.mask.tokens()) + " x " + number_text(options.mask.sequences()) + ", expected " +
           number_text(tokens) + " x 1 (tokens, one sequence)";
  });
  const auto padding = [&](Eigen::Index i) { return !options.mask.empty() && !options.mask.real()(i, 0); };
  for (Eigen::Index j = 0; j < tokens; ++j) {
    if (padding(j)) {
      A.col(j).setZero();
      A(j, j) = 1.0;
      continue;
    }
    double sum = 0.0;
    for (Eigen::Index i = 0; i < tokens; ++i) {
      require(!padding(i) || A(i, j) == 0.0, who, [&] {
        return name() + "(" + number_text(i) + ", " + number_text(j) + ") is " + number_text(A(i, j)) + ", expected 0 (key " +
               number_text(i) + " is padding by .mask, where 1 is a real token)";
      });
      require(A(i, j) >= 0.0, who, [&] {
        return name() + "(" + number_text(i) + ", " + number_text(j) + ") is " + number_text(A(i, j)) + ", expected >= 0";
      });
      sum += A(i, j);
    }
    require(std::abs(sum - 1.0) <= options.tolerance, who, [&] {
      return name() + ": the weights of query " + number_text(j) + " (column " + number_text(j) + ") sum to " +
             number_text(sum, 10) + ", expected 1 (rows of padding: .mask)";
    });
    A.col(j) *= (1.0 - options.residual) / sum;
    A(j, j) += options.residual;
  }
  return A;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
