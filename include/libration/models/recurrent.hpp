// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A recurrent network of whichever kind a file holds: `models::load_recurrent`.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/number_text.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/gru.hpp>
#include <libration/models/lstm.hpp>
#include <libration/models/rnn.hpp>

namespace libration::inline LIBRATION_ABI::models {

template <class Scalar>
using any_recurrent = std::variant<rnn<Scalar>, gru<Scalar>, lstm<Scalar>>;

struct recurrent_options {
  std::optional<std::string> prefix =
      {};                ///< what stands before the tensors' names, with its dot; none: found in the file
  rnn_options rnn = {};  ///< used where the network is of this kind, and so on
  gru_options gru = {};
  lstm_options lstm = {};
};

namespace detail {

/// The prefix of the only recurrent network in a file.
inline std::string only_recurrent_prefix(const io::safetensors::file& file) {
  const std::vector<std::string> prefixes = find_recurrent_prefixes(file);
  if (prefixes.empty())
    refuse(file, "models::load_recurrent",
           "not a recurrent network: no tensor's name ends in weight_hh_l0 or weight_hh; the file holds " +
               some_of(file.names()));
  if (prefixes.size() > 1)
    refuse(file, "models::load_recurrent",
           number_text(prefixes.size()) + " recurrent networks, expected one, or the prefix of one; there are " +
               some_of(prefixes));
  return prefixes.front();
}

/// One of "rnn", "gru", "lstm": the part of the metadata's model_type between '_' or '-' that is one of these, or,
/// where there is no model_type, by how many times more rows than columns weight_hh has.
inline std::string recurrent_kind(const io::safetensors::file& file, const std::string& prefix) {
  constexpr std::string_view who = "models::load_recurrent";
  if (const auto found = file.metadata().find("model_type"); found != file.metadata().end()) {
    const std::string& type = found->second;
    for (std::size_t begin = 0; begin <= type.size();) {
      const std::size_t end = std::min(type.find_first_of("_-", begin), type.size());
      const std::string part = type.substr(begin, end - begin);
      if (part == "rnn" || part == "gru" || part == "lstm") return part;
      begin = end + 1;
    }
    refuse(file, who, "model_type is \"" + type + "\", expected rnn, gru or lstm");
  }
  const std::string name = prefix + (file.contains(prefix + "weight_hh_l0") ? "weight_hh_l0" : "weight_hh");
  const auto shape = file.tensor(name).shape;
  if (shape.size() == 2 && shape[1] > 0) {
    if (shape[0] == shape[1]) return "rnn";
    if (shape[0] == 3 * shape[1]) return "gru";
    if (shape[0] == 4 * shape[1]) return "lstm";
  }
  refuse(file, who,
         "tensor \"" + name + "\" has shape " + io::to_string(shape) +
             ", expected 1 (rnn), 3 (gru) or 4 (lstm) times as many rows as columns");
}

}  // namespace detail

/// Reads the recurrent network that a file holds, by PyTorch's names (see `stacked::from`).
///
/// The file's metadata may say what its weights cannot: `model_type` ("rnn", "gru", "lstm", also as in "char_lstm";
/// without it the shapes decide), `nonlinearity` of an rnn ("tanh" or "relu"), `reset_after` of a gru ("true" or
/// "false", as in the options' `reset_before`). Where it does, it wins over the options.
///
/// \throws file_error  saying what is missing, of which shape, or of another kind
template <class Scalar>
any_recurrent<Scalar> load_recurrent(const io::safetensors::file& file, const recurrent_options& options = {}) {
  const std::string prefix = options.prefix ? *options.prefix : detail::only_recurrent_prefix(file);
  const std::string kind = detail::recurrent_kind(file, prefix);
  // Whether a metadata entry is `yes` rather than `no`; `otherwise` where there is none.
  const auto says = [&](const char* key, const char* yes, const char* no, bool otherwise) {
    const auto found = file.metadata().find(key);
    if (found == file.metadata().end()) return otherwise;
    if (found->second != yes && found->second != no)
      detail::refuse(file, "models::load_recurrent",
                     std::string(key) + " is \"" + found->second + "\", expected " + yes + " or " + no);
    return found->second == yes;
  };
  if (kind == "lstm") return lstm<Scalar>::from(file, prefix, options.lstm);
  if (kind == "gru") {
    gru_options chosen = options.gru;
    chosen.reset_before = says("reset_after", "false", "true", chosen.reset_before);
    return gru<Scalar>::from(file, prefix, chosen);
  }
  rnn_options chosen = options.rnn;
  const bool relu = says("nonlinearity", "relu", "tanh", chosen.activation == nonlinearity::relu);
  chosen.activation = relu ? nonlinearity::relu : nonlinearity::tanh;
  return rnn<Scalar>::from(file, prefix, chosen);
}

}  // namespace libration::inline LIBRATION_ABI::models
