// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The public face of formula maps that are made from other things: steppers and combinators.

#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

/// `input_dimension` for a driven map, and nothing at all for an autonomous one: its presence is what says "driven".
template <int m>
struct input_member {
  static constexpr int input_dimension = m;
};
template <>
struct input_member<0> {};

/// Gives Derived the one call operator that fits (time or not, input or not), from its
///
///     template <class T, class X> state<T, n> advance(std::int64_t t, const state<T, n>& h, const X& x) const;
///
/// An autonomous Derived gets h in the place of x.
template <class Derived, int n, int m, bool timed, bool lanes_allowed>
struct formula_base : input_member<m> {
  static constexpr int dimension = n;
  static constexpr bool lanes = lanes_allowed;

  template <class T>
    requires(m == 0 && !timed)
  state<T, n> operator()(const state<T, n>& h) const {
    return self().advance(std::int64_t{0}, h, h);
  }
  template <class T>
    requires(m == 0 && timed)
  state<T, n> operator()(std::int64_t t, const state<T, n>& h) const {
    return self().advance(t, h, h);
  }
  template <class T>
    requires(m > 0 && !timed)
  state<T, n> operator()(const state<T, n>& h, const state<T, m>& x) const {
    return self().advance(std::int64_t{0}, h, x);
  }
  template <class T>
    requires(m > 0 && timed)
  state<T, n> operator()(std::int64_t t, const state<T, n>& h, const state<T, m>& x) const {
    return self().advance(t, h, x);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace libration::inline LIBRATION_ABI::maps::detail
