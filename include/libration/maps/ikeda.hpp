// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Ikeda map.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Ikeda map, light in a ring cavity: z' = 1 + u z e^{it}, t = 0.4 - 6/(1 + |z|^2), z = x + iy.
///
/// \param u   what one round trip leaves of the field, 0 < u < 1; chaotic from about 0.6 on
/// Exponents: their sum is 2 ln u; at u = 0.9 (the default) measured 0.50760, -0.71833
/// Source:    Hammel, Jones, Moloney, "Global dynamical behavior of the optical field in a ring cavity", J. Opt. Soc.
///            Am. B 2 (1985) 552; after Ikeda, Opt. Commun. 30 (1979) 257
template <class P = double>
struct basic_ikeda {
  static constexpr int dimension = 2;
  P u = 0.9;

  /// \param h   shape (2): (x, y), any; the image lies within u|z| of (1, 0), so that orbits stay bounded
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    using std::cos, std::sin;
    const T t = 0.4 - 6.0 / (1.0 + h[0] * h[0] + h[1] * h[1]);
    const T c = cos(t), s = sin(t);
    return {1.0 + u * (h[0] * c - h[1] * s), u * (h[0] * s + h[1] * c)};
  }

  /// 2 ln|u|: the map is a turn by an angle that depends on |z| alone, and a scaling by u.
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    using std::abs, std::log;
    return 2.0 * log(abs(u));
  }

  static state<double, 2> start() { return {0.1, 0.1}; }
};

using ikeda = basic_ikeda<>;

}  // namespace libration::inline LIBRATION_ABI::maps
