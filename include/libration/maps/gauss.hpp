// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Gauss map of continued fractions.

#include <cmath>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Gauss map x' = 1/x mod 1, and 0' = 0: the shift of x's continued fraction.
///
/// Exponent:  pi^2 / (6 ln 2) = 2.3731382208, over the density 1 / ((1 + x) ln 2)
struct gauss {
  static constexpr int dimension = 1;

  /// \param h   shape (1): x in [0, 1)
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {select(h[0] > 0.0, fract(1.0 / h[0]), T(0.0))};
  }

  /// -2 ln x; minus infinity at x = 0, where the map is taken as constant.
  template <class T>
  T log_abs_determinant(const state<T, 1>& h) const {
    using std::log;
    return log(select(h[0] > 0.0, 1.0 / (h[0] * h[0]), T(0.0)));
  }

  /// pi - 3. A fraction with a small denominator, such as 0.3, has a short continued fraction, and its orbit reaches 0.
  static state<double, 1> start() { return {std::numbers::pi - 3.0}; }
};

}  // namespace libration::inline LIBRATION_ABI::maps
