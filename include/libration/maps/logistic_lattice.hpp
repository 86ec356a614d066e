// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Logistic maps on a ring, coupled by diffusion.

#include <cmath>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The coupled logistic lattice on a ring: x_i' = (1 - eps) f(x_i) + (eps/2) (f(x_{i-1}) + f(x_{i+1})),
/// f(x) = r x (1 - x).
///
/// Two sites are each other's neighbour on both sides: x' = (1 - eps) f(x) + eps f(y), and the same for y'.
///
/// \tparam n  number of sites, n >= 1
/// \param r   0 <= r <= 4 keeps the unit cube in itself; \param epsilon  coupling, 0 <= eps <= 1
/// Exponents: on the synchronised orbit that of f plus ln|1 - eps + eps cos(2 pi k / n)|, k = 0 .. n - 1; for two sites
///            and r = 4 the transversal one is ln 2 + ln|1 - 2 eps|
/// Source:    Kaneko, "Spatiotemporal chaos in one- and two-dimensional coupled map lattices", Physica D 37 (1989) 60;
///            there with f(x) = 1 - a x^2
template <int n, class P = double>
struct basic_logistic_lattice {
  static_assert(n >= 1, "maps::logistic_lattice: n must be at least 1");
  static constexpr int dimension = n;
  P r = 4.0;
  P epsilon = 0.1;

  /// \param h   shape (n), each in [0, 1]
  template <class T>
  state<T, n> operator()(const state<T, n>& h) const {
    state<T, n> image;
    for (int i = 0; i < n; ++i) image[i] = r * h[i] * (1.0 - h[i]);
    const P own = 1.0 - epsilon, half = 0.5 * epsilon;
    state<T, n> next;
    for (int i = 0; i < n; ++i) {
      const int left = i == 0 ? n - 1 : i - 1, right = i == n - 1 ? 0 : i + 1;
      next[i] = own * image[i] + half * (image[left] + image[right]);
    }
    return next;
  }

  /// Sum over sites of ln|r (1 - 2 x_i)| + ln|1 - eps + eps cos(2 pi i / n)|: the coupling's matrix is circulant.
  /// Cost: n logarithms and cosines.
  template <class T>
  T log_abs_determinant(const state<T, n>& h) const {
    using std::abs, std::log;
    T sum = 0.0;
    for (int i = 0; i < n; ++i) {
      const double mode = std::cos(2.0 * std::numbers::pi * i / n);
      sum = sum + log(abs(r * (1.0 - 2.0 * h[i]) * (1.0 + epsilon * (mode - 1.0))));
    }
    return sum;
  }

  /// Off the synchronised orbit, all sites different.
  static state<double, n> start() {
    state<double, n> h;
    for (int i = 0; i < n; ++i) h[i] = 0.1 + 0.8 * std::fmod((i + 1) * std::numbers::phi, 1.0);
    return h;
  }
};

template <int n>
using logistic_lattice = basic_logistic_lattice<n>;

}  // namespace libration::inline LIBRATION_ABI::maps
