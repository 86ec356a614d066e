// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Rössler system, a vector field.

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Rössler system: dx/dt = -y - z, dy/dt = x + a y, dz/dt = b + z (x - c).
///
/// A field: `maps::rk4(maps::rossler{}, 0.02)` is a map.
///
/// Exponents: per unit time, one is 0; at a = b = 0.2, c = 5.7 (the default) measured 0.07136, 0, -5.39425
/// Source:    Rössler, "An equation for continuous chaos", Phys. Lett. A 57 (1976) 397
template <class P = double>
struct basic_rossler {
  static constexpr int dimension = 3;
  P a = 0.2;
  P b = 0.2;
  P c = 5.7;

  /// \param h   shape (3): (x, y, z); far from the attractor orbits escape to infinity
  template <class T>
  state<T, 3> derivative(const state<T, 3>& h) const {
    return {-h[1] - h[2], h[0] + a * h[1], b + h[2] * (h[0] - c)};
  }

  /// Trace of the Jacobian, per unit time: a + x - c.
  template <class T>
  T divergence(const state<T, 3>& h) const {
    return h[0] + (a - c);
  }

  static state<double, 3> start() { return {1.0, 1.0, 0.0}; }
};

using rossler = basic_rossler<>;

}  // namespace libration::inline LIBRATION_ABI::maps
