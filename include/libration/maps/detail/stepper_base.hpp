// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What all steppers share: the checked time step, the field's rate at a state, and sums of states.

#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

LIBRATION_DECLARED double checked_time_step(double dt, std::string_view who);

/// What a stepper says of a type that is no field.
template <class F>
constexpr void check_field() {
  static_assert(field<F>, "libration: this type is not a vector field: libration::maps::explain_field<F>() says in words which "
                          "clause it misses");
}

/// The field's derivative at (t, h, x); x is ignored by an autonomous field.
template <class Field, class T, class X>
LIBRATION_INLINE state_of<Field, T> rate(const Field& field, [[maybe_unused]] double t, const state_of<Field, T>& h,
                                         [[maybe_unused]] const X& x) {
  if constexpr (input_dimension<Field> > 0) {
    if constexpr (derivative_thx<Field, double>)
      return field.derivative(t, h, x);
    else
      return field.derivative(h, x);
  } else {
    if constexpr (derivative_th<Field, double>)
      return field.derivative(t, h);
    else
      return field.derivative(h);
  }
}

/// Calls body(i) for i = 0 .. n-1. Short ones are written out, which keeps states in registers.
template <int n, class Body>
LIBRATION_INLINE void for_each_component(Body&& body) {
  if constexpr (n <= 16) {
    libration::detail::unrolled<n>([&](auto i) LIBRATION_INLINE_LAMBDA { body(static_cast<int>(i)); });
  } else {
    for (int i = 0; i < n; ++i) body(i);
  }
}

/// h + c k, without copies of either.
template <class T, int n>
LIBRATION_INLINE state<T, n> moved(const state<T, n>& h, double c, const state<T, n>& k) {
  state<T, n> result;
  for_each_component<n>([&](int i) LIBRATION_INLINE_LAMBDA { result[i] = h[i] + c * k[i]; });
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::maps::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/maps/definitions/detail/stepper_base.hpp>
#endif
