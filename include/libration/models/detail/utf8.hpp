// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// UTF-8 to code points and back, strictly.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

struct code_point {
  char32_t value;
  std::size_t bytes;  ///< that it takes, 1 to 4
};

/// \return the code point that begins `text`, or nothing where the bytes are not UTF-8 (stray or missing continuation,
///         overlong form, surrogate, beyond U+10FFFF) or the text is empty
LIBRATION_DECLARED std::optional<code_point> decode_utf8(std::string_view text);

/// Appends a code point, at most U+10FFFF, as UTF-8.
LIBRATION_DECLARED void append_utf8(std::string& text, char32_t value);

/// A character for a message: 'é' (U+00E9), or U+000D alone where it would not show.
LIBRATION_DECLARED std::string describe_character(char32_t value);

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/utf8.hpp>
#endif
