// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A recurrent network of whichever kind a file holds, and the conventions that it is read by: `models::load_recurrent`.

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/number_text.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/recurrent_kinds.hpp>
#include <libration/models/recurrent_options.hpp>

namespace libration::inline LIBRATION_ABI::models {

template <class Scalar>
using any_recurrent = recurrent_kinds::any_network<Scalar>;

/// How a file's recurrent network is read.
///
/// Its base has the options of each kind, `.gru` and so on, in force where the network is of this kind.
struct recurrent_description : recurrent_kinds::options {
  std::string kind;                   ///< "rnn", "gru" or "lstm"
  std::vector<std::string> prefixes;  ///< one, or those of a stack
  std::vector<convention> conventions;
  std::vector<std::string> unread;            ///< fields of the metadata that were not read, none of which changes what it computes
  std::vector<std::string> unread_in_config;  ///< the same of the config
};

namespace detail {

/// Compares sizes with what a file's metadata and the options' config say of them.
/// \throws file_error  naming the field that contradicts, both values and the tensor
LIBRATION_DECLARED void require_stated_sizes(const checkpoint& tensors, const recurrent_options& options,
                                             const std::vector<tensor_size>& sizes);

/// \return the first of these fields that the options' conventions, the metadata or the config have as true; empty: none of them
LIBRATION_DECLARED std::string stated_true(const checkpoint& tensors, const recurrent_options& options,
                                           std::initializer_list<const char*> fields);

}  // namespace detail

/// Finds the recurrent network among a file's tensors, and says by which conventions `load_recurrent` reads it.
///
/// A state_dict does not say them. The file's metadata may, under these keys, the options' `conventions`, which go before it, and
/// the options' `config`, which may not contradict it, under the same: `model_type` ("rnn", "gru", "lstm", also as in "char_lstm"
/// or "LSTM"; without it the shapes decide); of an rnn `nonlinearity` ("tanh" or "relu") and `leak`; of a gru `reset_after` ("true"
/// or "false": `gru_options::reset_before` the other way round) and `swapped_update`; of gru and lstm `gate_order` ("rzn", "ifgo";
/// others' u is read as z, their h or c as n, c or j as g). What none of them says is as the options' `assumed` has it, and is
/// marked as assumed in the result.
///
/// Sizes that metadata or config state (`hidden_size`, `num_layers`, `input_size`, an embedding's, `bias`, under their usual names)
/// are compared with the tensors; where they contradict, the file or the config is another model's.
///
/// Every other field of metadata and config is accounted for: those that change what the network computes (a residual connection,
/// a layer norm, a second direction) are refused by name, and so are those that are not known, unless the value is null, false,
/// empty or a text with a blank in it (a remark). The result lists the others.
///
/// \throws file_error  where there is no network, or which of several is meant is not said; for a bidirectional or projecting one,
///                     for a value that a convention cannot have, for fields as above, and for a pattern of `ignore_fields` that
///                     matches none
LIBRATION_DECLARED recurrent_description describe_recurrent(const checkpoint& tensors, const recurrent_options& options = {});

/// Reads the recurrent network of a file, by PyTorch's names (see `stacked::from`) and by the conventions that
/// `describe_recurrent` finds. All tensors below its prefix are accounted for.
///
/// \throws file_error  saying what is missing, of which shape, of another kind, or left over
template <class Scalar>
any_recurrent<Scalar> load_recurrent(checkpoint& tensors, const recurrent_description& how) {
  return recurrent_kinds::with<any_recurrent<Scalar>>(how.kind, [&](auto kind) -> any_recurrent<Scalar> {
    return decltype(kind)::template network<Scalar>::from(tensors, how.prefixes, kind.options_in(how));
  });
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

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/recurrent.hpp>
#endif
