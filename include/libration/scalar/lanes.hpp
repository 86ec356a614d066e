// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// N numbers in SIMD registers as one scalar: many orbits run through one formula.

#include <cmath>
#include <concepts>
#include <cstddef>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/lanes_mask.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/power.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI {

/// N numbers of type T (double or float) with the arithmetic of one; every lane goes through the same instructions, so
/// that its digits depend on no other lane and not on its place.
///
/// Held in Eigen's widest packets that divide N: best N is a multiple of the register's width, and two to four
/// registers hide the latency of a formula. Arithmetic, comparisons and square roots round as T does (where the
/// compiler does not contract products and sums); the elementary functions are in `lanes_math.hpp`.
template <class T, int N>
class lanes {
  static_assert(std::same_as<T, double> || std::same_as<T, float>, "libration::lanes: lanes hold double or float");
  static_assert(N > 0, "libration::lanes: at least one lane");
  using registers = detail::packet<T, N>;
  static constexpr int count = registers::count;

 public:
  using value_type = T;
  using mask = lanes_mask<T, N>;
  using packet = typename registers::type;
  static constexpr int size = N;

  lanes() = default;

  /// The same number in every lane.
  template <detail::arithmetic S>
  LIBRATION_INLINE lanes(S value) {
    const packet all_alike = detail::broadcast<packet>(static_cast<T>(value));
    detail::unrolled<count>([&](auto i) LIBRATION_INLINE_LAMBDA { chunk_[i] = all_alike; });
  }

  /// \param values shape (N), lane i from row i
  template <class Derived>
  explicit lanes(const Eigen::ArrayBase<Derived>& values) {
    value() = values;
  }

  /// \param from N numbers in a row, of any alignment
  static LIBRATION_INLINE lanes load(const T* from) {
    lanes r;
    detail::unrolled<count>([&](auto i) LIBRATION_INLINE_LAMBDA {
      r.chunk_[i] = Eigen::internal::ploadu<packet>(from + i * registers::size);
    });
    return r;
  }

  /// \param to room for N numbers in a row, of any alignment
  LIBRATION_INLINE void store(T* to) const {
    detail::unrolled<count>([&](auto i) LIBRATION_INLINE_LAMBDA {
      Eigen::internal::pstoreu<T, packet>(to + i * registers::size, chunk_[i]);
    });
  }

  T& operator[](int i) { return data()[i]; }
  T operator[](int i) const { return data()[i]; }

  /// \return the lanes as an Eigen array, shape (N), on the same memory
  auto value() { return Eigen::Map<Eigen::Array<T, N, 1>>(data()); }
  auto value() const { return Eigen::Map<const Eigen::Array<T, N, 1>>(data()); }

  friend LIBRATION_INLINE lanes operator+(const lanes& a, const lanes& b) {
    return map([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x + y; }, a, b);
  }
  friend LIBRATION_INLINE lanes operator-(const lanes& a, const lanes& b) {
    return map([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x - y; }, a, b);
  }
  friend LIBRATION_INLINE lanes operator*(const lanes& a, const lanes& b) {
    return map([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x * y; }, a, b);
  }
  friend LIBRATION_INLINE lanes operator/(const lanes& a, const lanes& b) {
    return map([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x / y; }, a, b);
  }
  friend LIBRATION_INLINE lanes operator-(const lanes& a) {
    return map([](const packet& x) LIBRATION_INLINE_LAMBDA { return -x; }, a);
  }
  friend LIBRATION_INLINE lanes operator+(const lanes& a) { return a; }

  LIBRATION_INLINE lanes& operator+=(const lanes& other) { return *this = *this + other; }
  LIBRATION_INLINE lanes& operator-=(const lanes& other) { return *this = *this - other; }
  LIBRATION_INLINE lanes& operator*=(const lanes& other) { return *this = *this * other; }
  LIBRATION_INLINE lanes& operator/=(const lanes& other) { return *this = *this / other; }

  // A comparison with NaN is false in that lane, and != is true.
  friend LIBRATION_INLINE mask operator<(const lanes& a, const lanes& b) {
    return compare([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x < y; }, a, b);
  }
  friend LIBRATION_INLINE mask operator<=(const lanes& a, const lanes& b) {
    return compare([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x <= y; }, a, b);
  }
  friend LIBRATION_INLINE mask operator>(const lanes& a, const lanes& b) { return b < a; }
  friend LIBRATION_INLINE mask operator>=(const lanes& a, const lanes& b) { return b <= a; }
  friend LIBRATION_INLINE mask operator==(const lanes& a, const lanes& b) {
    return compare([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x == y; }, a, b);
  }
  friend LIBRATION_INLINE mask operator!=(const lanes& a, const lanes& b) {
    return compare([](const packet& x, const packet& y) LIBRATION_INLINE_LAMBDA { return x != y; }, a, b);
  }

