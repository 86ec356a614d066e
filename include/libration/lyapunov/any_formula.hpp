// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A small autonomous formula of which only the dimension is known: what the engine of `lyapunov::spectrum` is compiled for.

#include <cstdint>
#include <type_traits>

#include <libration/core/config.hpp>
#include <libration/lyapunov/ordinary_steps.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/formula_system.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

namespace detail {

/// Pointers to `ordinary_steps::propose` of one map, for frames of 1 to K columns.
template <class T, int n, int K>
struct proposals : proposals<T, n, K - 1> {
  using steps_type = ordinary_steps<T, n, K>;
  using pointer = typename steps_type::mask (*)(const void* map, const steps_type& from, std::int64_t steps,
                                                const state<T, n>& anchor, const typename steps_type::mask& found,
                                                steps_type& end);
  pointer each_step, no_step;  ///< orthonormalised after each step; after none

  template <class M, bool each>
  static typename steps_type::mask propose(const void* map, const steps_type& from, std::int64_t steps, const state<T, n>& anchor,
                                           const typename steps_type::mask& found, steps_type& end) {
    return from.template propose<each>(*static_cast<const M*>(map), steps, anchor, found, end);
  }
  template <class M>
  constexpr explicit proposals(std::type_identity<M> type)
      : proposals<T, n, K - 1>(type), each_step(&propose<M, true>), no_step(&propose<M, false>) {}
};
template <class T, int n>
struct proposals<T, n, 0> {
  template <class M>
  constexpr explicit proposals(std::type_identity<M>) {}
};

}  // namespace detail

/// Whether spectra of a formula map M run as those of `any_formula`: autonomous ones of up to 4 components, in double or in lanes
/// of doubles. (One of 4 components that knows its determinant does not: proposals of steps do not carry that.)
template <class M, class T>
inline constexpr bool runs_as_any_formula = [] {
  if constexpr (maps::formula_map<M>)
    return M::dimension <= 4 && maps::repeats_itself<M> && std::is_same_v<typename scalar_traits<T>::base, double> &&
           !(M::dimension == 4 && tangent::formula_system<M, T>::has_determinant);
  else
    return false;
}();

/// A formula map of n components on scalars T, whose own type is behind pointers to its functions: the engine is compiled once for
/// all formulas of a dimension. A call by pointer is paid for many steps together (`ordinary_steps`); in the transient and where
/// something happens, it is for each.
template <class T, int n>
class any_formula {
 public:
  static constexpr int dimension = n;
  static constexpr bool autonomous = true;

  /// \param map outlives this
  template <class M>
    requires runs_as_any_formula<M, T>
  explicit any_formula(const M& map)
      : map_(&map), functions_(&functions_of<M>), time_step_(maps::time_step(map)), per_unit_of_time_(maps::has_time_step<M>) {}

  state<T, n> operator()(const state<T, n>& h) const { return functions_->step(map_, h); }
  state<dual<T, n>, n> operator()(const state<dual<T, n>, n>& h) const { return functions_->linearise(map_, h); }

  double time_step() const { return time_step_; }
  bool per_unit_of_time() const { return per_unit_of_time_; }

  /// `ordinary_steps::propose` of the map.
  template <bool each_step, int K>
  typename scalar_traits<T>::mask propose(const ordinary_steps<T, n, K>& from, std::int64_t steps, const state<T, n>& anchor,
                                          const typename scalar_traits<T>::mask& found, ordinary_steps<T, n, K>& end) const {
    const detail::proposals<T, n, K>& of_width = functions_->proposals;
    return (each_step ? of_width.each_step : of_width.no_step)(map_, from, steps, anchor, found, end);
  }

 private:
  struct functions {
    state<T, n> (*step)(const void* map, const state<T, n>& h);
    state<dual<T, n>, n> (*linearise)(const void* map, const state<dual<T, n>, n>& h);
    detail::proposals<T, n, n> proposals;
  };
  template <class M, class S>
  static state<S, n> call(const void* map, const state<S, n>& h) {
    return maps::evaluate(*static_cast<const M*>(map), 0, h, state<S, 1>{});
  }
  template <class M>
  static constexpr functions functions_of{&call<M, T>, &call<M, dual<T, n>>, detail::proposals<T, n, n>(std::type_identity<M>{})};

  const void* map_;
  const functions* functions_;
  double time_step_;
  bool per_unit_of_time_;
};

/// Whether a system's steps can be ordinary.
template <class System>
inline constexpr bool has_ordinary_steps = false;
template <class T, int n, int K>
inline constexpr bool has_ordinary_steps<tangent::formula_system<any_formula<T, n>, T, K>> = true;

}  // namespace libration::inline LIBRATION_ABI::lyapunov
