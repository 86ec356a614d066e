// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/config_fields.hpp declares.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/lower_case.hpp>
#include <libration/models/detail/config_fields.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED object_or_reason parse_object(std::string_view text) {
  object_or_reason result{nlohmann::json::parse(text.begin(), text.end(), nullptr, false), {}};
  if (result.object.is_object()) return result;
  result.reason = "not a JSON object";
  const std::string what = io::foreign_format(std::as_bytes(std::span<const char>(text)));
  const bool json = what.find("JSON") != std::string::npos;
  if (!what.empty() && !json) result.reason += ": this is " + what;
  if (json && (text.find("Infinity") != std::string_view::npos || text.find("NaN") != std::string_view::npos))
    result.reason += " (Infinity and NaN, as Python writes them, are not JSON)";
  return result;
}

LIBRATION_DEFINED nlohmann::json parse_config(std::string_view text, std::string_view who,
                                              const std::vector<std::string>& ignore_fields) {
  object_or_reason config = parse_object(text);
  require(config.reason.empty(), who, config.reason);
  const std::string unmatched = unmatched_field(ignore_fields, config.object, nlohmann::json::object(), "fields of config.json");
  require(unmatched.empty(), who, unmatched);
  return std::move(config.object);
}

LIBRATION_DEFINED std::string quote_infinity(std::string_view text) {
  std::string result;
  bool inside = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (inside && text[i] == '\\' && i + 1 < text.size()) {
      result.append(text.substr(i, 2));
      ++i;
      continue;
    }
    if (text[i] == '"') inside = !inside;
    constexpr std::string_view infinity = "Infinity";
    if (!inside && text.substr(i).starts_with(infinity)) {
      result.append("\"Infinity\"");
      i += infinity.size() - 1;
      continue;
    }
    result.push_back(text[i]);
  }
  return result;
}

LIBRATION_DEFINED std::string read_config_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) throw file_error(path.string(), file_error::no_byte, "cannot be read");
  return text;
}

LIBRATION_DEFINED std::string unmatched_field(const std::vector<std::string>& patterns, const nlohmann::json& object,
                                              const nlohmann::json& another, std::string_view what) {
  std::vector<std::string> names;
  for (const nlohmann::json* fields : {&object, &another})
    for (const auto& [name, value] : fields->items()) {
      names.push_back(name);
      if (!value.is_object()) continue;
      for (const auto& inner : value.items()) names.push_back(name + '.' + inner.key());
    }
  return unmatched_pattern(patterns, names, what, ".ignore_fields (the programs' --ignore-field)");
}

LIBRATION_DEFINED std::string value_text(const nlohmann::json& value) {
  constexpr std::size_t shown = 60;
  const bool flat = std::none_of(value.begin(), value.end(), [](const nlohmann::json& inner) { return inner.is_structured(); });
  if (value.is_structured() && !flat) return (value.is_object() ? "an object of " : "a list of ") + number_text(value.size());
  std::string text = value.dump();
  return text.size() > shown ? text.substr(0, shown) + " ..." : text;
}

LIBRATION_DEFINED bool config_fields::has(const char* name) const {
  used_.insert(name);
  return object_.contains(name) && !object_[name].is_null() && !is_ignored(name);
}

LIBRATION_DEFINED config_fields config_fields::of(const char* name) const {
  if (!field(name).is_object()) refuse(name, "an object");
  return {object_[name], who_, ignore_, inside_ + name + "."};
}

LIBRATION_DEFINED Eigen::Index config_fields::count(const char* name) const {
  constexpr std::int64_t largest = std::int64_t{1} << 31;
  const nlohmann::json& value = field(name);
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > largest) refuse(name, "a count");
  return static_cast<Eigen::Index>(value.get<std::int64_t>());
}

LIBRATION_DEFINED double config_fields::number(const char* name) const {
  if (!field(name).is_number()) refuse(name, "a number");
  return object_[name].get<double>();
}

LIBRATION_DEFINED bool config_fields::truth(const char* name, bool otherwise) const {
  if (!has(name)) return otherwise;
  if (!object_[name].is_boolean()) refuse(name, "true or false");
  return object_[name].get<bool>();
}

