// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Stored elements to C++ numbers and back: any alignment, any byte order, and no silent loss but rounding.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/io/element.hpp>
#include <libration/io/half.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// Elements somewhere in a file, possibly unaligned, and what an error about them says.
struct raw_elements {
  element type = element::f64;
  std::endian order = std::endian::little;
  std::span<const std::byte> bytes;  ///< a whole number of elements
  std::uint64_t offset = 0;          ///< of the first, in bytes from the file's start
  std::string_view path;             ///< the file's
  std::string_view name;             ///< of the array in the file; may be empty

  std::size_t count() const noexcept { return bytes.size() / element_size(type); }
};

namespace detail {

/// Calls `f(std::type_identity<T>{})`, T the type whose bits the file holds.
template <class F>
void with_stored_type(element type, F&& f) {
  switch (type) {
    case element::boolean:
      return f(std::type_identity<bool>{});
    case element::u8:
      return f(std::type_identity<std::uint8_t>{});
    case element::i8:
      return f(std::type_identity<std::int8_t>{});
    case element::i16:
      return f(std::type_identity<std::int16_t>{});
    case element::u16:
      return f(std::type_identity<std::uint16_t>{});
    case element::f16:
      return f(std::type_identity<float16>{});
    case element::bf16:
      return f(std::type_identity<bfloat16>{});
    case element::i32:
      return f(std::type_identity<std::int32_t>{});
    case element::u32:
      return f(std::type_identity<std::uint32_t>{});
    case element::f32:
      return f(std::type_identity<float>{});
    case element::f64:
      return f(std::type_identity<double>{});
    case element::i64:
      return f(std::type_identity<std::int64_t>{});
    case element::u64:
      return f(std::type_identity<std::uint64_t>{});
  }
}

template <class T>
inline constexpr bool is_half = std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>;

/// The bits of a T that lie in the file.
template <class T>
T load_bits(const std::byte* at, std::endian order) noexcept {
  std::array<std::byte, sizeof(T)> bytes;
  std::memcpy(bytes.data(), at, sizeof(T));
  if (order != std::endian::native) std::reverse(bytes.begin(), bytes.end());
  return std::bit_cast<T>(bytes);
}

/// The number that they mean; a `bool` as the byte it is, which may be damaged.
template <class T>
auto load(const std::byte* at, std::endian order) noexcept {
  if constexpr (std::is_same_v<T, bool>)
    return std::to_integer<std::uint8_t>(*at);
  else if constexpr (is_half<T>)
    return widen(T{load_bits<std::uint16_t>(at, order)});
  else
    return load_bits<T>(at, order);
}

template <class T>
void store_little(T value, std::byte* at) noexcept {
  auto bytes = std::bit_cast<std::array<std::byte, sizeof(T)>>(value);
  if constexpr (std::endian::native != std::endian::little) std::reverse(bytes.begin(), bytes.end());
  std::memcpy(at, bytes.data(), sizeof(T));
}

/// Whether a value may become a `To`: integers and booleans exactly, floats by rounding that leaves the finite finite.
template <class To, class From>
bool fits(From value) noexcept {
  if constexpr (std::is_same_v<To, bool>) {
    return value == From{0} || value == From{1};
  } else if constexpr (is_half<To>) {
    const auto wide = static_cast<double>(value);
    return !std::isfinite(wide) || (narrow<To>(wide).bits & 0x7fffu) < To::infinity;
  } else if constexpr (std::is_floating_point_v<To>) {
    if constexpr (std::is_same_v<To, float> && std::is_same_v<From, double>)
      return !std::isfinite(value) || std::abs(value) < 0x1.ffffffp127;  // half a last place above the largest float
    else
      return true;
  } else if constexpr (std::is_floating_point_v<From>) {
    constexpr auto low = static_cast<From>(std::numeric_limits<To>::min());
    constexpr auto high = static_cast<From>(std::numeric_limits<To>::max() / 2 + 1) * From{2};
    return value >= low && value < high && value == std::trunc(value);
  } else if constexpr (std::is_same_v<From, bool>) {
    return true;
  } else {
    return std::in_range<To>(value);
  }
}

}  // namespace detail

/// Reads elements `first` .. `first + count - 1` into `to`.
///
/// Floats are rounded to nearest; an integer comes out of a float only where the float is that integer.
///
/// \throws file_error at an element that `To` cannot hold: a finite float beyond To's range, an integer out of range, a
///         fraction where an integer is asked for, a boolean that is neither 0 nor 1
/// Cost: one pass; a copy of memory where the types are the same. No allocation.
template <number To>
void read_elements(const raw_elements& from, std::size_t first, std::size_t count, To* to) {
  if (count == 0) return;
  detail::with_stored_type(from.type, [&]<class T>(std::type_identity<T>) {
    const std::size_t size = element_size(from.type);
    const std::byte* const at = from.bytes.data() + first * size;
    if constexpr (std::is_same_v<T, To>) {
      if (from.order == std::endian::native) {
        std::memcpy(to, at, count * size);
        return;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      const auto value = detail::load<T>(at + i * size, from.order);
      const bool good = (!std::is_same_v<T, bool> || detail::fits<bool>(value)) && detail::fits<To>(value);
      if (!good) [[unlikely]] {
        std::string reason = from.name.empty() ? "" : "tensor \"" + std::string(from.name) + "\": ";
        reason += "element " + number_text(first + i) + " (" + std::string(to_string(from.type)) +
                  ") cannot be read as " + std::string(to_string(element_of<To>()));
        throw file_error(std::string(from.path), from.offset + (first + i) * size, std::move(reason));
      }
      to[i] = static_cast<To>(value);
    }
  });
}

/// Reads a (rows, cols) matrix whose rows are contiguous in the file into a column-major one.
///
/// \throws as `read_elements`
/// Cost: one pass by panels of 16 rows, so that neither side is walked with a stride of a whole row.
template <number To>
Eigen::Matrix<To, Eigen::Dynamic, Eigen::Dynamic> read_by_rows(const raw_elements& from, Eigen::Index rows,
                                                               Eigen::Index cols) {
  Eigen::Matrix<To, Eigen::Dynamic, Eigen::Dynamic> result(rows, cols);
  if (result.size() == 0) return result;
  constexpr Eigen::Index height = 16;
  Eigen::Matrix<To, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> panel(std::min(height, rows), cols);
  for (Eigen::Index row = 0; row < rows; row += height) {
    const Eigen::Index count = std::min(height, rows - row);
    read_elements(from, static_cast<std::size_t>(row * cols), static_cast<std::size_t>(count * cols), panel.data());
    result.middleRows(row, count) = panel.topRows(count);
  }
  return result;
}

/// Writes numbers as little-endian elements of type `as` to `to`, which has room for them.
///
/// \throws argument_error at a value that `as` cannot hold: by the same rules as `read_elements`
template <class From>
requires number<From> || std::same_as<From, bool>
void write_elements(std::span<const From> from, element as, std::byte* to, std::string_view who) {
  detail::with_stored_type(as, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const From value = from[i];
      require(detail::fits<T>(value), who, [&] {
        return "element " + number_text(i) + " of the values, " + number_text(value) + ", cannot be stored as " +
               std::string(to_string(as));
      });
      if constexpr (std::is_same_v<T, bool>)
        to[i] = static_cast<std::byte>(value != From{0});
      else if constexpr (detail::is_half<T>)
        detail::store_little(narrow<T>(static_cast<double>(value)).bits, to + i * sizeof(T));
      else
        detail::store_little(static_cast<T>(value), to + i * sizeof(T));
    }
  });
}

}  // namespace libration::inline LIBRATION_ABI::io
