// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Rounding to equidistant values between 0 and a largest one: states and weights that are kept in few bits.

#include <cmath>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// x to the nearest multiple of a power of two, ties to the even one; |x| <= 2^51 of them.
inline double nearest_multiple(double x, double power_of_two = 1.0) {
  const double base = 0x1.8p52 * power_of_two;  // what is added leaves no room for a fraction
  return (x + base) - base;
}

namespace detail {
// `nearest_level` where the quotient, as rounded, lies at a tie or so near one that its own rounding may have moved it there.
template <class = void>
double level_at_tie(double x, double largest, double levels, double half) {
  // The sign of x levels - half largest, exactly: products with what rounding took from them, of numbers far from the range's ends.
  const int exponent = std::ilogb(largest);
  const double a = std::scalbn(x, -exponent), b = std::scalbn(largest, -exponent);
  const double p = a * levels, q = half * b;
  const double above = (p - q) + (std::fma(a, levels, -p) - std::fma(half, b, -q));
  if (above > 0.0) return half + 0.5;
  return above < 0.0 ? half - 0.5 : nearest_multiple(half);
}
}  // namespace detail

/// The level, a whole number, whose value level · largest / levels is nearest to x; ties to the even level.
///
/// \param x        |x| <= largest
/// \param largest  value of the outermost level, finite, > 0
/// \param levels   number of the outermost level, a whole number, 1 <= levels < 2^24
/// Accuracy:       exact, ties too (test "maps::nearest_level: against whole numbers"); NaN stays NaN
inline double nearest_level(double x, double largest, double levels) {
  const double level = x / largest * levels;
  const double half = std::floor(level) + 0.5;
  if (std::abs(level - half) < 0x1p-26) [[unlikely]]
    return detail::level_at_tie(x, largest, levels, half);
  return nearest_multiple(level);
}

/// level · largest / levels, within one rounding of a quotient and one of a product; the outermost levels are ±largest exactly; NaN
/// stays NaN.
inline double level_value(double level, double largest, double levels) {
  return std::abs(level) >= levels ? std::copysign(largest, level) : level / levels * largest;
}

}  // namespace libration::inline LIBRATION_ABI::maps
