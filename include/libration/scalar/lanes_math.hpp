// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Elementary functions of lanes, found by argument beside `using std::sin`.
///
/// Accuracy: largest distance from the exact value, in units in the last place, measured on all floats a stride of 7
/// apart and on 10^7 random doubles over the whole range, denormals and the neighbourhood of the multiples of π/2
/// included, with and without fused multiply-add; `tests/scalar/lanes_math.test.cpp` holds the bounds.
///   exp 1.1, log 0.9, sin and cos 0.9, tan 2.4, tanh 1.6; sqrt, floor, abs exact.
/// sin, cos and tan of |x| beyond 2^20 (double) or 2^13 (float) are the standard library's, as are the functions listed
/// last, and every function of lanes that fill no register (`lanes<float, 2>`).
/// Infinities, NaN and signed zeros are treated as by the standard library (but floor(-0) is +0 before SSE 4.1). The
/// digits depend on whether the build has fused multiply-add, not on the width of its registers. Cost: exp, log about
/// 25 operations a register, sin, cos, tanh about 40; sin and cos of the same lanes share most.

#include <cmath>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>

namespace libration::inline LIBRATION_ABI {

namespace detail {

// A function of a register on each register; where a register is a single number, the standard library's on each.
template <class T, int N, class Simd, class Plain>
LIBRATION_INLINE lanes<T, N> apply(const lanes<T, N>& x, const Simd& simd, const Plain& plain) {
  if constexpr (std::is_same_v<typename lanes<T, N>::packet, T>)
    return lanes<T, N>::each(plain, x);
  else
    return lanes<T, N>::map_long(simd, x);
}

}  // namespace detail

template <class T, int N>
LIBRATION_INLINE lanes<T, N> abs(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return Eigen::internal::pabs(p); },
      [](T s) { return std::fabs(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> fabs(const lanes<T, N>& x) {
  return abs(x);
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> sqrt(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_sqrt(p); },
      [](T s) { return std::sqrt(s); });
}
/// 1 / sqrt(x) within 1.5 units in the last place, for positive normal x only; the digits depend on the registers.
template <class T, int N>
LIBRATION_INLINE lanes<T, N> inverse_sqrt(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_inverse_sqrt(p); },
      [](T s) { return T(1) / std::sqrt(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> floor(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return Eigen::internal::pfloor(p); },
      [](T s) { return std::floor(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> ceil(const lanes<T, N>& x) {
  return -floor(-x);
}
/// \return x - floor(x)
template <class T, int N>
LIBRATION_INLINE lanes<T, N> fract(const lanes<T, N>& x) {
  return x - floor(x);
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> exp(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_exp(p); }, [](T s) { return std::exp(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> log(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_log(p); }, [](T s) { return std::log(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> sin(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_sin(p); }, [](T s) { return std::sin(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> cos(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_cos(p); }, [](T s) { return std::cos(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> tan(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_tan(p); }, [](T s) { return std::tan(s); });
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> tanh(const lanes<T, N>& x) {
  return detail::apply(
      x, [](const auto& p) LIBRATION_INLINE_LAMBDA { return detail::packet_tanh(p); },
      [](T s) { return std::tanh(s); });
}

// Without a SIMD form: the standard library, lane by lane.
template <class T, int N>
lanes<T, N> asin(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::asin(s); }, x);
}
template <class T, int N>
lanes<T, N> acos(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::acos(s); }, x);
}
template <class T, int N>
lanes<T, N> atan(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::atan(s); }, x);
}
template <class T, int N>
lanes<T, N> sinh(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::sinh(s); }, x);
}
template <class T, int N>
lanes<T, N> cosh(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::cosh(s); }, x);
}
template <class T, int N>
lanes<T, N> expm1(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::expm1(s); }, x);
}
template <class T, int N>
lanes<T, N> log1p(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::log1p(s); }, x);
}
template <class T, int N>
lanes<T, N> cbrt(const lanes<T, N>& x) {
  return lanes<T, N>::each([](T s) { return std::cbrt(s); }, x);
}

}  // namespace libration::inline LIBRATION_ABI
