// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Arnold's cat map.

#include <libration/core/config.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Arnold's cat map on the unit torus: x' = x + y, y' = x + 2y, both modulo 1.
///
/// Exponents: +-ln((3 + sqrt(5))/2) = +-0.9624236501; the matrix is symmetric, so that the covariant vectors are
///            perpendicular
/// Source:    Arnold, Avez, "Ergodic Problems of Classical Mechanics", Benjamin (1968)
struct cat {
  static constexpr int dimension = 2;
  static constexpr state<double, 2> periods = {1.0, 1.0};

  /// \param h   shape (2): (x, y) in [0, 1)
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    const T sum = h[0] + h[1];
    return {fract(sum), fract(sum + h[1])};
  }

  /// 0: the map preserves areas.
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    return 0.0;
  }

  static state<double, 2> start() { return {0.1, 0.7}; }
};

}  // namespace libration::inline LIBRATION_ABI::maps
