// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/utf8.hpp declares.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <libration/models/detail/utf8.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED std::optional<code_point> decode_utf8(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return code_point{first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return std::nullopt;
  char32_t value = first & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return std::nullopt;
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < smallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return std::nullopt;
  return code_point{value, length};
}

LIBRATION_DEFINED void append_utf8(std::string& text, char32_t value) {
  const auto continuation = [&](int shift) { return static_cast<char>(0x80u | ((value >> shift) & 0x3Fu)); };
  if (value < 0x80) {
    text += static_cast<char>(value);
  } else if (value < 0x800) {
    text += {static_cast<char>(0xC0u | (value >> 6)), continuation(0)};
  } else if (value < 0x10000) {
    text += {static_cast<char>(0xE0u | (value >> 12)), continuation(6), continuation(0)};
  } else {
    text += {static_cast<char>(0xF0u | (value >> 18)), continuation(12), continuation(6), continuation(0)};
  }
}

LIBRATION_DEFINED std::string describe_character(char32_t value) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string code = "U+";
  for (int shift = value > 0xFFFFF ? 20 : value > 0xFFFF ? 16 : 12; shift >= 0; shift -= 4)
    code += digits[(value >> shift) & 0xFu];
  const bool invisible = value <= 0x20 || (value >= 0x7F && value <= 0xA0) || value == 0xAD || value == 0xFEFF ||
                         (value >= 0x2000 && value <= 0x200F) || (value >= 0x2028 && value <= 0x202F);
  if (invisible) return code;
  std::string text = "'";
  append_utf8(text, value);
  return text + "' (" + code + ")";
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
