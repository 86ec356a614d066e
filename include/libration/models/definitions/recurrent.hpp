// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/recurrent.hpp declares.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/lower_case.hpp>
#include <libration/core/number_text.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/recurrent_fields.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/recurrent.hpp>
#include <libration/models/recurrent_kinds.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// The prefix of the only recurrent network in a file.
LIBRATION_DECLARED std::string only_recurrent_prefix(const checkpoint& tensors);

/// A prefix as the tensors have it: its last dot may be left out.
LIBRATION_DECLARED std::string whole_prefix(const checkpoint& tensors, const std::string& prefix);

/// What is said of a network's conventions, by the options, by the file and by the config.
class said_conventions {
 public:
  LIBRATION_DECLARED said_conventions(const checkpoint& tensors, const recurrent_options& options);

  /// What is said under a key, before the value that is assumed without it; remembered in `all`.
  LIBRATION_DECLARED std::string take(const std::string& name, std::string assumed);
  /// One of two values; true for the first.
  LIBRATION_DECLARED bool take(const std::string& name, const char* yes, const char* no, bool assumed);
  LIBRATION_DECLARED double take(const std::string& name, double assumed);
  /// Letters in some order: "rzn", also as "r,z,n".
  ///
  /// \param synonyms  pairs of letters, one of others and the one it is read as: "uz"
  LIBRATION_DECLARED std::string take_order(const std::string& name, const std::string& assumed, std::string_view letters,
                                            std::string_view synonyms);

  /// The same without its being a convention; the first of options, file and config.
  LIBRATION_DECLARED std::optional<std::string> find(const std::string& name) const;

  /// Fields of the metadata and of the config that are not read and do not matter, for a network of that kind.
  /// \throws file_error  naming one that does, or that is not known
  LIBRATION_DECLARED std::pair<std::vector<std::string>, std::vector<std::string>> account(const std::string& kind) const;

  /// \throws file_error  where metadata or config state another size
  LIBRATION_DECLARED void compare(const std::vector<tensor_size>& sizes) const;

  std::vector<convention> all;

 private:
  static constexpr std::string_view who = "models::load_recurrent";

  LIBRATION_DECLARED static std::string option_of(const std::string& name);
  // A field's value as the metadata would have it.
  LIBRATION_DECLARED std::optional<std::string> in(const nlohmann::json& fields, const std::string& name) const;

  const checkpoint& tensors_;
  const recurrent_options& options_;
  nlohmann::json metadata_ = nlohmann::json::object(), config_ = nlohmann::json::object();
};

/// The name of one of the `recurrent_kinds`: the part of the model_type between '_' or '-' that is one of these, or, where there is
/// no model_type, by how many times more rows than columns weight_hh has.
LIBRATION_DECLARED std::string find_kind(const checkpoint& tensors, const std::string& prefix, const said_conventions& said);

/// Throws where a field `bias` says another thing than the tensors.
LIBRATION_DECLARED void require_stated_biases(const checkpoint& tensors, const std::vector<std::string>& prefixes,
                                              const said_conventions& said);

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::models

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED std::string only_recurrent_prefix(const checkpoint& tensors) {
  const std::vector<std::string> prefixes = find_recurrent_prefixes(tensors);
  if (prefixes.empty())
    tensors.refuse("models::load_recurrent",
                   "not a recurrent network: no tensor's name ends in weight_hh_l0 or weight_hh; the file holds " +
                       some_of(tensors.names()) + tensors.foreign_part());
  if (prefixes.size() > 1)
    tensors.refuse(
        "models::load_recurrent",
        number_text(prefixes.size()) + " recurrent networks, expected one, or the prefix of one; there are " + some_of(prefixes) +
            "; .prefix (the programs' --prefix) names one, .stack (--stack) several, each of which reads the one before it");
  return prefixes.front();
}

LIBRATION_DEFINED std::string whole_prefix(const checkpoint& tensors, const std::string& prefix) {
  const bool there = tensors.contains(prefix + "weight_hh_l0") || tensors.contains(prefix + "weight_hh");
  return there || prefix.empty() || prefix.ends_with('.') ? prefix : prefix + '.';
}

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
                             "\": .conventions decides (the programs' " + option_of(name) + ")");
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

LIBRATION_DEFINED void require_stated_sizes(const checkpoint& tensors, const recurrent_options& options,
                                            const std::vector<tensor_size>& sizes) {
  said_conventions(tensors, options).compare(sizes);
}

LIBRATION_DEFINED std::string stated_true(const checkpoint& tensors, const recurrent_options& options,
                                          std::initializer_list<const char*> fields) {
  const said_conventions said(tensors, options);
  for (const char* field : fields)
    if (const auto value = said.find(field); value && *value == "true") return field;
  return {};
}

