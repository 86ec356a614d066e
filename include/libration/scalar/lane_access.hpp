// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One lane of a mask, whether the mask is a bool (one orbit) or a truth value a lane; states put together by a mask.

#include <libration/core/config.hpp>
#include <libration/scalar/dual.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI {

/// \return the mask with the same truth value in every lane
template <class Mask>
constexpr Mask everywhere(bool value) {
  return Mask(value);
}

/// \return the truth value in one lane; a bool has the single lane 0
constexpr bool lane_of(bool mask, int /*lane*/) noexcept { return mask; }
template <class T, int N>
bool lane_of(const lanes_mask<T, N>& mask, int lane) {
  return mask[lane];
}

/// \return the number in one lane; a plain number has the single lane 0, and of a dual number it is the value
template <class T>
double lane_value(const T& x, int lane) {
  if constexpr (detail::is_dual<T>)
    return lane_value(x.value, lane);
  else if constexpr (scalar_traits<T>::width > 1)
    return static_cast<double>(x[lane]);
  else
    return static_cast<double>(x);
}

/// Sets the number in one lane, rounded to the scalar; a dual number keeps its derivative.
template <class T>
void set_lane_value(T& x, int lane, double value) {
  if constexpr (detail::is_dual<T>)
    set_lane_value(x.value, lane, value);
  else if constexpr (scalar_traits<T>::width > 1)
    x[lane] = static_cast<typename scalar_traits<T>::base>(value);
  else
    x = static_cast<T>(value);
}

/// Sets the truth value in one lane.
constexpr void set_lane(bool& mask, int /*lane*/, bool value) noexcept { mask = value; }
template <class T, int N>
void set_lane(lanes_mask<T, N>& mask, int lane, bool value) {
  lanes<T, N> number = select(mask, lanes<T, N>(1.0), lanes<T, N>(0.0));
  number[lane] = value ? T(1) : T(0);
  mask = number != lanes<T, N>(0.0);
}

/// Copies `from` to `to` in the lanes where the mask holds.
template <class T, int n>
void assign_where(bool mask, const state<T, n>& from, state<T, n>& to) {
  if (mask) to = from;
}
template <class T, int N, int n>
void assign_where(const lanes_mask<T, N>& mask, const state<lanes<T, N>, n>& from, state<lanes<T, N>, n>& to) {
  for (int i = 0; i < n; ++i) to[i] = select(mask, from[i], to[i]);
}
template <class T, int N>
void assign_where(const lanes_mask<T, N>& mask, const lanes<T, N>& from, lanes<T, N>& to) {
  to = select(mask, from, to);
}
template <class Derived>
void assign_where(bool mask, const Eigen::PlainObjectBase<Derived>& from, Eigen::PlainObjectBase<Derived>& to) {
  if (mask) to = from;
}

}  // namespace libration::inline LIBRATION_ABI
