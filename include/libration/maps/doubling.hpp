// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The doubling map.

#include <numbers>

#include <libration/core/config.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The doubling map x' = 2x mod 1, the shift of x's binary digits.
///
/// In floating point an orbit therefore reaches 0 after about as many steps as the significand has bits (55 in double
/// precision), although its exponent is ln 2.
///
/// Exponent:  ln 2
struct doubling {
  static constexpr int dimension = 1;
  static constexpr state<double, 1> periods = {1.0};

  /// \param h   shape (1): x in [0, 1)
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {fract(2.0 * h[0])};
  }

  /// ln 2.
  template <class T>
  T log_abs_determinant(const state<T, 1>&) const {
    return std::numbers::ln2;
  }

  static state<double, 1> start() { return {0.3}; }
};

}  // namespace libration::inline LIBRATION_ABI::maps
