// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `number_text`: a number as text, for every message of the library.

#include <charconv>
#include <string>
#include <type_traits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// A number as text: 3, 1e-09, 0.1, -inf, nan.
///
/// \param digits  significant decimal digits of a floating-point number; 0: as few as give the same number when read back
template <class Number>
  requires std::is_arithmetic_v<Number>
std::string number_text(Number value, int digits = 0) {
  if constexpr (std::is_integral_v<Number>) {
    return std::to_string(value);
  } else {
    if (value != value) return "nan";  // without the sign that std::to_chars shows
    char text[64];
    const int most = digits < 40 ? digits : 40;
    const auto end = digits > 0 ? std::to_chars(text, text + sizeof text, value, std::chars_format::general, most)
                                : std::to_chars(text, text + sizeof text, value);
    return std::string(text, end.ptr);
  }
}

}  // namespace libration::inline LIBRATION_ABI
