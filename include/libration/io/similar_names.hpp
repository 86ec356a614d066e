// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The names nearest to one that is not there, for an error message.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// \return the fewest insertions, removals and replacements of a character that turn a into b
/// Source: Wagner, Fischer, "The string-to-string correction problem", Journal of the ACM 21 (1974) 168-173
LIBRATION_DECLARED std::size_t edit_distance(std::string_view a, std::string_view b);

/// The three names nearest to a wanted one, in quotes, with commas; of long ones the first 256 characters are compared.
///
/// \return an empty text where there are no names
LIBRATION_DECLARED std::string most_similar(const std::vector<std::string>& names, std::string_view wanted);

}  // namespace libration::inline LIBRATION_ABI::io

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/similar_names.hpp>
#endif
