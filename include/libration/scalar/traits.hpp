// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What is known of a scalar at compile time (`scalar_traits`), the concept `scalar`, and which of two scalars is
/// wider.

#include <concepts>
#include <type_traits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// What is known of a scalar: `base` (the floating-point type underneath), `mask` (what a comparison returns) and
/// `width` (the lanes: 1 for a plain number). Specialised beside each type.
template <class S>
struct scalar_traits;

template <std::floating_point S>
struct scalar_traits<S> {
  using base = S;
  using mask = bool;
  static constexpr int width = 1;
};

/// A number that a formula may be evaluated in: double, float, `single`, `lanes<T, N>`, `dual<S, k>` over any of these.
///
/// Syntax: `scalar_traits`, implicit conversion from double and int, arithmetic and comparisons that return `mask`.
/// Semantics: arithmetic with a double gives S again (except for float itself), and each lane of a result depends on
/// nothing but the same lane of the operands.
template <class S>
concept scalar = requires(const S a, const S b) {
  typename scalar_traits<S>::base;
  typename scalar_traits<S>::mask;
  { scalar_traits<S>::width + 0 } -> std::same_as<int>;
  { a + b } -> std::convertible_to<S>;
  { a - b } -> std::convertible_to<S>;
  { a* b } -> std::convertible_to<S>;
  { a / b } -> std::convertible_to<S>;
  { -a } -> std::convertible_to<S>;
  { a < b } -> std::same_as<typename scalar_traits<S>::mask>;
}
&&std::convertible_to<double, S>&& std::convertible_to<int, S>;

namespace detail {

template <class A>
concept arithmetic = std::is_arithmetic_v<A>;

// The scalar that holds a and b: integers become double beside each other and the other's type beside a number.
template <class A, class B>
constexpr auto promote() {
  if constexpr (std::same_as<A, B> && !std::integral<A>)
    return std::type_identity<A>{};
  else if constexpr (std::integral<A> && std::integral<B>)
    return std::type_identity<double>{};
  else if constexpr (std::integral<A>)
    return std::type_identity<B>{};
  else if constexpr (std::integral<B>)
    return std::type_identity<A>{};
  else if constexpr (arithmetic<A> && arithmetic<B>)
    return std::type_identity<std::common_type_t<A, B>>{};
  else if constexpr (std::convertible_to<A, B>)
    return std::type_identity<B>{};
  else {
    static_assert(std::convertible_to<B, A>, "libration: these two scalars have no common scalar");
    return std::type_identity<A>{};
  }
}

template <class A, class B>
using promote_t = typename decltype(promote<A, B>())::type;

}  // namespace detail

/// \return whether the condition holds, in every lane where there are lanes
constexpr bool all(bool condition) noexcept { return condition; }

/// \return whether the condition holds, in some lane where there are lanes
constexpr bool any(bool condition) noexcept { return condition; }

/// \return whether the condition fails, in every lane where there are lanes
constexpr bool none(bool condition) noexcept { return !condition; }

}  // namespace libration::inline LIBRATION_ABI
