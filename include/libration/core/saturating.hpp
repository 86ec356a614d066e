// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Step counts: the transient's default, and sums and products that stop at the type's limit, so that "until it is stopped" plus a
/// transient stays that.

#include <cstdint>
#include <limits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// A step count that no run reaches: a run of that many steps goes on until it is stopped.
inline constexpr std::int64_t unlimited_steps = std::numeric_limits<std::int64_t>::max();

/// Steps of an orbit before a property of its attractor is measured, by default: it suits maps whose slowest contraction is faster
/// than e^-0.03 a step; a slower one wants more. (What is measured of a given start, such as the growth of an error set there, has
/// no transient by default.)
inline constexpr std::int64_t default_transient = 1000;

/// \param a, b, c counts, >= 0
/// \return        their sum, or `unlimited_steps` where it exceeds the type
constexpr std::int64_t saturating_sum(std::int64_t a, std::int64_t b, std::int64_t c = 0) noexcept {
  const std::int64_t two = b > unlimited_steps - a ? unlimited_steps : a + b;
  return c > unlimited_steps - two ? unlimited_steps : two + c;
}

/// \param a, b counts, >= 0
/// \return     their product, or `unlimited_steps` where it exceeds the type
constexpr std::int64_t saturating_product(std::int64_t a, std::int64_t b) noexcept {
  return b > 0 && a > unlimited_steps / b ? unlimited_steps : a * b;
}

}  // namespace libration::inline LIBRATION_ABI
