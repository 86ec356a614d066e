// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shape of a decoder of the Llama family, as Hugging Face's `config.json` tells it.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/models/rotary.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct llama_config {
  Eigen::Index hidden_size = 0;
  Eigen::Index intermediate_size = 0;
  Eigen::Index layers = 0;
  Eigen::Index query_heads = 0;
  Eigen::Index key_heads = 0;  ///< each serves query_heads / key_heads query heads, which follow each other
  Eigen::Index head_size = 0;  ///< d
  Eigen::Index vocabulary_size = 0;
  Eigen::Index max_positions = 0;   ///< longest text trained on
  Eigen::Index sliding_window = 0;  ///< keys that a query sees, its own included; 0: all
  double norm_epsilon = 1e-6;
  rotary_options rotary = {};
  bool tied_head = false;    ///< the head is the embedding
  bool query_bias = false;   ///< of queries, keys and values
  bool output_bias = false;  ///< of the attention's output
  bool mlp_bias = false;
  bool base_model = false;  ///< one that is trained without a head ("LlamaModel"): where the files have none, it is the embedding
  std::vector<std::string> notes = {};  ///< where the file's fields contradict each other: which of them was taken

  /// From the text of a `config.json` of model_type "llama", "mistral" or "qwen2".
  ///
  /// Every field is accounted for. Those that the computation depends on are read, or refused where they ask for another one; those
  /// that it does not depend on are known by name. Any other is refused by name, unless its value is null, false, empty, or a text
  /// with a blank in it (a remark).
  ///
  /// \param ignore_fields  names of fields that are taken for null, with `*` for any characters; of one within another
  ///                       "rope_scaling.factor"
  /// \throws argument_error  naming the field that is missing, of another kind, out of range or not known, or an architecture that
  ///                         this is not
  LIBRATION_DECLARED static llama_config from_json(std::string_view text, const std::vector<std::string>& ignore_fields = {});

  /// The same from a file. \throws file_error
  LIBRATION_DECLARED static llama_config read(const std::filesystem::path& path,
                                              const std::vector<std::string>& ignore_fields = {});

  /// \throws argument_error  where sizes do not fit each other
  LIBRATION_DECLARED void validate() const;
};

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/llama_config.hpp>
#endif
