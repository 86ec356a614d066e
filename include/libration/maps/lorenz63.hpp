// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Lorenz system of 1963, a vector field.

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Lorenz system: dx/dt = sigma (y - x), dy/dt = x (rho - z) - y, dz/dt = x y - beta z.
///
/// A field: `maps::rk4(maps::lorenz63{}, 0.01)` is a map.
///
/// \param sigma  Prandtl number, \param rho Rayleigh number over its critical value, \param beta geometry; numbers, or
///               lanes of numbers for a sweep
/// Exponents: per unit time; their sum is -(sigma + 1 + beta) exactly, one is 0; at 10, 28, 8/3 (the default) measured
///            0.90568, 0, -14.57234
/// Source:    Lorenz, "Deterministic nonperiodic flow", J. Atmos. Sci. 20 (1963) 130, equations 25 to 27
template <class P = double>
struct basic_lorenz63 {
  static constexpr int dimension = 3;
  P sigma = 10.0;
  P rho = 28.0;
  P beta = 8.0 / 3.0;

  /// \param h   shape (3): (x, y, z), any
  template <class T>
  state<T, 3> derivative(const state<T, 3>& h) const {
    return {sigma * (h[1] - h[0]), h[0] * (rho - h[2]) - h[1], h[0] * h[1] - beta * h[2]};
  }

  /// Trace of the Jacobian, the rate at which volumes grow, per unit time: -(sigma + 1 + beta).
  template <class T>
  T divergence(const state<T, 3>&) const {
    return -(sigma + 1.0 + beta);
  }

  /// Near the attractor of the default parameters.
  static state<double, 3> start() { return {1.0, 1.0, 20.0}; }
};

using lorenz63 = basic_lorenz63<>;

}  // namespace libration::inline LIBRATION_ABI::maps
