// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Gram-Schmidt on the frames that SIMD lanes cannot treat alike: dependent columns, extreme magnitudes, infinities.

#include <cstddef>
#include <limits>

#include <libration/core/config.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/state.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI::tangent::detail {

/// Squares of norms for which nothing overflows, and nothing that matters underflows.
template <class Base>
struct careful_range {
  static constexpr bool wide = std::numeric_limits<Base>::max_exponent > 200;
  Base epsilon = std::numeric_limits<Base>::epsilon();
  double low = wide ? 0x1p-600 : 0x1p-60;
  double high = wide ? 0x1p+600 : 0x1p+60;
};

/// Modified Gram-Schmidt, twice, on `count` columns of n doubles, column j starting at v + j n.
///
/// \param epsilon resolution of the numbers that the columns came from
/// \param pivot, squared_norm, squared_pivot as in `small_triangle`
/// \return false where an entry is not finite; the columns are untouched then
LIBRATION_DECLARED bool careful_gram_schmidt(double* v, int n, int count, double epsilon, double* pivot, double* squared_norm,
                                             double* squared_pivot);

/// Redoes the lanes of q and r that are out of the ordinary, from the frame v, with the criteria of `gram_schmidt`.
template <class T, int n, std::size_t k, class Triangle>
#if defined(__GNUC__)
__attribute__((noinline, cold))
#endif
void redo_careful(const state<T, n> (&v)[k], state<T, n> (&q)[k], Triangle& r, int count) {
  constexpr careful_range<typename scalar_traits<T>::base> range{};
  constexpr double epsilon = static_cast<double>(range.epsilon);
  for (int l = 0; l < scalar_traits<T>::width; ++l) {
    bool ordinary = true;
    for (int j = 0; j < count; ++j) {
      const double norm = lane_value(r.squared_norm[j], l);
      ordinary = ordinary && norm >= range.low && norm <= range.high &&
                 lane_value(r.squared_pivot[j], l) > n * epsilon * n * epsilon * norm;
    }
    if (ordinary) continue;
    double w[k * std::size_t{n}], pivot[k], squared_norm[k], squared_pivot[k];
    for (int j = 0; j < count; ++j)
      for (int i = 0; i < n; ++i) w[j * n + i] = lane_value(v[j][i], l);
    const bool finite = careful_gram_schmidt(w, n, count, epsilon, pivot, squared_norm, squared_pivot);
    for (int j = 0; j < count; ++j) {
      constexpr double nan = std::numeric_limits<double>::quiet_NaN();
      for (int i = 0; i < n; ++i) set_lane_value(q[j][i], l, w[j * n + i]);
      set_lane_value(r.pivot[j], l, finite ? pivot[j] : nan);
      set_lane_value(r.squared_norm[j], l, finite ? squared_norm[j] : nan);
      set_lane_value(r.squared_pivot[j], l, finite ? squared_pivot[j] : nan);
    }
  }
}

}  // namespace libration::inline LIBRATION_ABI::tangent::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/tangent/definitions/careful_gram_schmidt.hpp>
#endif
