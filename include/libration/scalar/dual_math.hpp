// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Elementary functions of dual numbers, found by argument beside `using std::sin`.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/dual.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/select.hpp>

// Each is the chain rule on the function of the value, which is the value's own type's. Where a derivative is infinite
// (sqrt, cbrt and log at 0, asin and acos at ±1), it is ±infinity in the directions in which x moves and NaN in those
// in which it rests.
namespace libration::inline LIBRATION_ABI {

template <class T, int k>
LIBRATION_INLINE dual<T, k> sin(const dual<T, k>& x) {
  using std::sin, std::cos;
  return dual<T, k>::chain(sin(x.value), cos(x.value), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> cos(const dual<T, k>& x) {
  using std::sin, std::cos;
  return dual<T, k>::chain(cos(x.value), -sin(x.value), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> tan(const dual<T, k>& x) {
  using std::tan;
  const T value = tan(x.value);
  return dual<T, k>::chain(value, 1.0 + value * value, x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> asin(const dual<T, k>& x) {
  using std::asin, std::sqrt;
  return dual<T, k>::chain(asin(x.value), 1.0 / sqrt((1.0 - x.value) * (1.0 + x.value)), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> acos(const dual<T, k>& x) {
  using std::acos, std::sqrt;
  return dual<T, k>::chain(acos(x.value), -1.0 / sqrt((1.0 - x.value) * (1.0 + x.value)), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> atan(const dual<T, k>& x) {
  using std::atan;
  return dual<T, k>::chain(atan(x.value), 1.0 / (1.0 + x.value * x.value), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> sinh(const dual<T, k>& x) {
  using std::sinh, std::cosh;
  return dual<T, k>::chain(sinh(x.value), cosh(x.value), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> cosh(const dual<T, k>& x) {
  using std::sinh, std::cosh;
  return dual<T, k>::chain(cosh(x.value), sinh(x.value), x);
}
/// Accuracy: the slope 4e/(1 + e)², e = exp(-2|x|), is right to 8 eps of itself: 1 - tanh² would be 0 from |x| = 19 on
///           (10 in single precision), and an exponent minus infinity.
template <class T, int k>
LIBRATION_INLINE dual<T, k> tanh(const dual<T, k>& x) {
  using std::abs, std::exp, std::tanh;
  const T e = exp(-2.0 * abs(x.value)), sum = 1.0 + e;
  return dual<T, k>::chain(tanh(x.value), 4.0 * e / (sum * sum), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> exp(const dual<T, k>& x) {
  using std::exp;
  const T value = exp(x.value);
  return dual<T, k>::chain(value, value, x);
}
/// The slope is exp(x): 1 + expm1(x) has few of its digits for negative x, and none below -37 (-17 in single precision).
template <class T, int k>
LIBRATION_INLINE dual<T, k> expm1(const dual<T, k>& x) {
  using std::exp, std::expm1;
  return dual<T, k>::chain(expm1(x.value), exp(x.value), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> log(const dual<T, k>& x) {
  using std::log;
  return dual<T, k>::chain(log(x.value), 1.0 / x.value, x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> log1p(const dual<T, k>& x) {
  using std::log1p;
  return dual<T, k>::chain(log1p(x.value), 1.0 / (1.0 + x.value), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> sqrt(const dual<T, k>& x) {
  using std::sqrt;
  const T value = sqrt(x.value);
  return dual<T, k>::chain(value, 0.5 / value, x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> cbrt(const dual<T, k>& x) {
  using std::cbrt;
  const T value = cbrt(x.value);
  return dual<T, k>::chain(value, 1.0 / (3.0 * value * value), x);
}
/// At 0 the derivative from the right.
template <class T, int k>
LIBRATION_INLINE dual<T, k> abs(const dual<T, k>& x) {
  using std::abs;
  return dual<T, k>::chain(abs(x.value), select(x.value < 0.0, T(-1.0), T(1.0)), x);
}
template <class T, int k>
LIBRATION_INLINE dual<T, k> fabs(const dual<T, k>& x) {
  return abs(x);
}
/// Derivative 0, at the jumps too.
template <class T, int k>
LIBRATION_INLINE dual<T, k> floor(const dual<T, k>& x) {
  using std::floor;
  return floor(x.value);
}
/// Derivative 0, at the jumps too.
template <class T, int k>
LIBRATION_INLINE dual<T, k> ceil(const dual<T, k>& x) {
  using std::ceil;
  return ceil(x.value);
}
/// Derivative 1, at the jumps too.
template <class T, int k>
LIBRATION_INLINE dual<T, k> fract(const dual<T, k>& x) {
  using std::floor;
  return x - floor(x.value);
}

/// \return whether the value and every derivative is finite
template <class T, int k>
LIBRATION_INLINE typename scalar_traits<T>::mask isfinite(const dual<T, k>& x) {
  using std::isfinite;
  typename scalar_traits<T>::mask finite = isfinite(x.value);
  detail::unrolled<k>([&](auto i) LIBRATION_INLINE_LAMBDA { finite = finite && isfinite(x.derivative[i]); });
  return finite;
}
/// \return whether the value is NaN
template <class T, int k>
LIBRATION_INLINE typename scalar_traits<T>::mask isnan(const dual<T, k>& x) {
  using std::isnan;
  return isnan(x.value);
}

}  // namespace libration::inline LIBRATION_ABI
