// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/said_conventions.hpp declares.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/number_text.hpp>
#include <libration/models/detail/config_fields.hpp>
#include <libration/models/detail/name_patterns.hpp>
#include <libration/models/detail/recurrent_fields.hpp>
#include <libration/models/detail/said_conventions.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED said_conventions::said_conventions(const checkpoint& tensors, const recurrent_options& options)
    : tensors_(tensors), options_(options) {
  // Metadata also holds the vocabulary, which others read, and the names of tied tensors, by safetensors' save_model.
  for (const auto& [name, value] : tensors.metadata())
    if (name != "vocabulary" && !tensors.contains(value)) metadata_[name] = metadata_value(value);
  if (!options.config.empty()) {
    auto [object, reason] = parse_object(options.config);
    if (!reason.empty()) tensors.refuse(who, "config.json: " + reason);
    config_ = std::move(object);
  }
  const std::string unmatched = unmatched_field(options.ignore_fields, metadata_, config_, "fields of metadata and config");
  if (!unmatched.empty()) tensors.refuse(who, unmatched);
}

LIBRATION_DEFINED std::string said_conventions::take(const std::string& name, std::string assumed) {
  using origin = convention::origin;
  const std::optional<std::string> in_file = in(metadata_, name), in_config = in(config_, name);
  if (const auto found = options_.conventions.find(name); found != options_.conventions.end())
    all.push_back({name, found->second, origin::options});
  else if (in_file && in_config && *in_file != *in_config)
    tensors_.refuse(who, "the metadata's " + name + " is \"" + *in_file + "\", config.json has \"" + *in_config +
                             "\": .conventions decides (the programs' " + option_of_convention(name) + ")");
  else if (in_file)
    all.push_back({name, *in_file, origin::file});
  else if (in_config)
    all.push_back({name, *in_config, origin::config});
  else
    all.push_back({name, std::move(assumed), origin::assumed});
  return all.back().value;
}

LIBRATION_DEFINED bool said_conventions::take(const std::string& name, const char* yes, const char* no, bool assumed) {
  const std::string value = take(name, assumed ? yes : no);
  if (value != yes && value != no) tensors_.refuse(who, name + " is \"" + value + "\", expected " + yes + " or " + no);
  return value == yes;
}

LIBRATION_DEFINED double said_conventions::take(const std::string& name, double assumed) {
  const std::string value = take(name, number_text(assumed));
  double number = 0;
  const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (fault != std::errc() || end != value.data() + value.size())
    tensors_.refuse(who, name + " is \"" + value + "\", expected a number");
  return number;
}

LIBRATION_DEFINED std::string said_conventions::take_order(const std::string& name, const std::string& assumed,
                                                           std::string_view letters, std::string_view synonyms) {
  std::string value = take(name, assumed);
  std::erase_if(value, [](char c) { return c == ',' || c == ' '; });
  for (char& c : value)
    for (std::size_t i = 0; i < synonyms.size(); i += 2)
      if (c == synonyms[i]) c = synonyms[i + 1];
  std::string sorted = value, expected(letters);
  std::sort(sorted.begin(), sorted.end());
  std::sort(expected.begin(), expected.end());
  if (sorted != expected)
    tensors_.refuse(
        who, name + " is \"" + all.back().value + "\", expected the letters of \"" + std::string(letters) + "\" in some order");
  return all.back().value = value;
}

LIBRATION_DEFINED std::optional<std::string> said_conventions::find(const std::string& name) const {
  if (const auto found = options_.conventions.find(name); found != options_.conventions.end()) return found->second;
  const auto in_file = in(metadata_, name);
  return in_file ? in_file : in(config_, name);
}

LIBRATION_DEFINED std::pair<std::vector<std::string>, std::vector<std::string>>
said_conventions::account(const std::string& kind) const {
  std::map<std::string, std::string> read;
  for (const convention& c : all) read.emplace(c.name, c.value);
  if (const auto found = options_.conventions.find("model_type"); found != options_.conventions.end()) read.insert(*found);
  const auto of = [&](const nlohmann::json& fields, const char* what) {
    try {
      return account_for_fields(fields, kind, read, options_.ignore_fields, what);
    } catch (const argument_error& error) {
      tensors_.refuse(who, error.what());
    }
  };
  return {of(metadata_, "the metadata"), of(config_, "config.json")};
}

LIBRATION_DEFINED void said_conventions::compare(const std::vector<tensor_size>& sizes) const {
  try {
    require_sizes(metadata_, sizes, options_.ignore_fields, "the metadata");
    require_sizes(config_, sizes, options_.ignore_fields, "config.json");
  } catch (const argument_error& error) {
    tensors_.refuse(who, error.what());
  }
}

LIBRATION_DEFINED std::optional<std::string> said_conventions::in(const nlohmann::json& fields, const std::string& name) const {
  const auto found = fields.find(name);
  const bool ignored = std::any_of(options_.ignore_fields.begin(), options_.ignore_fields.end(),
                                   [&](const std::string& pattern) { return matches_glob(name, pattern); });
  if (found == fields.end() || found->is_null() || ignored) return std::nullopt;
  if (found->is_structured())
    tensors_.refuse(who, name + " is " + value_text(*found) + ", expected a text, a number, true or false");
  return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
