// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Hénon map.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Hénon map x' = 1 - a x^2 + y, y' = b x.
///
/// \param a   fold, \param b contraction of areas, b != 0; numbers, or lanes of numbers for a sweep
/// Exponents: their sum is ln|b|; at a = 1.4, b = 0.3 (the default) measured 0.41922, -1.62319
/// Source:    Hénon, "A two-dimensional mapping with a strange attractor", Commun. Math. Phys. 50 (1976) 69
template <class P = double>
struct basic_henon {
  static constexpr int dimension = 2;
  P a = 1.4;
  P b = 0.3;

  /// \param h   shape (2): (x, y), any; far from the attractor orbits escape to infinity
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    return {1.0 - a * (h[0] * h[0]) + h[1], b * h[0]};
  }

  /// ln|b|.
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    using std::abs, std::log;
    return log(abs(b));
  }

  /// In the basin of the attractor of the default parameters.
  static state<double, 2> start() { return {0.1, 0.1}; }
};

using henon = basic_henon<>;

}  // namespace libration::inline LIBRATION_ABI::maps
