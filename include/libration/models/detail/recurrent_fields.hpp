// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a recurrent network's metadata or config says beside its conventions: known not to matter, or refused by name.

#include <array>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/core/config.hpp>
#include <libration/models/detail/config_fields.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// Beside those of `fields_without_effect`: sizes, which the tensors have themselves (see `require_sizes`), training, and where a
/// file comes from.
inline constexpr auto recurrent_fields_without_effect = std::to_array<std::string_view>(
    {"format", "what", "prefix", "reset_after", "swapped_update", "gate_order", "vocab", "vocabulary", "vocab_file", "device",
     "cuda", "batch_first", "time_major", "bias", "tied", "tie_weights", "tied_weights", "tie_word_embeddings",
     //
     "*hidden_size", "*input_size", "*output_size", "vocab_size", "vocabulary_size", "embedding_size", "embed_size", "emb_size",
     "emsize", "rnn_size", "state_size", "*batch_size", "*hidden_dim", "*input_dim", "*output_dim", "embedding_dim", "embed_dim",
     "emb_dim", "units", "*hidden_units", "n_units", "nhid", "ninp", "nlayers", "ntoken", "ntokens", "n_layers", "num_layers",
     "num_hidden_layers", "n_hidden", "n_vocab", "num_embeddings", "parameters", "num_parameters", "n_params",
     //
     "drop", "p_drop", "*_drop", "wdrop", "epoch", "epochs", "*_epoch", "*_epochs", "step", "steps", "global_step", "iteration*",
     "lr", "learning_rate*", "lr_*", "*_lr", "optim", "optimizer*", "scheduler*", "weight_decay", "wdecay", "momentum", "betas",
     "seed", "*_seed", "loss", "*_loss", "loss_*", "*perplexity", "*ppl", "bpc", "*_bpc", "accuracy", "*_accuracy", "best_*",
     "val_*", "valid_*", "validation_*", "test_*", "train_*", "training", "training_*", "held_out_*", "grad_clip*", "clip_grad*",
     "gradient_clip*", "max_grad_norm", "bptt", "tbptt*", "seq_len*", "seq_length", "sequence_length", "teacher_forcing*",
     "label_smoothing", "patience",
     //
     "name", "model_name", "title", "description", "note", "notes", "comment*", "provenance", "licence", "author*", "created*",
     "date", "timestamp", "version", "*_version", "dataset*", "data", "corpus", "language", "url", "framework", "commit", "git_*"});

/// Fields that change what a recurrent network computes, with `*` for any characters, and the only value, as JSON, with which they
/// do not. 0, "none", "no" and "off" are as good as false.
inline constexpr auto recurrent_fields_with_one_value = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"bidirectional", "false"},
    {"is_bidirectional", "false"},
    {"num_directions", "1"},
    {"go_backwards", "false"},
    {"reverse*", "false"},
    {"proj_size", "0"},
    {"projection*", "false"},
    {"*residual*", "false"},
    {"*skip*", "false"},
    {"*highway*", "false"},
    {"attention", "false"},
    {"use_attention", "false"},
    {"*layer_norm*", "false"},
    {"*layernorm*", "false"},
    {"*batch_norm*", "false"},
    {"*batchnorm*", "false"},
    {"norm*", "false"},
    {"weight_norm", "false"},
    {"spectral_norm", "false"},
    {"*peephole*", "false"},
    {"*zoneout*", "0"},
    {"cifg", "false"},
    {"coupled*", "false"},
    {"*cell_clip", "0"},
    {"forget_bias", "0"},
    {"softmax_temperature", "1"},
    {"logit_temperature", "1"},
    {"logit_scale", "1"},
    {"logits_scaling", "1"},
    {"output_scale", "1"},
    {"embedding_scale", "1"},
    {"embedding_multiplier", "1"},
    {"input_scale", "1"},
    {"gate_activation", "\"sigmoid\""},
    {"recurrent_activation", "\"sigmoid\""},
    {"candidate_activation", "\"tanh\""},
    {"cell_activation", "\"tanh\""},
    {"output_activation", "\"softmax\""},
    {"initial_state", "\"zeros\""},
    {"learn*_state*", "false"},
    {"learn*_h0", "false"},
});

inline constexpr known_fields fields_of_recurrent_networks{recurrent_fields_with_one_value, fields_without_effect,
                                                           recurrent_fields_without_effect};

/// Checks what is said of sizes; a field that is neither a number nor a list of numbers is not looked at.
///
/// \param said  the fields, an object
/// \throws argument_error  naming the field, its value, the size and the tensor
LIBRATION_DECLARED void require_sizes(const nlohmann::json& said, const std::vector<tensor_size>& sizes,
                                      const std::vector<std::string>& ignore, std::string_view who);

/// Whether a name such as "char_lstm" has a part between '_' or '-' that is this one. Both in small letters.
LIBRATION_DECLARED bool has_part(std::string_view name, std::string_view part);

/// A text of the metadata as the value that it stands for: true, 0.5 or null (also Python's True and None), else the text itself.
LIBRATION_DECLARED nlohmann::json metadata_value(const std::string& text);

/// Accounts for what is said of a recurrent network that is read by the given conventions.
///
/// \param said     the fields, an object
/// \param kind     "rnn", "gru" or "lstm"
/// \param read     names and values of the conventions in force
/// \param ignore   names of fields that are taken for null, with `*` and `?`
/// \return         names of the fields that were not read, none of which changes what the network computes
/// \throws argument_error  naming a field that does, or that is not known
LIBRATION_DECLARED std::vector<std::string> account_for_fields(const nlohmann::json& said, const std::string& kind,
                                                               const std::map<std::string, std::string>& read,
                                                               const std::vector<std::string>& ignore, std::string_view who);

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/recurrent_fields.hpp>
#endif
