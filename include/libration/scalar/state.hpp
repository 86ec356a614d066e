// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A map's state or input of n components, in any scalar.

#include <concepts>
#include <cstddef>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>

namespace libration::inline LIBRATION_ABI {

/// n numbers of type T: an aggregate, so that `return {a, b};` and `{0.1, 0.1}` make one. Components that are not named
/// are zero, as in any aggregate; a state that is declared without braces is not initialised where T is not.
template <class T, int n>
struct state {
  static_assert(n > 0, "libration::state: a state has at least one component");
  static constexpr int size = n;

  T component[static_cast<std::size_t>(n)];

  constexpr T& operator[](int i) noexcept { return component[i]; }
  constexpr const T& operator[](int i) const noexcept { return component[i]; }

  constexpr T* begin() noexcept { return component; }
  constexpr T* end() noexcept { return component + n; }
  constexpr const T* begin() const noexcept { return component; }
  constexpr const T* end() const noexcept { return component + n; }

  /// \return the same memory as an Eigen vector, shape (n)
  auto vector() noexcept { return Eigen::Map<Eigen::Matrix<T, n, 1>>(component); }
  auto vector() const noexcept { return Eigen::Map<const Eigen::Matrix<T, n, 1>>(component); }

  /// Whether all components are equal; for scalars whose comparison is a bool.
  friend bool operator==(const state&, const state&) = default;

  friend LIBRATION_INLINE constexpr state operator+(const state& a, const state& b) {
    return build([&](auto i) LIBRATION_INLINE_LAMBDA { return a.component[i] + b.component[i]; });
  }
  friend LIBRATION_INLINE constexpr state operator-(const state& a, const state& b) {
    return build([&](auto i) LIBRATION_INLINE_LAMBDA { return a.component[i] - b.component[i]; });
  }
  friend LIBRATION_INLINE constexpr state operator-(const state& a) {
    return build([&](auto i) LIBRATION_INLINE_LAMBDA { return -a.component[i]; });
  }

  // A factor keeps its own type: a double costs a dual number no product of derivatives.
  template <std::convertible_to<T> S>
  friend LIBRATION_INLINE constexpr state operator*(const S& factor, const state& a) {
    return build([&](auto i) LIBRATION_INLINE_LAMBDA { return a.component[i] * factor; });
  }
  template <std::convertible_to<T> S>
  friend LIBRATION_INLINE constexpr state operator*(const state& a, const S& factor) {
    return factor * a;
  }
  template <std::convertible_to<T> S>
  friend LIBRATION_INLINE constexpr state operator/(const state& a, const S& divisor) {
    return build([&](auto i) LIBRATION_INLINE_LAMBDA { return a.component[i] / divisor; });
  }

  LIBRATION_INLINE constexpr state& operator+=(const state& other) { return *this = *this + other; }
  LIBRATION_INLINE constexpr state& operator-=(const state& other) { return *this = *this - other; }
  template <std::convertible_to<T> S>
  LIBRATION_INLINE constexpr state& operator*=(const S& factor) {
    return *this = factor * *this;
  }
  template <std::convertible_to<T> S>
  LIBRATION_INLINE constexpr state& operator/=(const S& divisor) {
    return *this = *this / divisor;
  }

 private:
  template <class Component>
  static LIBRATION_INLINE constexpr state build(const Component& component_at) {
    state r;
    detail::unrolled<n>([&](auto i) LIBRATION_INLINE_LAMBDA { r.component[i] = static_cast<T>(component_at(i)); });
    return r;
  }
};

}  // namespace libration::inline LIBRATION_ABI
