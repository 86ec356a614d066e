// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// By which conventions a recurrent network is read: what a caller says of them, and what each was found to be.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/models/recurrent_kinds.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Options of `models::load_recurrent` and `models::describe_recurrent`.
struct recurrent_options {
  std::optional<std::string> prefix = {};  ///< what stands before the tensors' names; none: found in the file
  /// Prefixes of several networks, of one kind, from the lowest up, where each reads the output of the one before it, as two
  /// LSTMCells in turn do. Where it is given, `prefix` is not used.
  std::vector<std::string> stack = {};
  /// Options of each kind, `.assumed.gru` and so on: used where the network is of this kind and nothing below nor the file says
  /// more.
  recurrent_kinds::options assumed = {};
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

/// \param name  of a convention
/// \return      the programs' option that says it, for a message: "--gate-order"
LIBRATION_DECLARED std::string option_of_convention(const std::string& name);

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/recurrent_options.hpp>
#endif
