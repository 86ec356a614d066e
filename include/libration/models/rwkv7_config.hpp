// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shape of an RWKV-7, as flash-linear-attention's `config.json` tells it, or as the tensors' shapes do.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/models/checkpoint.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Whose names the tensors have.
enum class rwkv7_naming {
  huggingface,  ///< flash-linear-attention's: `model.layers.0.attn.r_proj.weight`
  blinkdl,      ///< the authors': `blocks.0.att.receptance.weight`
  numbered      ///< of the authors' small experiments: `rwkv1.receptance.weight`, `ln1a.weight`, `ffn1.key.weight`, `e.weight`
};

/// Sizes that are 0 are read from the tensors' shapes: of the authors' files, which have no config, all of them.
struct rwkv7_config {
  Eigen::Index hidden_size = 0;  ///< d
  Eigen::Index heads = 0;        ///< H
  Eigen::Index head_size = 0;    ///< K; H K = d
  Eigen::Index ffn_size = 0;
  Eigen::Index layers = 0;
  Eigen::Index vocabulary_size = 0;
  Eigen::Index decay_rank = 0, rate_rank = 0, value_rank = 0, gate_rank = 0;  ///< of the low-rank parts w, a, v (1 layer: none), g
  double norm_epsilon = 1e-5;                                                 ///< of the layer norms
  double group_norm_epsilon = 64e-5;  ///< of the norm of each head's output; flash-linear-attention: head_size norm_epsilon
  bool pre_norm = true;               ///< a layer norm of the embedding
  bool norm_bias = true;              ///< of the layer norms
  bool output_bias = false;           ///< what `numbered` files add to the first half of a layer
  bool tied_head = false;
  rwkv7_naming naming = rwkv7_naming::huggingface;

  /// The state of a layer: S, and two normed inputs.
  Eigen::Index layer_state_size() const { return hidden_size * (head_size + 2); }

  /// From the text of a `config.json` of model_type "rwkv7". Every field is accounted for, as by `llama_config::from_json`.
  ///
  /// \throws argument_error  naming the field that is missing, of another kind, out of range or not known
  LIBRATION_DECLARED static rwkv7_config from_json(std::string_view text, const std::vector<std::string>& ignore_fields = {});
  /// The same from a file. \throws file_error
  LIBRATION_DECLARED static rwkv7_config read(const std::filesystem::path& path,
                                              const std::vector<std::string>& ignore_fields = {});

  /// This with what is 0 read from the tensors' names and shapes; what never acts on the result is counted as used.
  ///
  /// \throws file_error  naming the tensor whose shape does not tell, or that contradicts what is given
  LIBRATION_DECLARED rwkv7_config complete(checkpoint& tensors) const;

  /// \throws argument_error  where sizes are missing or do not fit each other
  LIBRATION_DECLARED void validate() const;
};

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/rwkv7_config.hpp>
#endif
