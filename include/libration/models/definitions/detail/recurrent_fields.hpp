// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/detail/recurrent_fields.hpp declares.

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/lower_case.hpp>
#include <libration/core/number_text.hpp>
#include <libration/models/detail/recurrent_fields.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED void require_sizes(const nlohmann::json& said, const std::vector<tensor_size>& sizes,
                                     const std::vector<std::string>& ignore, std::string_view who) {
  const config_fields fields(said, std::string(who), ignore);
  for (const tensor_size& size : sizes) {
    const auto agrees = [&](const nlohmann::json& value) {
      const nlohmann::json number = value.is_string() ? metadata_value(value.get<std::string>()) : value;
      return !number.is_number() || std::any_of(size.values.begin(), size.values.end(), [&](Eigen::Index v) {
        return number.get<double>() == static_cast<double>(v);
      });
    };
    for (const std::string_view name : size.fields) {
      const std::string field(name);
      if (!fields.has(field.c_str())) continue;
      const nlohmann::json& value = said[field];
      if (value.is_array() ? std::all_of(value.begin(), value.end(), agrees) : agrees(value)) continue;
      std::string expected;
      for (const Eigen::Index v : size.values) expected += (expected.empty() ? "" : " or ") + number_text(v);
      fields.refuse(field.c_str(), expected + ", as " + size.from + fields.how_to_ignore(field));
    }
  }
}

LIBRATION_DEFINED bool has_part(std::string_view name, std::string_view part) {
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find_first_of("_-", begin), name.size());
    if (name.substr(begin, end - begin) == part) return true;
    begin = end + 1;
  }
  return false;
}

LIBRATION_DEFINED nlohmann::json metadata_value(const std::string& text) {
  for (const auto& [python, value] : {std::pair("True", true), std::pair("False", false)})
    if (text == python) return value;
  if (text == "None") return nullptr;
  auto value = nlohmann::json::parse(text, nullptr, false);
  return value.is_discarded() ? nlohmann::json(text) : value;
}

LIBRATION_DEFINED std::vector<std::string> account_for_fields(const nlohmann::json& said, const std::string& kind,
                                                              const std::map<std::string, std::string>& read,
                                                              const std::vector<std::string>& ignore, std::string_view who) {
  const config_fields fields(said, std::string(who), ignore);
  for (const auto& [name, value] : read) fields.has(name.c_str());
  const auto value_of = [&](const char* name) {
    const auto found = read.find(name);
    return found == read.end() ? std::string() : found->second;
  };
  // A nonlinearity that is a convention of the kind; of the others the candidate's, which is always tanh.
  const bool chosen = read.contains("nonlinearity");
  const std::string tanh_or_relu = chosen ? value_of("nonlinearity") : "tanh";
  for (const char* name : {"nonlinearity", "activation", "hidden_act", "hidden_activation", "activation_function"})
    if (!read.contains(name) && fields.has(name) && lower_case(fields.text(name)) != tanh_or_relu)
      fields.refuse(name, '"' + tanh_or_relu + '"' + (chosen ? ", as .nonlinearity (the programs' --nonlinearity) has it" : "") +
                              fields.how_to_ignore(name));
  if (!read.contains("leak") && fields.has("leak") && fields.number("leak") != 1.0)
    fields.refuse("leak", "1" + fields.how_to_ignore("leak"));
  // The kind: "char_lstm", "LSTM", "RNN_RELU".
  for (const char* name : {"model_type", "type", "rnn_type", "cell", "cell_type", "rnn_cell", "rnn", "unit_type", "kind"}) {
    if (!fields.has(name) || read.contains(name)) continue;
    const std::string type = lower_case(fields.text(name));
    const bool is_kind = has_part(type, kind), other = has_part(type, "tanh") || has_part(type, "relu");
    if (!is_kind || (other && !has_part(type, tanh_or_relu)))
      fields.refuse(name, kind + (is_kind ? " with " + tanh_or_relu : std::string()) + ", as the network is read" +
                              fields.how_to_ignore(name));
  }
  // As a text it says how the weights came to be, as a number that it is to be added.
  if (said.contains("forget_bias") && said["forget_bias"].is_string()) fields.has("forget_bias");
  return fields.require_all_known(fields_of_recurrent_networks);
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
