// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What the sums need of a scalar that may be a plain number or SIMD lanes: a choice by mask, and one lane's value.

#include <type_traits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::stats::detail {

/// `condition ? a : b`, lane by lane where the condition is a mask (`select` is then found beside the lanes' type).
template <class Condition, class T>
T choose(const Condition& condition, const T& a, const T& b) {
  if constexpr (std::is_convertible_v<Condition, bool>)
    return condition ? a : b;
  else
    return select(condition, a, b);
}

/// The value in one lane; a plain number has the single lane 0.
template <class T>
double lane_of(const T& x, int lane) {
  if constexpr (std::is_convertible_v<T, double>)
    return static_cast<double>(x);
  else
    return static_cast<double>(x[lane]);
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail
