// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/config_json.hpp declares.

#include <filesystem>
#include <string>
#include <system_error>

#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/models/config_json.hpp>
#include <libration/models/detail/config_fields.hpp>

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED nlohmann::json read_config_json(const std::filesystem::path& path) {
  nlohmann::json fields = nlohmann::json::object();
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return fields;
  std::string text;
  try {
    text = detail::read_config_text(path);
  } catch (const file_error&) {
    return fields;
  }
  const auto parsed = detail::parse_object(detail::quote_infinity(text));
  if (!parsed.reason.empty()) return fields;
  for (const auto& [name, value] : parsed.object.items())
    if (!value.is_null()) fields[name] = value;
  return fields;
}

}  // namespace libration::inline LIBRATION_ABI::models
