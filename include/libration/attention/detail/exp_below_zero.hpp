// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// exp of a register of numbers that are not above zero: what a softmax takes, in half the operations of the general one.

#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// The widest register of T, with operators; T itself where there is none.
template <class T>
using packet_of = typename libration::detail::packet<T, Eigen::internal::packet_traits<T>::size>::type;

// -127 ln 2 (float), -1023 ln 2 (double): there 2^n has the exponent of zero, and is zero.
template <class T>
inline constexpr T exp_floor = T(1 - std::numeric_limits<T>::max_exponent) * T(0.69314718055994531);

/// \return max(d, exp_floor): minus infinity becomes finite, NaN stays NaN
template <class P>
LIBRATION_INLINE P above_exp_floor(const P& d) {
  return Eigen::internal::pmax<P>(d, libration::detail::broadcast<P>(exp_floor<libration::detail::element_t<P>>));
}

/// e^d of several registers, step by step side by side: one after another they would wait for their own results.
///
/// \param d  exp_floor <= d <= 0, or NaN
/// \return   exactly 1 at 0, and 0 where it is below half of the smallest normal number; NaN of NaN
/// Accuracy: 1.1 units in the last place, as `lanes_math.hpp` has it for exp; below the smallest normal number absolute
template <class P, std::size_t n>
LIBRATION_INLINE void exp_below_zero(const P (&d)[n], P (&result)[n]) {
  using T = libration::detail::element_t<P>;
  using libration::detail::broadcast, libration::detail::from_bits, libration::detail::math_constants,
      libration::detail::multiply_add, libration::detail::polynomial, libration::detail::same_bits, libration::detail::to_bits,
      libration::detail::unrolled;
  const auto each = [](auto&& step) LIBRATION_INLINE_LAMBDA { unrolled<static_cast<int>(n)>(step); };
  if constexpr (std::is_same_v<P, T>) {
    each([&](auto k) { result[k] = d[k] > exp_floor<T> ? std::exp(d[k]) : (d[k] == d[k] ? T(0) : d[k]); });
  } else {
    using c = math_constants<T>;
    const P rounder = broadcast<P>(c::rounder);
    P rounded[n], r[n], minus_n[n], power[n];
    each([&](auto k) LIBRATION_INLINE_LAMBDA { rounded[k] = multiply_add<P>(d[k], broadcast<P>(T(1.4426950408889634)), rounder); });
    each([&](auto k) LIBRATION_INLINE_LAMBDA { minus_n[k] = rounder - rounded[k]; });
    each([&](auto k) LIBRATION_INLINE_LAMBDA { r[k] = multiply_add<P>(minus_n[k], broadcast<P>(c::ln2[0]), d[k]); });
    each([&](auto k) LIBRATION_INLINE_LAMBDA { r[k] = multiply_add<P>(minus_n[k], broadcast<P>(c::ln2[1]), r[k]); });
    each([&](auto k) LIBRATION_INLINE_LAMBDA {
      power[k] = from_bits<P>((to_bits(rounded[k]) << (std::numeric_limits<T>::digits - 1)) + same_bits<P>(T(1)));
    });
    each([&](auto k) LIBRATION_INLINE_LAMBDA { result[k] = polynomial(r[k], c::exp); });
    each([&](auto k) LIBRATION_INLINE_LAMBDA { result[k] = T(1) + multiply_add<P>(r[k] * r[k], result[k], r[k]); });
    each([&](auto k) LIBRATION_INLINE_LAMBDA { result[k] = result[k] * power[k]; });
  }
}

/// The same of one register.
template <class P>
LIBRATION_INLINE P exp_below_zero(const P& d) {
  const P one[1] = {d};
  P result[1];
  exp_below_zero<P>(one, result);
  return result[0];
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
