// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Lozi map, the piecewise linear relative of the Hénon map.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Lozi map x' = 1 - a|x| + y, y' = b x.
///
/// \param a   fold, \param b contraction of areas, b != 0
/// Exponents: their sum is ln|b|; at a = 1.7, b = 0.5 (the default) measured 0.47025, -1.16340
/// Source:    Lozi, "Un attracteur étrange (?) du type attracteur de Hénon", J. Phys. Colloques 39 (1978) C5-9
template <class P = double>
struct basic_lozi {
  static constexpr int dimension = 2;
  P a = 1.7;
  P b = 0.5;

  /// \param h   shape (2): (x, y), any; far from the attractor orbits escape to infinity
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    using std::abs;
    return {1.0 - a * abs(h[0]) + h[1], b * h[0]};
  }

  /// ln|b|.
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    using std::abs, std::log;
    return log(abs(b));
  }

  static state<double, 2> start() { return {0.1, 0.1}; }
};

using lozi = basic_lozi<>;

}  // namespace libration::inline LIBRATION_ABI::maps
