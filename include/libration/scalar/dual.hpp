// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Dual numbers: a value and its derivatives in k directions, carried through a formula (forward mode).

#include <cmath>
#include <concepts>
#include <cstddef>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI {

template <class T, int k>
struct dual;

namespace detail {

template <class D>
inline constexpr bool is_dual = false;
template <class T, int k>
inline constexpr bool is_dual<dual<T, k>> = true;

// S is a constant beside D: a plain number, or what D, or the scalar below it, is made of.
template <class S, class D>
inline constexpr bool is_constant = arithmetic<S>;
template <class S, class T, int k>
inline constexpr bool is_constant<S, dual<T, k>> = arithmetic<S> || std::same_as<S, T> || is_constant<S, T>;

template <class S, class D>
concept constant_beside = is_constant<S, D>;

// The constant as the cheapest type that T's arithmetic takes: rounded once to T's own numbers, never made a dual.
template <class T, class S>
LIBRATION_INLINE constexpr auto constant(const S& s) {
  if constexpr (std::same_as<S, T>)
    return s;
  else if constexpr (is_dual<T>)
    return constant<typename T::value_type>(s);
  else
    return T(s);
}

}  // namespace detail

/// A value and its derivatives in k directions; f(dual) is f(value) with f'(value) times the derivatives.
///
/// T is double, `single`, `lanes`, or a dual number again (second derivatives). The value is computed by the same
/// operations as without derivatives, so that an orbit in dual numbers has the digits of the orbit in T. Comparisons
/// compare values. A constant (a double, an int, a T) has no derivative, and costs none: `2.0 * x` is k + 1 products.
/// Cost: a product of two is 3k + 1 operations, an elementary function its own cost, its derivative's, and k products.
template <class T, int k>
struct dual {
  static_assert(k > 0, "libration::dual: at least one direction");
  using value_type = T;
  static constexpr int directions = k;

  T value;
  T derivative[static_cast<std::size_t>(k)];

  dual() = default;

  /// A constant: derivative 0 in every direction.
  template <detail::constant_beside<dual> S>
  LIBRATION_INLINE constexpr dual(const S& constant) : value(detail::constant<T>(constant)), derivative{} {}

  /// \return the number `value` with derivative 1 in one direction, 0 in the others
  static constexpr dual variable(const T& value, int direction) {
    dual r(value);
    r.derivative[direction] = T(1.0);
    return r;
  }

  /// \return `f` at `value`, with derivative `slope` times x's in each direction
  /// The chain rule, for functions that the library does not have.
  template <class S>
  static LIBRATION_INLINE constexpr dual chain(const T& value, const S& slope, const dual& x) {
    return build(value, [&](auto i) LIBRATION_INLINE_LAMBDA { return x.derivative[i] * slope; });
  }

