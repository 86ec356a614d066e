// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/recurrent.hpp declares.

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <libration/core/lower_case.hpp>
#include <libration/core/number_text.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/config_fields.hpp>
#include <libration/models/detail/recurrent_fields.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/detail/said_conventions.hpp>
#include <libration/models/recurrent.hpp>
#include <libration/models/recurrent_kinds.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// The prefix of the only recurrent network in a file.
LIBRATION_DECLARED std::string only_recurrent_prefix(const checkpoint& tensors);

/// A prefix as the tensors have it: its last dot may be left out.
LIBRATION_DECLARED std::string whole_prefix(const checkpoint& tensors, const std::string& prefix);

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
                     ": one of the two is another model's" + how_to_ignore_field("bias"));
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
