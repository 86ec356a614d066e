// SPDX-License-Identifier: MIT
#include "writing.hpp"

namespace stability {

namespace error = libration::error;

error::token_divergence_result part_ways(const text_model& a, const text_model& b, const std::vector<std::vector<token>>& prompts,
                                         const error::token_divergence_options& options) {
  return error::token_divergence(a, b, prompts, options);
}

error::token_divergence_result part_ways(const text_model& a, const text_model& b, const Eigen::MatrixXf& starts_a,
                                         const Eigen::MatrixXf& starts_b, const error::token_divergence_options& options) {
  return error::token_divergence(a, b, starts_a, starts_b, options);
}

}  // namespace stability
