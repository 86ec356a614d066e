// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/recurrent_tensors.hpp declares.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <libration/models/detail/recurrent_tensors.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED std::vector<std::string> find_recurrent_prefixes(const checkpoint& tensors) {
  std::vector<std::string> prefixes;
  for (const std::string& entry : tensors.names()) {
    const std::string_view name = entry;
    for (const std::string_view ending : {"weight_hh_l0", "weight_hh"}) {
      if (!name.ends_with(ending)) continue;
      const std::string_view prefix = name.substr(0, name.size() - ending.size());
      if (prefix.empty() || prefix.ends_with('.')) prefixes.emplace_back(prefix);
    }
  }
  std::sort(prefixes.begin(), prefixes.end());
  prefixes.erase(std::unique(prefixes.begin(), prefixes.end()), prefixes.end());
  return prefixes;
}

LIBRATION_DEFINED int layer_number(std::string_view name) {
  const std::size_t at = name.rfind("_l");
  int layer = -1;
  if (at == std::string_view::npos) return -1;
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data() + at + 2, end, layer);
  return error == std::errc() && stop == end ? layer : -1;
}

LIBRATION_DEFINED void require_supported(const checkpoint& tensors, std::string_view prefix, std::string_view who) {
  const std::string before = canonical_name(prefix);
  for (const std::string& entry : tensors.names()) {
    const std::string_view name = entry;
    if (!name.starts_with(before)) continue;
    const std::string_view rest = name.substr(before.size());
    if (!rest.starts_with("weight_") && !rest.starts_with("bias_")) continue;
    if (rest.ends_with("_reverse"))
      tensors.refuse(who, entry,
                     tensors.name_in_file(entry) + " belongs to a bidirectional network, which reads the future and is no map");
    if (rest.starts_with("weight_hr"))
      tensors.refuse(who, entry,
                     tensors.name_in_file(entry) + " belongs to a network with a projection (proj_size), which is not supported");
  }
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
