// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The standard (Chirikov) map.

#include <cmath>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The standard map on the torus: p' = p + K sin(theta), theta' = theta + p', both modulo 2 pi.
///
/// The momentum is taken modulo 2 pi too, which changes no exponent and keeps the state bounded; its diffusion along
/// the unwrapped cylinder cannot be read from this map. Values lie in [0, 2 pi], the upper end by rounding only.
///
/// \param K   kick strength; K = 10 is almost everywhere chaotic, K = 1 sticky (orbits linger near islands)
/// Exponents: symplectic, so that they add to 0; at K = 10 (the default) measured +-1.6201, near ln(K/2)
/// Source:    Chirikov, "A universal instability of many-dimensional oscillator systems", Phys. Rep. 52 (1979) 263
template <class P = double>
struct basic_standard {
  static constexpr int dimension = 2;
  static constexpr state<double, 2> periods = {2.0 * std::numbers::pi, 2.0 * std::numbers::pi};
  P K = 10.0;

  /// \param h   shape (2): (p, theta), radians, any
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    using std::sin;
    const T p = h[0] + K * sin(h[1]);
    return {wrap(p), wrap(h[1] + p)};
  }

  /// 0: the map preserves areas.
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    return 0.0;
  }

  static state<double, 2> start() { return {0.5, 1.0}; }

 private:
  template <class T>
  static T wrap(const T& x) {
    using std::floor;
    constexpr double turn = 2.0 * std::numbers::pi;
    return x - turn * floor(x * (1.0 / turn));
  }
};

using standard = basic_standard<>;

}  // namespace libration::inline LIBRATION_ABI::maps
