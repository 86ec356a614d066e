// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A recurrent network of whichever kind a file holds, and the conventions that it is read by: `models::load_recurrent`.

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/config.hpp>
#include <libration/core/number_text.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/recurrent_fields.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/gru.hpp>
#include <libration/models/lstm.hpp>
#include <libration/models/rnn.hpp>

namespace libration::inline LIBRATION_ABI::models {

template <class Scalar>
using any_recurrent = std::variant<rnn<Scalar>, gru<Scalar>, lstm<Scalar>>;

struct recurrent_options {
  std::optional<std::string> prefix = {};  ///< what stands before the tensors' names; none: found in the file
  /// Prefixes of several networks, of one kind, from the lowest up, where each reads the output of the one before it, as two
  /// LSTMCells in turn do. Where it is given, `prefix` is not used.
  std::vector<std::string> stack = {};
  rnn_options rnn = {};  ///< used where the network is of this kind and nothing below nor the file says more; and so on
  gru_options gru = {};
  lstm_options lstm = {};
  /// What is known of the network beside its file, by the keys of the metadata (see `describe_recurrent`), and before it.
  std::map<std::string, std::string> conventions = {};
  std::vector<std::string> ignore = {};  ///< tensors that do not matter (see `checkpoint_options`)
  std::string config = {};  ///< text of a `config.json` that belongs to the file, whose metadata goes before it; empty: none
  /// Fields of the metadata and of the config that are taken for null, with `*` for any characters.
  std::vector<std::string> ignore_fields = {};
};

/// One of the things that decide what a network computes and that its weights do not say.
struct convention {
  enum class origin { assumed, file, config, options };
  std::string name;   ///< its key in the metadata: "nonlinearity", "leak", "reset_after", "swapped_update", "gate_order"
  std::string value;  ///< "tanh"
  origin said_by = origin::assumed;  ///< `assumed`: neither the file's metadata, the config nor the options' `conventions` say it
};

/// How a file's recurrent network is read.
struct recurrent_description {
  std::string kind;                   ///< "rnn", "gru" or "lstm"
  std::vector<std::string> prefixes;  ///< one, or those of a stack
  rnn_options rnn;                    ///< in force where the network is of this kind; and so on
  gru_options gru;
  lstm_options lstm;
  std::vector<convention> conventions;
  std::vector<std::string> unread;            ///< fields of the metadata that were not read, none of which changes what it computes
  std::vector<std::string> unread_in_config;  ///< the same of the config
};

namespace detail {

/// The prefix of the only recurrent network in a file.
inline std::string only_recurrent_prefix(const checkpoint& tensors) {
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

/// A prefix as the tensors have it: its last dot may be left out.
inline std::string whole_prefix(const checkpoint& tensors, const std::string& prefix) {
  const bool there = tensors.contains(prefix + "weight_hh_l0") || tensors.contains(prefix + "weight_hh");
  return there || prefix.empty() || prefix.ends_with('.') ? prefix : prefix + '.';
}

/// What is said of a network's conventions, by the options, by the file and by the config.
class said_conventions {
 public:
  said_conventions(const checkpoint& tensors, const recurrent_options& options) : tensors_(tensors), options_(options) {
    // Metadata also holds the vocabulary, which others read, and the names of tied tensors, by safetensors' save_model.
    for (const auto& [name, value] : tensors.metadata())
      if (name != "vocabulary" && !tensors.contains(value)) metadata_[name] = metadata_value(value);
    if (options.config.empty()) return;
    auto [object, reason] = parse_object(options.config);
    if (!reason.empty()) tensors.refuse(who, "config.json: " + reason);
    config_ = std::move(object);
  }

  /// What is said under a key, before the value that is assumed without it; remembered in `all`.
  std::string take(const std::string& name, std::string assumed) {
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
  /// One of two values; true for the first.
  bool take(const std::string& name, const char* yes, const char* no, bool assumed) {
    const std::string value = take(name, assumed ? yes : no);
    if (value != yes && value != no) tensors_.refuse(who, name + " is \"" + value + "\", expected " + yes + " or " + no);
    return value == yes;
  }
  double take(const std::string& name, double assumed) {
    const std::string value = take(name, number_text(assumed));
    double number = 0;
    const auto [end, fault] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (fault != std::errc() || end != value.data() + value.size())
      tensors_.refuse(who, name + " is \"" + value + "\", expected a number");
    return number;
  }
  /// Letters in some order: "rzn", also as "r,z,n".
  ///
  /// \param synonyms  pairs of letters, one of others and the one it is read as: "uz"
  std::string take_order(const std::string& name, const std::string& assumed, std::string_view letters, std::string_view synonyms) {
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

  /// The same without its being a convention; the first of options, file and config.
  std::optional<std::string> find(const std::string& name) const {
    if (const auto found = options_.conventions.find(name); found != options_.conventions.end()) return found->second;
    const auto in_file = in(metadata_, name);
    return in_file ? in_file : in(config_, name);
  }

  /// Fields of the metadata and of the config that are not read and do not matter, for a network of that kind.
  /// \throws file_error  naming one that does, or that is not known
  std::pair<std::vector<std::string>, std::vector<std::string>> account(const std::string& kind) const {
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

  std::vector<convention> all;

 private:
  static constexpr std::string_view who = "models::load_recurrent";

  static std::string option_of(const std::string& name) {
    if (name == "reset_after") return "--reset-after, --reset-before";
    std::string option = "--" + name;
    std::replace(option.begin(), option.end(), '_', '-');
    return option;
  }
  // A field's value as the metadata would have it.
  std::optional<std::string> in(const nlohmann::json& fields, const std::string& name) const {
    const auto found = fields.find(name);
    const bool ignored = std::any_of(options_.ignore_fields.begin(), options_.ignore_fields.end(),
                                     [&](const std::string& pattern) { return matches_glob(name, pattern); });
    if (found == fields.end() || found->is_null() || ignored) return std::nullopt;
    if (found->is_structured())
      tensors_.refuse(who, name + " is " + value_text(*found) + ", expected a text, a number, true or false");
    return found->is_string() ? found->get<std::string>() : found->dump();
  }

  const checkpoint& tensors_;
  const recurrent_options& options_;
  nlohmann::json metadata_ = nlohmann::json::object(), config_ = nlohmann::json::object();
};

/// One of "rnn", "gru", "lstm": the part of the model_type between '_' or '-' that is one of these, or, where there is no
/// model_type, by how many times more rows than columns weight_hh has.
inline std::string recurrent_kind(const checkpoint& tensors, const std::string& prefix, const said_conventions& said) {
  constexpr std::string_view who = "models::load_recurrent";
  if (const auto found = said.find("model_type")) {
    const std::string type = io::detail::lower_case(*found);
    for (const char* kind : {"rnn", "gru", "lstm"})
      if (has_part(type, kind)) return kind;
    tensors.refuse(who, "model_type is \"" + *found + "\", expected rnn, gru or lstm");
  }
  const std::string name = prefix + (tensors.contains(prefix + "weight_hh_l0") ? "weight_hh_l0" : "weight_hh");
  const auto found = tensors.tensor(name);
  const auto shape = found.shape;
  if (shape.size() == 2 && shape[1] > 0) {
    if (shape[0] == shape[1]) return "rnn";
    if (shape[0] == 3 * shape[1]) return "gru";
    if (shape[0] == 4 * shape[1]) return "lstm";
  }
  tensors.refuse(who, name,
                 "tensor \"" + std::string(found.name) + "\" has shape " + io::to_string(shape) +
                     ", expected 1 (rnn), 3 (gru) or 4 (lstm) times as many rows as columns");
}

}  // namespace detail

/// Finds the recurrent network among a file's tensors, and says by which conventions `load_recurrent` reads it.
///
/// A state_dict does not say them. The file's metadata may, under these keys, the options' `conventions`, which go before it, and
/// the options' `config`, which may not contradict it, under the same: `model_type` ("rnn", "gru", "lstm", also as in "char_lstm"
/// or "LSTM"; without it the shapes decide); of an rnn `nonlinearity` ("tanh" or "relu") and `leak`; of a gru `reset_after` ("true"
/// or "false": `gru_options::reset_before` the other way round) and `swapped_update`; of gru and lstm `gate_order` ("rzn", "ifgo";
/// others' u is read as z, their h or c as n, c or j as g). What none of them says is as the options' `rnn`, `gru` and `lstm` have
/// it, and is marked as assumed in the result.
///
/// Every other field of metadata and config is accounted for: those that change what the network computes (a residual connection,
/// a layer norm, a second direction) are refused by name, and so are those that are not known, unless the value is null, false,
/// empty or a text with a blank in it (a remark). The result lists the others.
///
/// \throws file_error  where there is no network, or which of several is meant is not said; for a bidirectional or projecting one,
///                     for a value that a convention cannot have, and for fields as above
template <class = void>
recurrent_description describe_recurrent(const checkpoint& tensors, const recurrent_options& options = {}) {
  constexpr std::string_view who = "models::load_recurrent";
  recurrent_description result{{}, {}, options.rnn, options.gru, options.lstm, {}, {}, {}};
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
    const std::string kind = detail::recurrent_kind(tensors, prefix, said);
    if (!result.kind.empty() && kind != result.kind)
      tensors.refuse(who, "the stack's " + result.prefixes.front() + " is of kind " + result.kind + ", " + prefix + " of kind " +
                              kind + ", expected one kind");
    result.kind = kind;
  }
  if (result.kind == "rnn") {
    const bool relu = said.take("nonlinearity", "relu", "tanh", options.rnn.activation == nonlinearity::relu);
    result.rnn.activation = relu ? nonlinearity::relu : nonlinearity::tanh;
    result.rnn.leak = said.take("leak", options.rnn.leak);
  } else if (result.kind == "gru") {
    result.gru.reset_before = !said.take("reset_after", "true", "false", !options.gru.reset_before);
    result.gru.swapped_update = said.take("swapped_update", "true", "false", options.gru.swapped_update);
    result.gru.gate_order = said.take_order("gate_order", options.gru.gate_order, "rzn", "uzhncn");
  } else {
    result.lstm.gate_order = said.take_order("gate_order", options.lstm.gate_order, "ifgo", "cgjg");
  }
  std::tie(result.unread, result.unread_in_config) = said.account(result.kind);
  result.conventions = std::move(said.all);
  return result;
}

/// Reads the recurrent network of a file, by PyTorch's names (see `stacked::from`) and by the conventions that
/// `describe_recurrent` finds. All tensors below its prefix are accounted for.
///
/// \throws file_error  saying what is missing, of which shape, of another kind, or left over
template <class Scalar>
any_recurrent<Scalar> load_recurrent(checkpoint& tensors, const recurrent_description& how) {
  if (how.kind == "lstm") return lstm<Scalar>::from(tensors, how.prefixes, how.lstm);
  if (how.kind == "gru") return gru<Scalar>::from(tensors, how.prefixes, how.gru);
  return rnn<Scalar>::from(tensors, how.prefixes, how.rnn);
}
template <class Scalar>
any_recurrent<Scalar> load_recurrent(const io::safetensors::file& file, const recurrent_options& options = {}) {
  checkpoint tensors(file, {.ignore = options.ignore});
  const recurrent_description how = describe_recurrent(tensors, options);
  any_recurrent<Scalar> network = load_recurrent<Scalar>(tensors, how);
  for (const std::string& prefix : how.prefixes) tensors.require_all_used("models::load_recurrent", prefix);
  return network;
}

}  // namespace libration::inline LIBRATION_ABI::models
