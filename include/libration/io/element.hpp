// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The number types that files hold: their names, their sizes, and which C++ type is which.

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// What one element of a stored array is. Two's complement and IEEE 754, `bf16` the upper half of an `f32`; a `boolean`
/// is one byte, 0 or 1. The enumerators stand in the order of the safetensors crate, so that wider types compare
/// greater.
enum class element : std::uint8_t { boolean, u8, i8, i16, u16, f16, bf16, i32, u32, f32, f64, i64, u64 };

namespace detail {

struct element_facts {
  std::string_view name;  // as safetensors spells it
  std::uint8_t size;      // bytes
};

inline constexpr std::array<element_facts, 13> element_table{{{"BOOL", 1},
                                                              {"U8", 1},
                                                              {"I8", 1},
                                                              {"I16", 2},
                                                              {"U16", 2},
                                                              {"F16", 2},
                                                              {"BF16", 2},
                                                              {"I32", 4},
                                                              {"U32", 4},
                                                              {"F32", 4},
                                                              {"F64", 8},
                                                              {"I64", 8},
                                                              {"U64", 8}}};

}  // namespace detail

/// \return bytes an element
constexpr std::size_t element_size(element e) noexcept {
  return detail::element_table[static_cast<std::size_t>(e)].size;
}

/// \return the name that safetensors gives it: `F32`, `BF16`, `I64`, `BOOL`
constexpr std::string_view to_string(element e) noexcept {
  return detail::element_table[static_cast<std::size_t>(e)].name;
}

/// \return the element of that safetensors name, or nothing
constexpr std::optional<element> element_named(std::string_view name) noexcept {
  for (std::size_t i = 0; i < detail::element_table.size(); ++i)
    if (detail::element_table[i].name == name) return static_cast<element>(i);
  return std::nullopt;
}

/// What arrays can be read into and written from: `float`, `double` and the integers of 8 to 64 bits; no characters.
template <class T>
concept number = std::same_as<T, float> || std::same_as<T, double> ||
    (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
     !std::same_as<T, char8_t> && !std::same_as<T, char16_t> && !std::same_as<T, char32_t> && sizeof(T) <= 8);

/// \return the element that holds a C++ number (or `bool`) exactly
template <class T>
requires number<T> || std::same_as<T, bool>
constexpr element element_of() noexcept {
  if constexpr (std::same_as<T, bool>) return element::boolean;
  if constexpr (std::same_as<T, float>) return element::f32;
  if constexpr (std::same_as<T, double>) return element::f64;
  constexpr bool is_signed = std::is_signed_v<T>;
  if constexpr (sizeof(T) == 1) return is_signed ? element::i8 : element::u8;
  if constexpr (sizeof(T) == 2) return is_signed ? element::i16 : element::u16;
  if constexpr (sizeof(T) == 4) return is_signed ? element::i32 : element::u32;
  return is_signed ? element::i64 : element::u64;
}

}  // namespace libration::inline LIBRATION_ABI::io
