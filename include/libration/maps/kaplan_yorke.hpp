// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Kaplan-Yorke map.

#include <cmath>
#include <numbers>

#include <libration/core/config.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The Kaplan-Yorke map x' = 2x mod 1, y' = alpha y + cos(4 pi x): a doubling map that drives a contraction.
///
/// In floating point x reaches 0 after about 55 steps in double precision, as the doubling map's.
///
/// \param alpha   contraction, 0 < alpha < 1
/// Exponents: ln 2 and ln alpha; at alpha = 0.2 (the default) the dimension is 1.4306765581
/// Source:    Kaplan, Yorke, "Chaotic behavior of multidimensional difference equations", Lecture Notes in Mathematics
///            730 (1979) 204
template <class P = double>
struct basic_kaplan_yorke {
  static constexpr int dimension = 2;
  static constexpr state<double, 2> periods = {1.0, 0.0};
  P alpha = 0.2;

  /// \param h   shape (2): x in [0, 1), y any
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h) const {
    using std::cos;
    return {fract(2.0 * h[0]), alpha * h[1] + cos((4.0 * std::numbers::pi) * h[0])};
  }

  /// ln|2 alpha|.
  template <class T>
  T log_abs_determinant(const state<T, 2>&) const {
    using std::abs, std::log;
    return log(abs(2.0 * alpha));
  }

  static state<double, 2> start() { return {0.3, 0.1}; }
};

using kaplan_yorke = basic_kaplan_yorke<>;

}  // namespace libration::inline LIBRATION_ABI::maps
