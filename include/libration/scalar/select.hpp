// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A branch that works in every scalar: `select(condition, a, b)`.

#include <concepts>

#include <libration/core/config.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI {

namespace detail {

template <class Condition, class R>
struct selected {
  static_assert(std::same_as<Condition, bool>, "libration::select: the condition is a bool or a mask of lanes");
  using type = R;
};
template <class T, int N, class R>
struct selected<lanes_mask<T, N>, R> {
  using type = promote_t<R, lanes<T, N>>;
};

}  // namespace detail

/// The scalar that `select` returns: what holds both a and b, and has the condition's lanes. Integers become double.
template <class Condition, class A, class B>
using select_result_t = typename detail::selected<Condition, detail::promote_t<A, B>>::type;

/// \param condition a bool, or a mask: what comparing two lanes (or dual numbers over lanes) returned
/// \return a where the condition holds, else b, lane by lane; a dual number's derivative comes from the same branch
/// Cost: with lanes both a and b have been computed: keep either from raising what the other was to avoid
template <class Condition, class A, class B>
LIBRATION_INLINE constexpr select_result_t<Condition, A, B> select(const Condition& condition, const A& a,
                                                                   const B& b) {
  using R = select_result_t<Condition, A, B>;
  if constexpr (std::same_as<Condition, bool>)
    return condition ? static_cast<R>(a) : static_cast<R>(b);
  else
    return blend(condition, static_cast<R>(a), static_cast<R>(b));
}

/// \return x - floor(x), in [0, 1]: 1 where a tiny negative x rounds up to it
template <std::floating_point T>
T fract(T x) {
  return x - std::floor(x);
}

}  // namespace libration::inline LIBRATION_ABI