  /// \return a where the condition holds, b elsewhere: what `select` calls
  friend LIBRATION_INLINE lanes blend(const mask& condition, const lanes& a, const lanes& b) {
    return blended(condition, a, b);
  }

  friend LIBRATION_INLINE mask isnan(const lanes& x) { return x != x; }
  friend LIBRATION_INLINE mask isfinite(const lanes& x) {
    const lanes zero_or_nan = x - x;
    return zero_or_nan == zero_or_nan;
  }

  // What the standard library defines for two numbers, with its treatment of NaN; a double may stand on either side.
  friend LIBRATION_INLINE lanes min(const lanes& a, const lanes& b) { return blend(b < a, b, a); }
  friend LIBRATION_INLINE lanes max(const lanes& a, const lanes& b) { return blend(a < b, b, a); }
  friend LIBRATION_INLINE lanes fmin(const lanes& a, const lanes& b) { return blend(b < a || isnan(a), b, a); }
  friend LIBRATION_INLINE lanes fmax(const lanes& a, const lanes& b) { return blend(a < b || isnan(a), b, a); }
  friend lanes atan2(const lanes& y, const lanes& x) {
    return each([](T s, T t) { return std::atan2(s, t); }, y, x);
  }
  friend lanes hypot(const lanes& x, const lanes& y) {
    return each([](T s, T t) { return std::hypot(s, t); }, x, y);
  }
  friend lanes fmod(const lanes& x, const lanes& y) {
    return each([](T s, T t) { return std::fmod(s, t); }, x, y);
  }
  friend lanes pow(const lanes& x, const lanes& y) {
    return each([](T s, T t) { return std::pow(s, t); }, x, y);
  }
  /// An integer exponent: repeated squaring, in the lanes.
  template <std::integral I>
  friend LIBRATION_INLINE lanes pow(const lanes& x, I n) {
    return detail::integer_power(x, n);
  }

  /// \return f(packet ...) on each register: how an elementary function is applied
  template <class F, std::same_as<lanes>... Operands>
  static LIBRATION_INLINE lanes map(const F& f, const Operands&... x) {
    lanes r;
    detail::unrolled<count>([&](auto i) LIBRATION_INLINE_LAMBDA { r.chunk_[i] = f(x.chunk_[i]...); });
    return r;
  }

  /// \return the same for a long f: written out for up to eight registers, beyond that a loop: a formula has to compile
  /// too
  template <class F>
  static LIBRATION_INLINE lanes map_long(const F& f, const lanes& x) {
    if constexpr (count <= 8) {
      return map(f, x);
    } else {
      lanes r;
      for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) r.chunk_[i] = f(x.chunk_[i]);
      return r;
    }
  }

  /// \return f(number ...) lane by lane, where there is no SIMD form
  template <class F, std::same_as<lanes>... Operands>
  static lanes each(const F& f, const Operands&... x) {
    T result[static_cast<std::size_t>(N)];
    for (int i = 0; i < N; ++i) result[i] = f(x[i]...);
    return load(result);
  }

 private:
  static LIBRATION_INLINE lanes blended(const mask& condition, const lanes& a, const lanes& b) {
    lanes r;
    detail::unrolled<count>(
        [&](auto i) LIBRATION_INLINE_LAMBDA { r.chunk_[i] = condition.chunk_[i] ? a.chunk_[i] : b.chunk_[i]; });
    return r;
  }
  template <class F>
  static LIBRATION_INLINE mask compare(const F& f, const lanes& a, const lanes& b) {
    mask r;
    detail::unrolled<count>([&](auto i) LIBRATION_INLINE_LAMBDA { r.chunk_[i] = f(a.chunk_[i], b.chunk_[i]); });
    return r;
  }

  // SIMD types may be read and written through their element's type (a documented extension of GCC and clang).
  T* data() { return reinterpret_cast<T*>(chunk_); }
  const T* data() const { return reinterpret_cast<const T*>(chunk_); }

  packet chunk_[static_cast<std::size_t>(count)];
};

template <class T, int N>
struct scalar_traits<lanes<T, N>> {
  using base = T;
  using mask = lanes_mask<T, N>;
  static constexpr int width = N;
};

}  // namespace libration::inline LIBRATION_ABI
