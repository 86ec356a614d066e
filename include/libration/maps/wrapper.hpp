// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a map that is made of another one says of itself: all that the other says, forwarded by one base.

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/structured_spectrum.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Base of every map that wraps another map, or a field, and has its state: it forwards what that one says of itself, which is
/// `counters`, `autonomous`, `time_step()`, `exact_steps`, `periods`, `unbounded` and, where the Jacobian is the same,
/// `log_abs_determinant` and `structured_spectrum`.
///
///     struct watched : libration::maps::wrapper<watched, maps::henon, true> {
///       maps::henon map;
///       const maps::henon& inner() const { return map; }
///       static constexpr int dimension = 2;
///       template <class T> state<T, 2> operator()(const state<T, 2>& h) const { return map(h); }
///     };
///
/// What differs from the inner map's, Derived says itself, by a member of the same name.
///
/// \tparam Derived        has `const M& inner() const`
/// \tparam same_jacobian  whether its Jacobian at h is that of M at h
template <class Derived, class M, bool same_jacobian = false>
class wrapper {
 public:
  static constexpr int counters = maps::counters<M>;
  static constexpr bool autonomous = time_invariant<M>;
  static constexpr bool exact_steps = maps::exact_steps<M>;

  double time_step() const
    requires has_time_step<M>
  {
    return self().inner().time_step();
  }
  decltype(auto) periods() const
    requires has_periods<M>
  {
    return maps::periods(self().inner());
  }
  decltype(auto) unbounded() const
    requires has_unbounded<M>
  {
    return maps::unbounded(self().inner());
  }
  /// \param at  whatever M's takes: a state, or M's workspace
  template <class Where>
    requires(same_jacobian && requires(const M& map, const Where& at) { map.log_abs_determinant(at); })
  auto log_abs_determinant(const Where& at) const {
    return self().inner().log_abs_determinant(at);
  }
  gate_structure structured_spectrum() const
    requires(same_jacobian && has_structured_spectrum<M>)
  {
    return self().inner().structured_spectrum();
  }
  /// \param at  whatever M's takes: M's workspace, or a time
  template <class Where>
    requires(same_jacobian && has_structured_spectrum<M> &&
             requires(const M& map, const Where& at, vector_span<double> out) { map.gates(at, out); })
  void gates(const Where& at, vector_span<double> out) const {
    self().inner().gates(at, out);
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace libration::inline LIBRATION_ABI::maps
