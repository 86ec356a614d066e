// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Lists of names: patterns that match some of them, and how they stand in a message.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

using io::quoted;

/// The first names of a list, for a message.
LIBRATION_DECLARED std::string some_of(const std::vector<std::string>& names);

/// Whether a name is in a list.
inline bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Whether `text` matches a pattern in which `*` stands for any characters, also none and also dots, and `?` for one.
LIBRATION_DECLARED bool matches_glob(std::string_view text, std::string_view pattern);

/// What is wrong with a list of patterns, one of which matches none of the names: a message's end, with the nearest names. Empty
/// where each matches one.
///
/// \param names   what the patterns are for
/// \param what    what these are: "tensors"
/// \param option  whose patterns they are: ".ignore (the programs' --ignore)"
/// \param others  other names of the same, which a pattern may match too
LIBRATION_DECLARED std::string unmatched_pattern(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
                                                 std::string_view what, std::string_view option,
                                                 const std::vector<std::string>& others = {});

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/name_patterns.hpp>
#endif
