// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/conformal_martingale.hpp declares.

#include <cmath>
#include <limits>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/conformal_martingale.hpp>

namespace libration::inline LIBRATION_ABI::drift {

namespace detail {

/// ln Γ(s), s >= 1 an integer: by factors below 16, by Stirling's series above.
LIBRATION_DECLARED double log_gamma_of_integer(double s) {
  if (s < 16.0) {
    double product = 1.0;
    for (double k = 2.0; k < s; k += 1.0) product *= k;
    return std::log(product);
  }
  const double r = 1.0 / (s * s);
  return (s - 0.5) * std::log(s) - s + 0.5 * std::log(2.0 * std::numbers::pi) +
         (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r / 1680.0))) / s;
}

/// ln of ∫₀¹ εⁿ e^{a (1 - ε)} dε = e^a a^{-s} γ(s, a), s = n + 1, a = -Σ ln p.
LIBRATION_DECLARED double log_mixture(double n, double a) {
  const double s = n + 1.0;
  if (a <= s + 1.0) {
    // Σ_k a^k/(s (s + 1) ... (s + k))
    double term = 1.0 / s, sum = term;
    for (double k = 1.0; term > 1e-17 * sum; k += 1.0) {
      term *= a / (s + k);
      sum += term;
    }
    return std::log(sum);
  }
  // e^a a^{-s} Γ(s), less e^a a^{-s} Γ(s, a), which is a continued fraction (by Lentz's method).
  const double whole = a - s * std::log(a) + log_gamma_of_integer(s);
  double b = a + 1.0 - s, c = std::numeric_limits<double>::infinity(), d = 1.0 / b, fraction = d;
  for (double i = 1.0; i < 1e6; i += 1.0) {
    const double top = -i * (i - s);
    b += 2.0;
    d = 1.0 / (top * d + b);
    c = b + top / c;
    const double factor = c * d;
    fraction *= factor;
    if (std::abs(factor - 1.0) < 1e-15) break;
  }
  return whole + std::log1p(-fraction * std::exp(-whole));
}

}  // namespace detail

LIBRATION_FUNC betting_capital::betting_capital(conformal_bet bet, double exponent, double jump)
    : bet_(bet), exponent_(exponent), jump_(jump) {
  const option_check check("drift::conformal_detector");
  check(exponent > 0.0 && exponent < 1.0, "exponent", exponent, "a number in (0, 1)");
  check(jump > 0.0 && jump <= 1.0, "jump", jump, "a number in (0, 1]");
  reset();
}

LIBRATION_DEFINED double betting_capital::update(double p) noexcept {
  double gain = 0.0;
  switch (bet_) {
    case conformal_bet::power:
      gain = std::log(exponent_) + (exponent_ - 1.0) * std::log(p);
      break;
    case conformal_bet::mixture:
      count_ += 1.0;
      surprise_ -= std::log(p);
      gain = detail::log_mixture(count_, surprise_) - log_capital_;
      break;
    case conformal_bet::jumper: {
      double total = 0.0;
      for (std::size_t i = 0; i < 3; ++i) {
        const double e = static_cast<double>(i) - 1.0;
        shares_[i] = ((1.0 - jump_) * shares_[i] + jump_ / 3.0) * (1.0 + e * (p - 0.5));
        total += shares_[i];
      }
      for (double& share : shares_) share /= total;
      gain = std::log(total);
      break;
    }
  }
  log_capital_ += gain;
  return gain;
}

}  // namespace libration::inline LIBRATION_ABI::drift