LIBRATION_DEFINED std::string config_fields::text(const char* name) const {
  if (!field(name).is_string()) refuse(name, "a text");
  return object_[name].get<std::string>();
}

LIBRATION_DEFINED std::vector<std::string> config_fields::texts(const char* name) const {
  const nlohmann::json& list = field(name);
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), [](const auto& v) { return v.is_string(); }))
    refuse(name, "a list of texts");
  return list.get<std::vector<std::string>>();
}

LIBRATION_DEFINED Eigen::VectorXd config_fields::numbers(const char* name) const {
  const nlohmann::json& list = field(name);
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), [](const auto& v) { return v.is_number(); }))
    refuse(name, "a list of numbers");
  const auto values = list.get<std::vector<double>>();
  return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
}

LIBRATION_DEFINED std::vector<std::string> config_fields::names(const char* name) const {
  if (!field(name).is_object()) refuse(name, "an object");
  std::vector<std::string> result;
  for (const auto& item : object_[name].items()) result.push_back(item.key());
  return result;
}

LIBRATION_DEFINED std::vector<std::string> config_fields::require_all_known(const known_fields& known) const {
  std::vector<std::string> unread;
  for (const auto& [name, value] : object_.items()) {
    if (used_.contains(name)) continue;
    unread.push_back(name);
    if (value.is_null() || is_ignored(name)) continue;
    const auto one = std::find_if(known.with_one_value.begin(), known.with_one_value.end(),
                                  [&, &n = name](const auto& field) { return matches_glob(n, field.first); });
    if (one != known.with_one_value.end()) {
      const auto expected = nlohmann::json::parse(one->second);
      if (value.is_structured() || (value != expected && !((expected == false || expected == 0) && is_off(value))))
        refuse(name.c_str(), std::string(one->second) + how_to_ignore(name));
      continue;
    }
    const bool nothing = value == false || (value.is_structured() && value.empty());
    if (nothing || is_remark(value) || matches_any(name, known.without_effect) || matches_any(name, known.also_without_effect))
      continue;
    fail("field " + inside_ + name + " is " + value_text(value) +
         ", which could change what the model computes and is not known to this reader" + how_to_ignore(name));
  }
  return unread;
}

LIBRATION_DEFINED std::string how_to_ignore_field(const std::string& name) {
  return "; a field that does not matter can be named in .ignore_fields (the programs' --ignore-field): \"" + name + "\"";
}

LIBRATION_DEFINED const nlohmann::json& config_fields::field(const char* name) const {
  if (!has(name)) fail("no field " + inside_ + name);
  return object_[name];
}

LIBRATION_DEFINED bool config_fields::is_off(const nlohmann::json& value) {
  if (value.is_string()) return is_one_of(lower_case(value.get<std::string>()), {"", "none", "no", "off", "false", "0"});
  return value == false || value == 0;
}

LIBRATION_DEFINED bool config_fields::is_remark(const nlohmann::json& value) {
  if (value.is_array())
    return std::all_of(value.begin(), value.end(), [](const auto& inner) { return inner.is_string() && is_remark(inner); });
  if (!value.is_string()) return false;
  const auto& text = value.get_ref<const std::string&>();
  return text.empty() || text.find(' ') != std::string::npos;
}

LIBRATION_DEFINED bool require_supported_model(const config_fields& fields, std::string_view type,
                                               std::initializer_list<std::string_view> activations) {
  const std::string kind(type);
  bool base_model = false;
  if (fields.has("architectures"))
    for (const std::string& name : fields.texts("architectures")) {
      const std::string lower = lower_case(name);
      if (lower == kind + "model")
        base_model = true;
      else if (lower != kind + "forcausallm")
        fields.refuse("architectures", "the " + kind + "'s ...ForCausalLM or ...Model");
    }
  if (fields.has("auto_map"))
    for (const std::string& name : fields.names("auto_map"))
      if (name.starts_with("AutoModel")) fields.refuse("auto_map", "none for a model: code of the model's own is not run");
  if (fields.has("quantization_config")) fields.fail("quantized weights (quantization_config) are not supported");
  if (fields.has("hidden_act") && !is_one_of(fields.text("hidden_act"), activations))
    fields.refuse("hidden_act", "\"" + std::string(*activations.begin()) + "\"");
  return base_model;
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
