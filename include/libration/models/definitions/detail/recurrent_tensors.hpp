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

#include <libration/core/number_text.hpp>
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

LIBRATION_DEFINED std::vector<tensor_size> recurrent_sizes(const checkpoint& tensors, const std::vector<std::string>& prefixes) {
  const auto shape_text = [&](const std::string& name) {
    return "tensor " + detail::quoted(tensors.name_in_file(name)) + " of shape " + io::to_string(tensors.tensor(name).shape) +
           " has it";
  };
  const auto add_once = [](std::vector<Eigen::Index>& values, Eigen::Index value) {
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  };
  std::vector<std::string> layers;  // suffixes of their names, with the prefix before "weight_"
  std::vector<Eigen::Index> hidden;
  Eigen::Index units = 0;
  for (const std::string& prefix : prefixes)
    for (int l = 0;; ++l) {
      const std::string numbered = prefix + "weight_hh_l" + number_text(l), single = prefix + "weight_hh";
      const std::string name = l == 0 && !tensors.contains(numbered) ? single : numbered;
      if (!tensors.contains(name)) break;
      const auto shape = tensors.tensor(name).shape;
      if (shape.size() != 2) return {};  // which the reader refuses
      layers.push_back(name);
      add_once(hidden, static_cast<Eigen::Index>(shape[1]));
      units += static_cast<Eigen::Index>(shape[1]);
    }
  if (layers.empty()) return {};
  const auto count = static_cast<Eigen::Index>(layers.size());
  std::string input = layers.front();
  input.replace(input.rfind("weight_hh"), 9, "weight_ih");
  if (!tensors.contains(input) || tensors.tensor(input).shape.size() != 2) return {};
  const auto inputs = static_cast<Eigen::Index>(tensors.tensor(input).shape[1]);
  // A character model's own inputs are its tokens: the rows of a table of as many columns as the network has inputs.
  std::vector<Eigen::Index> own_inputs = {inputs};
  for (const std::string& name : tensors.names()) {
    const std::string_view last = last_component(name);
    if (last.starts_with("weight_ih") || last.starts_with("weight_hh")) continue;
    const auto shape = tensors.tensor(name).shape;
    if (shape.size() == 2 && static_cast<Eigen::Index>(shape[1]) == inputs)
      add_once(own_inputs, static_cast<Eigen::Index>(shape[0]));
  }
  const std::string top = shape_text(layers.back());
  std::vector<Eigen::Index> hidden_or_layers = hidden, hidden_or_state = hidden;
  add_once(hidden_or_layers, count);
  add_once(hidden_or_state, units);
  add_once(hidden_or_state, 2 * units);
  return {{{"hidden_size", "hidden_dim", "rnn_hidden_size", "rnn_hidden_dim", "rnn_size", "units", "hidden_units", "n_units",
            "nhid"},
           hidden,
           top},
          {{"n_hidden"}, std::move(hidden_or_layers), top},
          {{"state_size"}, std::move(hidden_or_state), top},
          {{"num_layers", "n_layers", "nlayers", "num_hidden_layers"},
           {count},
           (count == 1 ? "only " : "the layers' tensors up to ") + detail::quoted(tensors.name_in_file(layers.back())) +
               (count == 1 ? " is there" : " say")},
          {{"input_size", "input_dim"}, std::move(own_inputs), shape_text(input)},
          {{"embedding_size", "embedding_dim", "embed_size", "embed_dim", "emb_size", "emb_dim", "emsize", "ninp"},
           {inputs},
           shape_text(input)}};
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
