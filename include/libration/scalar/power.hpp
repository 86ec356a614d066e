// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Integer powers by repeated squaring, for scalars that have no power function of their own.

#include <concepts>
#include <type_traits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::detail {

/// \return x^n; 1 for n = 0, 1 / x^-n for n < 0
/// Accuracy: the squarings double an earlier rounding error, so about |n| units in the last place at most
/// Cost:     at most 2 log2 |n| products, and a division where n < 0
template <class T, std::integral I>
constexpr T integer_power(const T& x, I n) {
  using U = std::make_unsigned_t<I>;
  U left = n < 0 ? static_cast<U>(U{0} - static_cast<U>(n)) : static_cast<U>(n);
  T square = x, result(1);
  bool started = false;
  for (; left != 0; left = static_cast<U>(left >> 1)) {
    if (left & 1u) {
      result = started ? result * square : square;
      started = true;
    }
    if (left > 1) square = square * square;
  }
  return n < 0 ? 1.0 / result : result;
}

}  // namespace libration::inline LIBRATION_ABI::detail
