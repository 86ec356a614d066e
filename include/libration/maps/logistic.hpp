// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The logistic map.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The logistic map x' = r x (1 - x).
///
/// \param r   growth rate, 0 <= r <= 4 keeps [0, 1] in itself; a number, or lanes of numbers for a sweep
/// Exponent:  r = 4: ln 2; 1 < r < 3: ln|2 - r|; period 2, 3 < r < 1 + sqrt(6): (1/2) ln|4 + 2r - r^2|
/// Source:    May, "Simple mathematical models with very complicated dynamics", Nature 261 (1976) 459
template <class P = double>
struct basic_logistic {
  static constexpr int dimension = 1;
  P r = 4.0;

  /// \param h   shape (1): x in [0, 1]
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {r * h[0] * (1.0 - h[0])};
  }

  /// ln|r (1 - 2x)|; minus infinity at x = 1/2.
  template <class T>
  T log_abs_determinant(const state<T, 1>& h) const {
    using std::abs, std::log;
    return log(abs(r * (1.0 - 2.0 * h[0])));
  }

  static state<double, 1> start() { return {0.3}; }
};

using logistic = basic_logistic<>;

}  // namespace libration::inline LIBRATION_ABI::maps
