// SPDX-License-Identifier: MIT
#pragma once
// Pairs of runs that write: `error::token_divergence` on the report's models, compiled once.

#include <vector>

#include <Eigen/Core>

#include <libration/error/token_divergence.hpp>

#include "model.hpp"

namespace stability {

libration::error::token_divergence_result part_ways(const text_model& a, const text_model& b,
                                                    const std::vector<std::vector<token>>& prompts,
                                                    const libration::error::token_divergence_options& options);

// From states instead of prompts, shape (n, starts).
libration::error::token_divergence_result part_ways(const text_model& a, const text_model& b, const Eigen::MatrixXf& starts_a,
                                                    const Eigen::MatrixXf& starts_b,
                                                    const libration::error::token_divergence_options& options);

}  // namespace stability
