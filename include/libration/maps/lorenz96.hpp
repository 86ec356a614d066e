// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Lorenz system of 1996 on a ring of any size, a vector field.

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Lorenz 96 system of n sites on a ring: dx_i/dt = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + F.
///
/// A field: `maps::rk4(maps::lorenz96<40>{}, 0.05)` is a map.
///
/// \tparam n  number of sites, n >= 4
/// \param forcing   F; the steady state x_i = F is unstable for F > 8/9 at most sizes, F = 8 (the default) is chaotic
/// Exponents: per unit time; their sum is -n exactly, one is 0
/// Source:    Lorenz, "Predictability: a problem partly solved", Proc. Seminar on Predictability, ECMWF (1996) 1
template <int n, class P = double>
struct basic_lorenz96 {
  static_assert(n >= 4,
                "maps::lorenz96: n must be at least 4, so that a site's three neighbours are others than itself");
  static constexpr int dimension = n;
  P forcing = 8.0;

  /// \param h   shape (n), any
  template <class T>
  state<T, n> derivative(const state<T, n>& h) const {
    state<T, n> rate;
    rate[0] = (h[1] - h[n - 2]) * h[n - 1] - h[0] + forcing;
    rate[1] = (h[2] - h[n - 1]) * h[0] - h[1] + forcing;
    for (int i = 2; i < n - 1; ++i) rate[i] = (h[i + 1] - h[i - 2]) * h[i - 1] - h[i] + forcing;
    rate[n - 1] = (h[0] - h[n - 3]) * h[n - 2] - h[n - 1] + forcing;
    return rate;
  }

  /// Trace of the Jacobian, per unit time: -n.
  template <class T>
  T divergence(const state<T, n>&) const {
    return static_cast<double>(-n);
  }

  /// The steady state at F = 8, pushed by 0.01 at the first site.
  static state<double, n> start() {
    state<double, n> h;
    for (int i = 0; i < n; ++i) h[i] = 8.0;
    h[0] += 0.01;
    return h;
  }
};

template <int n>
using lorenz96 = basic_lorenz96<n>;

}  // namespace libration::inline LIBRATION_ABI::maps
