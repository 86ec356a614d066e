// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Floats of 16 bits, IEEE 754 binary16 and bfloat16, as stored bits, widened to float and rounded from double.

#include <bit>
#include <cmath>
#include <cstdint>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// The bits of a float of 16 bits: a sign, 15 - `fraction_bits` of biased exponent, `fraction_bits` of fraction.
template <int fraction_bits>
struct half_bits {
  std::uint16_t bits = 0;

  static constexpr int exponent_bias = (1 << (14 - fraction_bits)) - 1;
  static constexpr std::uint32_t infinity = ((1u << (15 - fraction_bits)) - 1) << fraction_bits;
  friend constexpr bool operator==(half_bits, half_bits) = default;  // of bits: NaN equals itself, +0 is not -0
};

using float16 = half_bits<10>;  ///< IEEE 754 binary16: largest 65504, smallest 2^-24
using bfloat16 = half_bits<7>;  ///< the upper half of a binary32

/// \return the same number; exact for every one of the 65536, subnormals, infinities and NaN's payload included
template <int fraction_bits>
float widen(half_bits<fraction_bits> half) noexcept {
  const std::uint32_t sign = static_cast<std::uint32_t>(half.bits & 0x8000u) << 16;
  const std::uint32_t magnitude = half.bits & 0x7fffu;
  if constexpr (half_bits<fraction_bits>::exponent_bias == 127) {
    return std::bit_cast<float>(sign | magnitude << 16);
  } else {
    using type = half_bits<fraction_bits>;
    constexpr int shift = 23 - fraction_bits;
    if (magnitude >= type::infinity) return std::bit_cast<float>(sign | 0x7f800000u | magnitude << shift);
    if (magnitude >> fraction_bits == 0) {
      constexpr std::uint32_t unit = static_cast<std::uint32_t>(127 + 1 - type::exponent_bias - fraction_bits) << 23;
      const float value = static_cast<float>(magnitude) * std::bit_cast<float>(unit);
      return sign != 0 ? -value : value;
    }
    constexpr std::uint32_t rebias = static_cast<std::uint32_t>(127 - type::exponent_bias) << 23;
    return std::bit_cast<float>(sign | ((magnitude << shift) + rebias));
  }
}

/// Rounds to the nearest `Half`, ties to the even one, in one rounding from the double; beyond the largest finite one
/// (by half its last place or more) is infinity, NaN stays NaN and becomes quiet.
template <class Half>
Half narrow(double value) noexcept {
  constexpr int bias = Half::exponent_bias;
  constexpr int fraction_bits = std::countr_zero(Half::infinity);
  constexpr std::uint64_t hidden_bit = std::uint64_t{1} << 52;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto sign = static_cast<std::uint32_t>(bits >> 48 & 0x8000u);
  const std::uint64_t fraction = bits & (hidden_bit - 1);
  const auto half = [&](std::uint64_t magnitude) {
    return Half{static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(magnitude))};
  };

  if (std::isnan(value)) {
    const std::uint64_t quiet = std::uint64_t{1} << (fraction_bits - 1);
    return half(Half::infinity | quiet | fraction >> (52 - fraction_bits));
  }
  const int exponent = static_cast<int>(bits >> 52 & 0x7ffu) - 1023;
  if (exponent > bias) return half(Half::infinity);
  // One unit of the result is 2^shift units of the double's significand; below the normal range it grows.
  const int below_normal = exponent < 1 - bias ? 1 - bias - exponent : 0;
  const int shift = 52 - fraction_bits + below_normal;
  if (shift > 53) return half(0);  // less than half the smallest subnormal
  const std::uint64_t significand = fraction | hidden_bit;
  const std::uint64_t rest = significand & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t tie = std::uint64_t{1} << (shift - 1);
  std::uint64_t rounded = significand >> shift;
  if (rest > tie || (rest == tie && (rounded & 1u) != 0)) ++rounded;
  // The hidden bit adds one to the biased exponent; a carry out of the fraction moves to the next binade, or to
  // infinity.
  if (below_normal == 0) rounded += static_cast<std::uint64_t>(exponent + bias - 1) << fraction_bits;
  return half(rounded);
}

}  // namespace libration::inline LIBRATION_ABI::io
