// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The tent map and the skew tent map.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The tent map x' = mu min(x, 1 - x).
///
/// With mu = 2 each step shifts the binary digits of x, so that in floating point an orbit reaches 0 after about as
/// many steps as the significand has bits (55 in double precision). A mu that is not a power of two does not do that.
///
/// \param mu  slope, 0 < mu <= 2 keeps [0, 1] in itself
/// Exponent:  ln mu
template <class P = double>
struct basic_tent {
  static constexpr int dimension = 1;
  P mu = 2.0;

  /// \param h   shape (1): x in [0, 1]; the slope at x = 1/2 is that of the right branch
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {mu * select(h[0] < 0.5, h[0], 1.0 - h[0])};
  }

  /// ln|mu|.
  template <class T>
  T log_abs_determinant(const state<T, 1>&) const {
    using std::abs, std::log;
    return log(abs(mu));
  }

  static state<double, 1> start() { return {0.3}; }
};

using tent = basic_tent<>;

/// The skew tent map: x' = x/a for x < a, else (1 - x)/(1 - a). The invariant density is uniform on [0, 1].
///
/// \param a   the top's place, 0 < a < 1
/// Exponent:  -a ln a - (1 - a) ln(1 - a)
/// Source:    the exponent is the mean of ln|slope| over the uniform density; derived here
template <class P = double>
struct basic_skew_tent {
  static constexpr int dimension = 1;
  P a = 0.3;

  /// \param h   shape (1): x in [0, 1]; the slope at x = a is that of the right branch
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {select(h[0] < a, h[0] / a, (1.0 - h[0]) / (1.0 - a))};
  }

  /// -ln a left of the top, -ln(1 - a) right of it.
  template <class T>
  T log_abs_determinant(const state<T, 1>& h) const {
    using std::log;
    return select(h[0] < a, T(-log(a)), T(-log(1.0 - a)));
  }

  static state<double, 1> start() { return {0.2}; }
};

using skew_tent = basic_skew_tent<>;

}  // namespace libration::inline LIBRATION_ABI::maps
