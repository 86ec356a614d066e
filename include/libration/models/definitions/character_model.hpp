// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/character_model.hpp declares; of double and float in libration::compiled.

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/config_fields.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// The only tensor called `<any>.<one of names>.weight`, or nothing.
template <std::size_t count>
std::optional<std::string> find_weight(const checkpoint& tensors, const std::array<std::string_view, count>& names,
                                       std::string_view what) {
  std::vector<std::string> found;
  for (const std::string& name : tensors.names()) {
    constexpr std::string_view ending = ".weight";
    if (!std::string_view(name).ends_with(ending)) continue;
    const std::string_view module = std::string_view(name).substr(0, name.size() - ending.size());
    const std::string_view last = module.substr(module.rfind('.') + 1);  // npos + 1 is 0
    if (std::find(names.begin(), names.end(), last) != names.end()) found.push_back(name);
  }
  if (found.empty()) return std::nullopt;
  if (found.size() > 1)
    tensors.refuse("models::load_character_model", number_text(found.size()) + " tensors could be the " + std::string(what) + ": " +
                                                       some_of(found) + "; ." + std::string(what) + " (the programs' --" +
                                                       std::string(what) + ") names one");
  return found.front();
}

}  // namespace detail

template <class Scalar>
any_character_model<Scalar> load_character_model(const io::safetensors::file& file, const character_model_options& options) {
  constexpr std::string_view who = "models::load_character_model";
  constexpr std::array<std::string_view, 5> embeddings = {"embedding", "embeddings", "encoder", "embed", "emb"};
  constexpr std::array<std::string_view, 8> readouts = {"decoder", "fc", "readout", "linear", "out", "output", "head", "lm_head"};
  checkpoint_options ignored{options.ignore};
  ignored.ignore.insert(ignored.ignore.end(), options.network.ignore.begin(), options.network.ignore.end());
  checkpoint tensors(file, ignored);
  any_recurrent<Scalar> network = load_recurrent<Scalar>(tensors, describe_recurrent(tensors, options.network));

  std::string prefix = options.readout;
  if (prefix.empty()) {
    const auto name = detail::find_weight(tensors, readouts, "readout");
    if (!name)
      tensors.refuse(who,
                     "no readout (decoder.weight, fc.weight, ...; .readout, the programs' --readout, names another); the file "
                     "holds " +
                         detail::some_of(tensors.names()) + tensors.foreign_part());
    prefix = name->substr(0, name->size() - std::string_view("weight").size());
  } else if (!tensors.contains(prefix + "weight") && tensors.contains(prefix + ".weight")) {
    prefix += '.';
  }
  auto output = readout<Scalar>::from(tensors, prefix);

  std::optional<std::string> table = options.embedding;
  if (table->empty())
    table = detail::find_weight(tensors, embeddings, "embedding");
  else if (!tensors.contains(*table) && tensors.contains(*table + ".weight"))
    *table += ".weight";
  auto input = table ? embedding<Scalar>::from(tensors, *table) : embedding<Scalar>::one_hot(output.output_size());
  tensors.require_all_used(who);
  const std::string tied =
      detail::stated_true(tensors, options.network, {"tied", "tie_weights", "tied_weights", "tie_word_embeddings"});
  if (table && !tied.empty() && !detail::is_same(tensors.tensor(*table), tensors.tensor(prefix + "weight")))
    tensors.refuse(who, tied + " is true, but " + detail::quoted(tensors.name_in_file(prefix + "weight")) +
                            " is another matrix than " + detail::quoted(tensors.name_in_file(*table)) +
                            ": one of the two is another model's" + detail::how_to_ignore_field(tied));
  detail::require_stated_sizes(
      tensors, options.network,
      {{{"vocab_size", "vocabulary_size", "n_vocab", "ntoken", "ntokens", "num_embeddings", "output_size", "output_dim"},
        {output.output_size()},
        "tensor " + detail::quoted(tensors.name_in_file(prefix + "weight")) + " of " + number_text(output.output_size()) +
            " rows has it"}});

  const auto characters = [&] {
    if (options.characters) return *options.characters;
    const auto found = file.metadata().find("vocabulary");
    if (found == file.metadata().end())
      tensors.refuse(who, "no vocabulary: the metadata has none under \"vocabulary\", and none was given");
    return vocabulary::from_json(found->second);
  };
  try {
    return std::visit(
        [&](auto&& chosen) -> any_character_model<Scalar> {
          using network_type = std::decay_t<decltype(chosen)>;
          return character_model<network_type>(std::move(chosen), std::move(input), std::move(output), characters());
        },
        std::move(network));
  } catch (const argument_error& error) {
    throw file_error(file.path(), file_error::no_byte, error.what());
  }
}

#if defined(LIBRATION_COMPILED)
template any_character_model<double> load_character_model<double>(const io::safetensors::file&, const character_model_options&);
template any_character_model<float> load_character_model<float>(const io::safetensors::file&, const character_model_options&);
#endif

}  // namespace libration::inline LIBRATION_ABI::models
