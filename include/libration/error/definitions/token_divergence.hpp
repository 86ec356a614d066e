// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/token_divergence.hpp declares.

#include <cmath>
#include <cstddef>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/error/token_divergence.hpp>

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED void validate(const token_divergence_options& options, Eigen::Index a, Eigen::Index b, std::string_view who) {
  require(a == b, who, [&] {
    return "b has " + number_text(b) + " tokens, expected " + number_text(a) + " (a's vocabulary)";
  });
  const option_check check(who);
  check(options.runs >= 1, "runs", options.runs, ">= 1");
  check(options.steps >= 1, "steps", options.steps, ">= 1");
  maps::validate(options.sampling, who);
  check(options.perturbation >= 0.0 && std::isfinite(options.perturbation), "perturbation", options.perturbation,
        ">= 0 and finite");
  check(options.merge_length >= 1, "merge_length", options.merge_length, ">= 1");
  check(options.threads >= 0, "threads", options.threads, ">= 0 (0: one per hardware thread)");
}

}  // namespace libration::inline LIBRATION_ABI::error

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED void token_comparison::add(bool differs, token_pair& pair) {
  if (differs) {
    if (pair.first_divergence < 0) pair.first_divergence = pair.steps;
    ++pair.differing;
    alike_ = 0;
  } else if (pair.first_divergence >= 0 && ++alike_ == merge_length_) {
    ++pair.mergings;
  }
  ++pair.steps;
}

LIBRATION_DEFINED void summarise_pairs(token_divergence_result& result, const std::vector<std::int64_t>& differing,
                                       bool cancelled) {
  std::vector<stats::survival_time> times;
  times.reserve(result.pairs.size());
  std::vector<std::int64_t> ended(differing.size() + 1, 0);
  for (const token_pair& pair : result.pairs) {
    ++ended[static_cast<std::size_t>(pair.steps)];
    result.mergings += pair.mergings;
    result.diverged_pairs += pair.status == status::diverged;
    times.push_back(pair.first_divergence < 0 ? stats::survival_time{pair.steps, true}
                                              : stats::survival_time{pair.first_divergence + 1});
  }
  const auto steps = static_cast<Eigen::Index>(differing.size());
  result.compared.resize(steps);
  result.hamming.resize(steps);
  result.hamming_error.resize(steps);
  auto left = static_cast<std::int64_t>(result.pairs.size());
  for (Eigen::Index t = 0; t < steps; ++t) {
    left -= ended[static_cast<std::size_t>(t)];
    const double n = static_cast<double>(left), f = static_cast<double>(differing[static_cast<std::size_t>(t)]) / n;
    result.compared[t] = left;
    result.hamming[t] = f;
    result.hamming_error[t] = std::sqrt(f * (1.0 - f) / n);
  }
  result.survival = stats::kaplan_meier(times);
  result.hazard = stats::fit_hazard(times);
  result.horizon_50 = result.survival.quantile(0.5);
  result.horizon_80 = result.survival.quantile(0.8);
  result.horizon_99 = result.survival.quantile(0.99);
  result.status = cancelled ? status::cancelled : result.diverged_pairs > 0 ? status::diverged : status::ok;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