LIBRATION_DEFINED std::string said_conventions::option_of(const std::string& name) {
  if (name == "reset_after") return "--reset-after, --reset-before";
  std::string option = "--" + name;
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
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

LIBRATION_DEFINED void require_stated_biases(const checkpoint& tensors, const std::vector<std::string>& prefixes,
                                             const said_conventions& said) {
  const auto stated = said.find("bias");
  if (!stated || (*stated != "true" && *stated != "false")) return;
  std::string bias;
  for (const std::string& prefix : prefixes)
    for (const char* name : {"bias_ih_l0", "bias_hh_l0", "bias_ih", "bias_hh"})
      if (bias.empty() && tensors.contains(prefix + name)) bias = tensors.name_in_file(prefix + name);
  if (bias.empty() == (*stated == "false")) return;
  tensors.refuse("models::load_recurrent",
                 "bias is " + *stated + ", but there is " +
                     (bias.empty() ? "no tensor " + detail::quoted(prefixes.front() + "bias_ih_l0")
                                   : "a tensor " + detail::quoted(bias)) +
                     ": one of the two is another model's; a field that does not matter can be named in .ignore_fields (the "
                     "programs' --ignore-field): \"bias\"");
}

LIBRATION_DEFINED std::string find_kind(const checkpoint& tensors, const std::string& prefix, const said_conventions& said) {
  constexpr std::string_view who = "models::load_recurrent";
  if (const auto found = said.find("model_type")) {
    const std::string type = lower_case(*found);
    std::string said_kind;
    recurrent_kinds::for_each([&](auto kind) {
      if (said_kind.empty() && has_part(type, kind.name)) said_kind = kind.name;
    });
    if (!said_kind.empty()) return said_kind;
    tensors.refuse(who, "model_type is \"" + *found + "\", expected " +
                            recurrent_kinds::list([](auto kind) { return std::string(kind.name); }));
  }
  const std::string name = prefix + (tensors.contains(prefix + "weight_hh_l0") ? "weight_hh_l0" : "weight_hh");
  const auto found = tensors.tensor(name);
  const auto shape = found.shape;
  if (shape.size() == 2 && shape[1] > 0) {
    std::string by_shape;
    recurrent_kinds::for_each([&](auto kind) {
      if (by_shape.empty() && shape[0] == decltype(kind)::description::gate_count * shape[1]) by_shape = kind.name;
    });
    if (!by_shape.empty()) return by_shape;
  }
  tensors.refuse(who, name,
                 "tensor \"" + std::string(found.name) + "\" has shape " + io::to_string(shape) +
                     ", expected " + recurrent_kinds::list([](auto kind) {
                       return number_text(decltype(kind)::description::gate_count) + " (" + std::string(kind.name) + ")";
                     }) + " times as many rows as columns");
}

}  // namespace libration::inline LIBRATION_ABI::models::detail

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED recurrent_description describe_recurrent(const checkpoint& tensors, const recurrent_options& options) {
  constexpr std::string_view who = "models::load_recurrent";
  recurrent_description result{options.assumed, {}, {}, {}, {}, {}};
  detail::said_conventions said(tensors, options);
  if (options.stack.empty())
    result.prefixes = {options.prefix ? detail::whole_prefix(tensors, *options.prefix) : detail::only_recurrent_prefix(tensors)};
  for (const std::string& prefix : options.stack) {
    result.prefixes.push_back(detail::whole_prefix(tensors, prefix));
    if (std::count(result.prefixes.begin(), result.prefixes.end(), result.prefixes.back()) > 1)
      tensors.refuse(who, "the stack names " + detail::quoted(prefix) + " twice, expected each network once");
  }
  for (const std::string& prefix : result.prefixes) {
    detail::require_supported(tensors, prefix, who);
    const std::string kind = detail::find_kind(tensors, prefix, said);
    if (!result.kind.empty() && kind != result.kind)
      tensors.refuse(who, "the stack's " + result.prefixes.front() + " is of kind " + result.kind + ", " + prefix + " of kind " +
                              kind + ", expected one kind");
    result.kind = kind;
  }
  said.compare(detail::recurrent_sizes(tensors, result.prefixes));
  detail::require_stated_biases(tensors, result.prefixes, said);
  recurrent_kinds::for_each([&](auto kind) {
    if (kind.name == result.kind) decltype(kind)::description::read_conventions(said, kind.options_in(result));
  });
  std::tie(result.unread, result.unread_in_config) = said.account(result.kind);
  result.conventions = std::move(said.all);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::models
