// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Tail probabilities and quantiles of the normal and of Student's t distribution.

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// \return P(X > x) for a standard normal X
inline double normal_tail(double x) noexcept { return 0.5 * std::erfc(x * std::numbers::sqrt2 / 2.0); }

namespace detail {

// ln Gamma(a + 1/2) - ln Gamma(a), by Stirling's series where a is large and the difference would cancel.
inline double log_gamma_half_step(double a) noexcept {
  if (a < 20.0) return std::lgamma(a + 0.5) - std::lgamma(a);
  const double r = 1.0 / (a * a);
  const double tail = -1.0 / 8.0 + r * (1.0 / 192.0 + r * (-1.0 / 640.0 + r * (17.0 / 14336.0)));
  return 0.5 * std::log(a) + tail / a;
}

// The continued fraction of the incomplete beta function I_x(a, b) without its prefactor (modified Lentz). It converges
// fast for x < (a + 1) / (a + b + 2), in O(sqrt(max(a, b))) terms.
inline double beta_fraction(double a, double b, double x) noexcept {
  constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1.0;
  double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
  double value = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    value *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    value *= d * c;
    if (std::abs(d * c - 1.0) < 1e-15) break;
  }
  return value;
}

// From here on up the t distribution is evaluated through the normal one: the expansion's error is below 1e-12.
inline constexpr double many_degrees = 2e4;

}  // namespace detail

/// \return the density of Student's t at t, degrees of freedom > 0 (infinity: the normal density)
inline double student_t_density(double t, double degrees) noexcept {
  if (std::isinf(degrees)) return std::exp(-0.5 * t * t) / std::sqrt(2.0 * std::numbers::pi);
  return std::exp(detail::log_gamma_half_step(0.5 * degrees) - 0.5 * (degrees + 1.0) * std::log1p(t * (t / degrees))) /
         std::sqrt(degrees * std::numbers::pi);
}

/// P(X > t) for a Student t variable X.
///
/// \param degrees  degrees of freedom, > 0; infinity gives the normal distribution
/// Accuracy:  relative 1e-12 (tested against the closed forms for 1, 2, 3 and 4 degrees)
/// Source:    P(|X| > t) = I_x(degrees/2, 1/2) with x = degrees/(degrees + t^2); Abramowitz and Stegun, Handbook of
///            Mathematical Functions (1964), 26.7.1
inline double student_t_tail(double t, double degrees) noexcept {
  if (!(t >= 0.0)) return t < 0.0 ? 1.0 - student_t_tail(-t, degrees) : t;
  if (std::isinf(degrees)) return normal_tail(t);
  const double a = 0.5 * degrees;
  const double ratio = t * (t / degrees);
  const double x = 1.0 / (1.0 + ratio);
  const double front =
      std::exp(detail::log_gamma_half_step(a) - a * std::log1p(ratio) + 0.5 * (std::log(ratio) - std::log1p(ratio))) /
      std::sqrt(std::numbers::pi);
  if (ratio == 0.0) return 0.5;
  if (std::isinf(ratio)) return 0.0;
  if (x < (a + 1.0) / (a + 2.5)) return 0.5 * front * detail::beta_fraction(a, 0.5, x) / a;
  return 0.5 - front * detail::beta_fraction(0.5, a, ratio * x);
}

/// The quantile of the standard normal distribution: P(X < quantile) = p.
///
/// \param p  0 < p < 1; 0 and 1 give -infinity and infinity
/// \throws argument_error where p is not in [0, 1]
/// Accuracy:  relative 1e-13, absolute near p = 1/2
/// Source:    starting value of Abramowitz and Stegun (1964), 26.2.23, refined by Newton's method in ln(tail)
inline double normal_quantile(double p) {
  require(p >= 0.0 && p <= 1.0, "stats::normal_quantile", "p is outside [0, 1]");
  if (p > 0.5) return -normal_quantile(1.0 - p);
  if (p == 0.0) return -std::numeric_limits<double>::infinity();
  const double s = std::sqrt(-2.0 * std::log(p));
  double z = s - (2.515517 + s * (0.802853 + s * 0.010328)) / (1.0 + s * (1.432788 + s * (0.189269 + s * 0.001308)));
  for (int i = 0; i < 4; ++i) {
    const double tail = normal_tail(z);
    z += tail * std::log(tail / p) / student_t_density(z, std::numeric_limits<double>::infinity());
  }
  return -z;
}

/// The quantile of Student's t distribution: P(X < quantile) = p.
///
/// \param p        0 < p < 1; 0 and 1 give -infinity and infinity
/// \param degrees  degrees of freedom, > 0, not necessarily whole; infinity gives the normal distribution
/// \throws argument_error where p is not in [0, 1] or degrees is not positive
/// Accuracy:  relative 1e-11 for p in [1e-15, 1 - 1e-15] (tested against closed forms and by inversion)
/// Cost:      a few evaluations of the tail, microseconds
/// Source:    Newton's method on the tail's logarithm, bracketed; from 2e4 degrees on the expansion about the normal
///            quantile, Abramowitz and Stegun (1964), 26.7.5
inline double student_t_quantile(double p, double degrees) {
  require(p >= 0.0 && p <= 1.0, "stats::student_t_quantile", "p is outside [0, 1]");
  require(degrees > 0.0, "stats::student_t_quantile", "degrees of freedom must be positive");
  if (p < 0.5) {
    if (p == 0.0) return -std::numeric_limits<double>::infinity();
    const double z = -normal_quantile(p);
    if (degrees >= detail::many_degrees) {
      const double y = z * z, r = 1.0 / degrees;
      const double g1 = (y + 1.0) / 4.0;
      const double g2 = ((5.0 * y + 16.0) * y + 3.0) / 96.0;
      const double g3 = (((3.0 * y + 19.0) * y + 17.0) * y - 15.0) / 384.0;
      return -z * (1.0 + r * (g1 + r * (g2 + r * g3)));
    }
    double low = 0.0, high = std::numeric_limits<double>::infinity();
    double t = z;  // the t quantile is larger, and the tail's logarithm is convex or nearly so: Newton comes from below
    for (int i = 0; i < 200; ++i) {
      const double tail = student_t_tail(t, degrees);
      (tail > p ? low : high) = t;
      // Newton in ln t and ln tail, where a power-law tail is a straight line.
      const double slope = t * student_t_density(t, degrees) / tail;
      double next = t * std::exp(std::log(tail / p) / slope);
      if (!(next > low && next < high)) next = std::isinf(high) ? 2.0 * t : 0.5 * (low + high);
      if (std::abs(next - t) <= 1e-15 * t) return -next;
      t = next;
    }
    return -t;
  }
  return p == 0.5 ? 0.0 : -student_t_quantile(1.0 - p, degrees);
}

}  // namespace libration::inline LIBRATION_ABI::stats
