// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/similar_names.hpp declares.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libration/io/shape.hpp>
#include <libration/io/similar_names.hpp>

namespace libration::inline LIBRATION_ABI::io {

LIBRATION_DEFINED std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

LIBRATION_DEFINED std::string most_similar(const std::vector<std::string>& names, std::string_view wanted) {
  constexpr std::size_t shown = 3, longest = 256;
  std::vector<std::pair<std::size_t, std::string_view>> ranked;
  ranked.reserve(names.size());
  for (const std::string& name : names)
    ranked.emplace_back(edit_distance(wanted.substr(0, longest), std::string_view(name).substr(0, longest)), name);
  const auto middle = ranked.begin() + static_cast<std::ptrdiff_t>(std::min(shown, ranked.size()));
  std::partial_sort(ranked.begin(), middle, ranked.end());
  std::string text;
  for (auto it = ranked.begin(); it != middle; ++it) text += (it == ranked.begin() ? "" : ", ") + io::quoted(it->second);
  return text;
}

}  // namespace libration::inline LIBRATION_ABI::io