  friend LIBRATION_INLINE constexpr dual operator+(const dual& a, const dual& b) {
    return build(a.value + b.value, [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i] + b.derivative[i]; });
  }
  friend LIBRATION_INLINE constexpr dual operator-(const dual& a, const dual& b) {
    return build(a.value - b.value, [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i] - b.derivative[i]; });
  }
  friend LIBRATION_INLINE constexpr dual operator*(const dual& a, const dual& b) {
    return build(a.value * b.value,
                 [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i] * b.value + b.derivative[i] * a.value; });
  }
  friend LIBRATION_INLINE constexpr dual operator/(const dual& a, const dual& b) {
    const T quotient = a.value / b.value;
    const T inverse = 1.0 / b.value;
    return build(quotient, [&](auto i) LIBRATION_INLINE_LAMBDA {
      return (a.derivative[i] - b.derivative[i] * quotient) * inverse;
    });
  }

  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator+(const dual& a, const S& b) {
    return build(a.value + detail::constant<T>(b), [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i]; });
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator+(const S& a, const dual& b) {
    return build(detail::constant<T>(a) + b.value, [&](auto i) LIBRATION_INLINE_LAMBDA { return b.derivative[i]; });
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator-(const dual& a, const S& b) {
    return build(a.value - detail::constant<T>(b), [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i]; });
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator-(const S& a, const dual& b) {
    return build(detail::constant<T>(a) - b.value, [&](auto i) LIBRATION_INLINE_LAMBDA { return -b.derivative[i]; });
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator*(const dual& a, const S& b) {
    const auto factor = detail::constant<T>(b);
    return build(a.value * factor, [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i] * factor; });
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator*(const S& a, const dual& b) {
    return b * a;
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator/(const dual& a, const S& b) {
    const auto divisor = detail::constant<T>(b);
    const auto inverse = 1.0 / divisor;
    return build(a.value / divisor, [&](auto i) LIBRATION_INLINE_LAMBDA { return a.derivative[i] * inverse; });
  }
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE constexpr dual operator/(const S& a, const dual& b) {
    const T quotient = detail::constant<T>(a) / b.value;
    return chain(quotient, -quotient / b.value, b);
  }

  friend LIBRATION_INLINE constexpr dual operator-(const dual& a) {
    return build(-a.value, [&](auto i) LIBRATION_INLINE_LAMBDA { return -a.derivative[i]; });
  }
  friend LIBRATION_INLINE constexpr dual operator+(const dual& a) { return a; }

  template <class S>
  LIBRATION_INLINE constexpr dual& operator+=(const S& other) {
    return *this = *this + other;
  }
  template <class S>
  LIBRATION_INLINE constexpr dual& operator-=(const S& other) {
    return *this = *this - other;
  }
  template <class S>
  LIBRATION_INLINE constexpr dual& operator*=(const S& other) {
    return *this = *this * other;
  }
  template <class S>
  LIBRATION_INLINE constexpr dual& operator/=(const S& other) {
    return *this = *this / other;
  }

  // Comparisons are of values: the branch that a number takes is the branch that is differentiated.
  friend LIBRATION_INLINE constexpr auto operator<(const dual& a, const dual& b) { return a.value < b.value; }
  friend LIBRATION_INLINE constexpr auto operator<=(const dual& a, const dual& b) { return a.value <= b.value; }
  friend LIBRATION_INLINE constexpr auto operator>(const dual& a, const dual& b) { return a.value > b.value; }
  friend LIBRATION_INLINE constexpr auto operator>=(const dual& a, const dual& b) { return a.value >= b.value; }
  friend LIBRATION_INLINE constexpr auto operator==(const dual& a, const dual& b) { return a.value == b.value; }
  friend LIBRATION_INLINE constexpr auto operator!=(const dual& a, const dual& b) { return a.value != b.value; }

  /// \return a where the condition holds, b elsewhere, with the derivatives of the branch taken: what `select` calls
  template <class Mask>
  friend LIBRATION_INLINE dual blend(const Mask& condition, const dual& a, const dual& b) {
    return build(blend(condition, a.value, b.value),
                 [&](auto i) LIBRATION_INLINE_LAMBDA { return blend(condition, a.derivative[i], b.derivative[i]); });
  }

  // The branch taken is differentiated; where both are equal, the first argument's.
  friend LIBRATION_INLINE dual min(const dual& a, const dual& b) { return select(b < a, b, a); }
  friend LIBRATION_INLINE dual max(const dual& a, const dual& b) { return select(a < b, b, a); }
  friend LIBRATION_INLINE dual fmin(const dual& a, const dual& b) { return select(b < a || a != a, b, a); }
  friend LIBRATION_INLINE dual fmax(const dual& a, const dual& b) { return select(a < b || a != a, b, a); }

  /// At the origin the derivative is NaN.
  friend LIBRATION_INLINE dual atan2(const dual& y, const dual& x) {
    using std::abs, std::atan2;
    // Scaled by the larger of the two, so that no square leaves the range.
    const T width = abs(x.value), height = abs(y.value), size = select(width < height, height, width);
    const T u = x.value / size, v = y.value / size, inverse = 1.0 / ((u * u + v * v) * size);
    const T cosine = u * inverse, sine = v * inverse;
    return build(atan2(y.value, x.value),
                 [&](auto i) LIBRATION_INLINE_LAMBDA { return y.derivative[i] * cosine - x.derivative[i] * sine; });
  }
  /// At the origin the derivative is NaN.
  friend LIBRATION_INLINE dual hypot(const dual& x, const dual& y) {
    using std::hypot;
    const T length = hypot(x.value, y.value);
    const T cosine = x.value / length, sine = y.value / length;
    return build(length,
                 [&](auto i) LIBRATION_INLINE_LAMBDA { return x.derivative[i] * cosine + y.derivative[i] * sine; });
  }
  /// Differentiated between the jumps: d(x - n y) with the whole number n fixed.
  friend LIBRATION_INLINE dual fmod(const dual& x, const dual& y) {
    using std::floor, std::fmod;
    const T rest = fmod(x.value, y.value);
    const T whole = floor((x.value - rest) / y.value + 0.5);
    return build(rest, [&](auto i) LIBRATION_INLINE_LAMBDA { return x.derivative[i] - y.derivative[i] * whole; });
  }

  /// A constant exponent: p x^(p-1), and 0 for p = 0 everywhere. At x = 0 it is 0 for p > 1 and infinite for 0 < p < 1.
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE dual pow(const dual& x, const S& p) {
    using std::pow;
    if constexpr (std::integral<S>) {
      if (p == 0) return dual(1.0);
      return chain(pow(x.value, p), static_cast<double>(p) * pow(x.value, p - 1), x);
    } else {
      const auto exponent = detail::constant<T>(p);
      return chain(pow(x.value, exponent), select(exponent == 0.0, 0.0, exponent * pow(x.value, exponent - 1.0)), x);
    }
  }
  /// A constant base: a^p log(a), and 0 where a^p is 0.
  template <detail::constant_beside<dual> S>
  friend LIBRATION_INLINE dual pow(const S& a, const dual& p) {
    using std::pow, std::log;
    const T base(detail::constant<T>(a));
    const T power = pow(base, p.value);
    return chain(power, select(power == 0.0, 0.0, power * log(base)), p);
  }
  /// Both vary. A negative base has a derivative in those directions in which the exponent rests; NaN in the others.
  friend LIBRATION_INLINE dual pow(const dual& x, const dual& p) {
    using std::pow, std::log;
    const T power = pow(x.value, p.value);
    const T by_base = select(p.value == 0.0, 0.0, p.value * pow(x.value, p.value - 1.0));
    const T by_exponent = select(power == 0.0, 0.0, power * log(x.value));
    return build(power, [&](auto i) LIBRATION_INLINE_LAMBDA {
      const T moved = select(p.derivative[i] == 0.0, 0.0, p.derivative[i] * by_exponent);
      return x.derivative[i] * by_base + moved;
    });
  }

  /// \return a dual number from its value and `direction(i)`, the derivative in direction i
  template <class Direction>
  static LIBRATION_INLINE constexpr dual build(const T& value, const Direction& direction) {
    dual r;
    r.value = value;
    detail::unrolled<k>([&](auto i) LIBRATION_INLINE_LAMBDA { r.derivative[i] = direction(i); });
    return r;
  }
};

template <class T, int k>
struct scalar_traits<dual<T, k>> {
  using base = typename scalar_traits<T>::base;
  using mask = typename scalar_traits<T>::mask;
  static constexpr int width = scalar_traits<T>::width;
};

}  // namespace libration::inline LIBRATION_ABI
