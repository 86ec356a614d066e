// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what maps/sampler.hpp declares.

#include <cmath>
#include <string_view>

#include <Eigen/Core>

#include <libration/maps/sampler.hpp>

namespace libration::inline LIBRATION_ABI::maps {

LIBRATION_DEFINED void validate(const sampling& how, std::string_view who) {
  const option_check check(who, ".sampling.");
  check(how.temperature >= 0.0 && std::isfinite(how.temperature), "temperature", how.temperature, ">= 0 and finite (0: greedy)");
  check(how.top_k >= 0, "top_k", how.top_k, ">= 0 (0: all)");
  check(how.top_p > 0.0 && how.top_p <= 1.0, "top_p", how.top_p, "> 0 and <= 1 (1: all)");
}

LIBRATION_DEFINED token inverse_cdf_choice(const vector_view<double>& probabilities, double u) {
  double sum = 0.0;
  Eigen::Index last = -1;
  for (Eigen::Index v = 0; v < probabilities.size(); ++v) {
    if (!(probabilities[v] > 0.0)) continue;
    last = v;
    sum += probabilities[v];
    if (sum > u) break;
  }
  return static_cast<token>(last);
}

LIBRATION_DEFINED void token_uniforms(const random_stream& numbers, std::int64_t t, vector_span<double> out) {
  const std::uint64_t first = static_cast<std::uint64_t>(t) * static_cast<std::uint64_t>(out.size());
  for (Eigen::Index v = 0; v < out.size(); ++v) out[v] = numbers.uniform(first + static_cast<std::uint64_t>(v));
}

LIBRATION_DEFINED token gumbel_choice(const vector_view<double>& probabilities, const vector_view<double>& uniforms) {
  eigen_assert(probabilities.size() == uniforms.size());
  return detail::gumbel_choice(probabilities, [&](Eigen::Index v) { return uniforms[v]; });
}

LIBRATION_DEFINED token gumbel_choice(const vector_view<double>& probabilities, const random_stream& numbers, std::int64_t t) {
  const std::uint64_t first = static_cast<std::uint64_t>(t) * static_cast<std::uint64_t>(probabilities.size());
  return detail::gumbel_choice(probabilities,
                               [&](Eigen::Index v) { return numbers.uniform(first + static_cast<std::uint64_t>(v)); });
}

}  // namespace libration::inline LIBRATION_ABI::maps
