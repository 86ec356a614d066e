// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/dilution_theory.hpp declares.

#include <cmath>
#include <limits>
#include <string>
#include <string_view>

#include <libration/attention/dilution_theory.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void require_finite(double value, std::string_view who, std::string_view name) {
  require(std::isfinite(value), who,
          [&] { return std::string(name) + " is " + number_text(value) + ", expected a finite number"; });
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED double leading_key_weight(double n, double gap) {
  constexpr std::string_view who = "attention::leading_key_weight";
  detail::require_context(n, who);
  detail::require_finite(gap, who, "gap");
  if (n == 1.0) return 1.0;
  if (gap >= 0.0) return 1.0 / (1.0 + (n - 1.0) * std::exp(-gap));
  const double ahead = std::exp(gap);
  return ahead / (ahead + (n - 1.0));
}

LIBRATION_DEFINED double halving_context(double gap) {
  detail::require_finite(gap, "attention::halving_context", "gap");
  return 1.0 + std::exp(gap);
}

LIBRATION_DEFINED double leading_key_entropy(double n, double gap) {
  constexpr std::string_view who = "attention::leading_key_entropy";
  detail::require_context(n, who);
  detail::require_finite(gap, who, "gap");
  if (n == 1.0) return 0.0;
  const double z = (n - 1.0) * std::exp(-gap);
  if (z <= 1.0) return std::log1p(z) + gap * (z / (1.0 + z));
  const double w = std::exp(gap) / (n - 1.0);
  return std::log(n - 1.0) + std::log1p(w) - gap * (w / (1.0 + w));
}

LIBRATION_DEFINED double leading_key_slope(double n, double gap) {
  const double p = leading_key_weight(n, gap);
  const double other = gap >= 0.0 ? std::exp(-gap) * p : 1.0 / (std::exp(gap) + (n - 1.0));  // the weight of each other key
  return n * other * (1.0 + gap * p);
}

LIBRATION_DEFINED double scalable_softmax_weight(double n, double gap, double s) {
  constexpr std::string_view who = "attention::scalable_softmax_weight";
  detail::require_context(n, who);
  detail::require_finite(gap, who, "gap");
  detail::require_finite(s, who, "s");
  return leading_key_weight(n, s * gap * std::log(n));
}

LIBRATION_DEFINED double critical_scaling(double rho) {
  require(rho >= -1.0 && rho < 1.0, "attention::critical_scaling",
          [&] { return "rho is " + number_text(rho) + ", expected >= -1 and < 1"; });
  return 1.0 / (1.0 - rho);
}

LIBRATION_DEFINED double self_weight(double n, double gamma, double rho) {
  constexpr std::string_view who = "attention::self_weight";
  detail::require_context(n, who);
  detail::require_finite(gamma, who, "gamma");
  require(rho >= -1.0 && rho <= 1.0, who, [&] { return "rho is " + number_text(rho) + ", expected in [-1, 1]"; });
  return leading_key_weight(n, gamma * (1.0 - rho) * std::log(n));
}

LIBRATION_DEFINED double gaussian_logits_limit(double n) {
  detail::require_context(n, "attention::gaussian_logits_limit");
  return std::sqrt(2.0 * std::log(n));
}

LIBRATION_DEFINED double gaussian_logits_entropy(double n, double sigma) {
  constexpr std::string_view who = "attention::gaussian_logits_entropy";
  detail::require_context(n, who);
  require(sigma >= 0.0 && std::isfinite(sigma), who,
          [&] { return "sigma is " + number_text(sigma) + ", expected >= 0 and finite"; });
  if (n == 1.0) return 0.0;
  if (sigma > 0.0 && !(sigma < gaussian_logits_limit(n))) return std::numeric_limits<double>::quiet_NaN();
  return std::log(n) - 0.5 * sigma * sigma;
}

LIBRATION_DEFINED double entropy_floor(double n, double sigma) {
  constexpr std::string_view who = "attention::entropy_floor";
  detail::require_context(n, who);
  require(sigma >= 0.0 && std::isfinite(sigma), who,
          [&] { return "sigma is " + number_text(sigma) + ", expected >= 0 and finite"; });
  return n == 1.0 ? 0.0 : leading_key_entropy(n, sigma * std::sqrt(n / (n - 1.0)));
}

}  // namespace libration::inline LIBRATION_ABI::attention
