// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Single precision as a scalar that stays single beside double literals.

#include <cmath>
#include <concepts>

#include <libration/core/config.hpp>
#include <libration/scalar/power.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI {

/// A float whose arithmetic with double and int gives `single` again.
///
/// In a plain float's formula `1.0 + u * h[0]` is computed in double and narrowed at the end: neither single precision
/// nor allowed in braces. Here each operand is rounded to float first, as the network's own code would have it.
class single {
 public:
  constexpr single() = default;
  template <detail::arithmetic S>
  constexpr single(S value) noexcept : value_(static_cast<float>(value)) {}

  constexpr float value() const noexcept { return value_; }
  constexpr explicit operator float() const noexcept { return value_; }
  constexpr explicit operator double() const noexcept { return static_cast<double>(value_); }

  friend constexpr single operator+(single a, single b) noexcept { return a.value_ + b.value_; }
  friend constexpr single operator-(single a, single b) noexcept { return a.value_ - b.value_; }
  friend constexpr single operator*(single a, single b) noexcept { return a.value_ * b.value_; }
  friend constexpr single operator/(single a, single b) noexcept { return a.value_ / b.value_; }
  friend constexpr single operator-(single a) noexcept { return -a.value_; }
  friend constexpr single operator+(single a) noexcept { return a; }

  constexpr single& operator+=(single other) noexcept { return *this = *this + other; }
  constexpr single& operator-=(single other) noexcept { return *this = *this - other; }
  constexpr single& operator*=(single other) noexcept { return *this = *this * other; }
  constexpr single& operator/=(single other) noexcept { return *this = *this / other; }

  friend constexpr bool operator==(single a, single b) noexcept { return a.value_ == b.value_; }
  friend constexpr bool operator!=(single a, single b) noexcept { return a.value_ != b.value_; }
  friend constexpr bool operator<(single a, single b) noexcept { return a.value_ < b.value_; }
  friend constexpr bool operator<=(single a, single b) noexcept { return a.value_ <= b.value_; }
  friend constexpr bool operator>(single a, single b) noexcept { return a.value_ > b.value_; }
  friend constexpr bool operator>=(single a, single b) noexcept { return a.value_ >= b.value_; }

  // Elementary functions: the standard library's for float. Found by argument beside `using std::sin`.
  friend single sin(single x) noexcept { return std::sin(x.value_); }
  friend single cos(single x) noexcept { return std::cos(x.value_); }
  friend single tan(single x) noexcept { return std::tan(x.value_); }
  friend single asin(single x) noexcept { return std::asin(x.value_); }
  friend single acos(single x) noexcept { return std::acos(x.value_); }
  friend single atan(single x) noexcept { return std::atan(x.value_); }
  friend single sinh(single x) noexcept { return std::sinh(x.value_); }
  friend single cosh(single x) noexcept { return std::cosh(x.value_); }
  friend single tanh(single x) noexcept { return std::tanh(x.value_); }
  friend single exp(single x) noexcept { return std::exp(x.value_); }
  friend single expm1(single x) noexcept { return std::expm1(x.value_); }
  friend single log(single x) noexcept { return std::log(x.value_); }
  friend single log1p(single x) noexcept { return std::log1p(x.value_); }
  friend single sqrt(single x) noexcept { return std::sqrt(x.value_); }
  friend single cbrt(single x) noexcept { return std::cbrt(x.value_); }
  friend single abs(single x) noexcept { return std::fabs(x.value_); }
  friend single fabs(single x) noexcept { return std::fabs(x.value_); }
  friend single floor(single x) noexcept { return std::floor(x.value_); }
  friend single ceil(single x) noexcept { return std::ceil(x.value_); }

  friend single atan2(single y, single x) noexcept { return std::atan2(y.value_, x.value_); }
  friend single hypot(single x, single y) noexcept { return std::hypot(x.value_, y.value_); }
  friend single fmod(single x, single y) noexcept { return std::fmod(x.value_, y.value_); }
  friend single fmin(single x, single y) noexcept { return std::fmin(x.value_, y.value_); }
  friend single fmax(single x, single y) noexcept { return std::fmax(x.value_, y.value_); }
  friend single min(single x, single y) noexcept { return y < x ? y : x; }
  friend single max(single x, single y) noexcept { return x < y ? y : x; }
  friend single pow(single x, single y) noexcept { return std::pow(x.value_, y.value_); }
  template <std::integral I>
  friend single pow(single x, I n) noexcept {
    return detail::integer_power(x, n);
  }

  friend bool isfinite(single x) noexcept { return std::isfinite(x.value_); }
  friend bool isnan(single x) noexcept { return std::isnan(x.value_); }

 private:
  float value_;
};

/// \return x - floor(x)
inline single fract(single x) noexcept { return x - floor(x); }

template <>
struct scalar_traits<single> {
  using base = float;
  using mask = bool;
  static constexpr int width = 1;
};

}  // namespace libration::inline LIBRATION_ABI
