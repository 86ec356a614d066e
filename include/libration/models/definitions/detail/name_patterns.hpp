// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/name_patterns.hpp declares.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <libration/core/number_text.hpp>
#include <libration/io/similar_names.hpp>
#include <libration/models/detail/name_patterns.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown, names.size()); ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > shown) text += ", and " + number_text(names.size() - shown) + " more";
  return text.empty() ? "none" : text;
}

LIBRATION_DEFINED bool matches_glob(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, after = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++after;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

LIBRATION_DEFINED std::string unmatched_pattern(const std::vector<std::string>& patterns, const std::vector<std::string>& names,
                                                std::string_view what, std::string_view option,
                                                const std::vector<std::string>& others) {
  for (const std::string& pattern : patterns) {
    const auto matches = [&](const std::string& name) { return matches_glob(name, pattern); };
    if (std::any_of(names.begin(), names.end(), matches) || std::any_of(others.begin(), others.end(), matches)) continue;
    std::string letters = pattern;
    std::erase_if(letters, [](char c) { return c == '*' || c == '?'; });
    const std::string nearest = io::most_similar(names, letters);
    return detail::quoted(pattern) + " of " + std::string(option) + " matches none of " + number_text(names.size()) + " " +
           std::string(what) + (nearest.empty() ? "" : "; the most similar: " + nearest);
  }
  return {};
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
