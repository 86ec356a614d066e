// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The curves that growth laws are fitted with, in scaled time and in parameters that stay finite where one law turns into
/// another; and the laws' own parameters from them.

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// A curve with its number of free parameters θ. All but the power law solve dE/dt = (aE + S)(1 - E/E_∞) with some of a, S and
/// 1/E_∞ held at zero:
///
///     constant      1  ln E = θ0
///     proportional  1  E = s t
///     linear        2  a = 0, E_∞ = ∞
///     power         2  E = c t^p
///     exponential   2  S = 0, E_∞ = ∞
///     affine        3  E = A + B e^{κt}: E_∞ = ∞ where κ > 0, a = 0 where κ < 0
///     logistic      3  S = 0
///     full          4
enum class law_form : unsigned char { constant, proportional, linear, power, exponential, affine, logistic, full };
inline constexpr std::size_t law_form_count = 8;

constexpr int parameter_count(law_form f) {
  constexpr int counts[] = {1, 1, 2, 2, 2, 3, 3, 4};
  return counts[static_cast<std::size_t>(f)];
}

/// One of the laws' own parameters each. NaN: the law has none such.
template <class T>
struct law_values {
  T initial, rate, source, limit, coefficient, exponent;
};

/// (e^x - 1)/x
template <class T>
T relative_growth(const T& x) {
  using std::expm1;
  if (x < 0.01 && x > -0.01)  // the quotient's derivative would cancel; the next term is below 1e-18
    return 1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0 * (1.0 + x / 6.0 * (1.0 + x / 7.0)))));
  return expm1(x) / x;
}

/// A curve over a window: τ = (t - reference)/span, and logarithms of errors relative to `log_unit`.
///
/// The reference is the window's end with the smaller error, so that the sums below have terms of one sign for every law that
/// grows. With E_r there, g and k the (scaled) slope and rate: E/E_r = (1 + gψ)/(1 + Qgψ), ψ = (e^{kτ} - 1)/k, is the general
/// solution, Q = E_r/E_∞; Q = 0 is affine, k = Q = 0 linear, g = k logistic. Derived here from Dalcher and Kalnay's closed form.
struct law_curve {
  law_form form = law_form::constant;
  double reference = 0.0, span = 1.0;
  double time_unit = 1.0;  ///< of the power law, so that its two parameters are nearly independent
  double log_unit = 0.0;
  std::array<double, 4> parameters = {};

  /// E/E_r as a fraction, not for the power law and its like
  template <class T>
  struct fraction {
    T over, under;
  };

  template <class T>
  fraction<T> ratio(const std::array<T, 4>& theta, double tau) const {
    using std::exp;
    switch (form) {
      case law_form::linear:
        return {1.0 + theta[1] * tau, T(1.0)};
      case law_form::affine:
        return {1.0 + theta[1] * (tau * relative_growth(theta[2] * tau)), T(1.0)};
      case law_form::logistic: {  // both divided by e^{kτ}, which may overflow
        const T limit = exp(theta[2]);
        return {T(1.0), limit + (1.0 - limit) * exp(theta[1] * -tau)};
      }
      case law_form::full: {
        const T minus_k_tau = exp(theta[2]) * -tau;
        const T decayed = exp(minus_k_tau), grown = theta[1] * (tau * relative_growth(minus_k_tau));
        return {decayed + grown, decayed + exp(theta[3]) * grown};
      }
      default:
        return {exp(theta[1] * tau), T(1.0)};
    }
  }

  /// ln E - log_unit at time t
  template <class T>
  T log_value(const std::array<T, 4>& theta, double t) const {
    using std::log;
    const double tau = (t - reference) / span;
    switch (form) {
      case law_form::constant:
        return theta[0];
      case law_form::proportional:
        return theta[0] + std::log(t / time_unit);
      case law_form::power:
        return theta[0] + theta[1] * std::log(t / time_unit);
      case law_form::exponential:
        return theta[0] + theta[1] * tau;
      default:
        break;
    }
    const fraction<T> e = ratio(theta, tau);
    return theta[0] + (log(e.over) - log(e.under));
  }

  /// The law's value at any time. It may be negative, or infinite, outside the window.
  double operator()(double t) const;

  /// Of an affine curve: it is negative from some time on.
  LIBRATION_DECLARED bool falls_through_zero() const;

  /// The law's own parameters, in the units of time and error.
  template <class T>
  law_values<T> values(const std::array<T, 4>& theta) const {
    using std::exp, std::pow;
    constexpr double none = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
    const T first = exp(log_unit + theta[0]);
    law_values<T> v = {T(none), T(0.0), T(0.0), T(infinite), T(none), T(none)};
    switch (form) {
      case law_form::constant:
        v.initial = first;
        return v;
      case law_form::proportional:
        v.initial = T(0.0);
        v.source = first / time_unit;
        return v;
      case law_form::power:
        v.exponent = theta[1];
        v.coefficient = exp(log_unit + theta[0] - theta[1] * std::log(time_unit));
        v.rate = v.source = v.limit = T(none);
        return v;
      default:
        break;
    }
    const fraction<T> start = ratio(theta, -reference / span);
    v.initial = first * (start.over / start.under);
    if (form == law_form::linear) {
      v.source = first * theta[1] / span;
    } else if (form == law_form::exponential) {
      v.rate = theta[1] / span;
    } else if (form == law_form::affine) {
      const T& kappa = theta[2];
      if (kappa < 0.0) {
        // A rise that would end beyond infinity, as resampled curves near a straight line can have it, has no limit.
        v.limit = first * (1.0 - theta[1] / kappa);
        v.source = v.limit * (-kappa / span);
      } else {
        v.rate = kappa / span;
        v.source = first * (theta[1] - kappa) / span;
      }
    } else if (form == law_form::logistic) {
      v.rate = theta[1] / span;
      v.limit = first * exp(-theta[2]);
    } else {
      const T k = exp(theta[2]), q = exp(theta[3]);
      v.rate = (k - theta[1] * q) / (1.0 - q) / span;
      v.source = first * (theta[1] - k) / (1.0 - q) / span;
      v.limit = first / q;
    }
    return v;
  }
};

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/law_family.hpp>
#endif
