// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The fields of a `config.json`: each is read, or known not to matter, or refused by name.

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/io/foreign_format.hpp>
#include <libration/models/detail/name_patterns.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// Fields that no forward pass depends on, with `*` for any characters: what files are called, ids of tokens, training, how the
/// numbers are stored and the cache is kept, defaults of sampling, and heads of other tasks.
inline constexpr auto fields_without_effect = std::to_array<std::string_view>(
    {"_name_or_path", "name_or_path", "_commit_hash", "transformers_version", "transformers.js_config", "_attn_implementation*",
     "attn_implementation", "_flash_attn*", "use_flash_attn*", "use_flash_attention*", "tokenizer_*", "model_max_length",
     "max_seq_len", "max_sequence_length", "source", "license", "unsloth_*",
     //
     "*_token_id", "*_token_ids", "bos_token", "eos_token", "pad_token", "unk_token", "sep_token", "cls_token", "mask_token",
     //
     "*dropout*", "*_pdrop", "initializer_range", "neftune_noise_alpha", "gradient_checkpointing*", "*_loss_coef", "pretraining_tp",
     "finetuned",
     //
     "torch_dtype", "dtype", "use_bfloat16", "use_cache", "torchscript", "return_dict*", "output_attentions",
     "output_hidden_states", "output_scores", "output_past", "chunk_size_feed_forward", "keys_to_ignore_at_inference",
     "num_logits_to_keep", "logits_to_keep", "is_decoder", "is_llama_config", "_from_model_config", "cache_implementation",
     "base_model_tp_plan", "base_model_pp_plan", "_pre_quantization_dtype",
     //
     "max_length", "max_new_tokens", "min_length", "do_sample", "early_stopping", "num_beams", "num_beam_groups",
     "diversity_penalty", "temperature", "top_k", "top_p", "min_p", "typical_p", "penalty_alpha", "repetition_penalty",
     "length_penalty", "*no_repeat_ngram_size", "bad_words_ids", "num_return_sequences", "remove_invalid_values",
     "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens",
     //
     "finetuning_task", "task_specific_params", "problem_type", "prefix", "id2label", "label2id", "num_labels", "_num_labels"});

/// Fields that change the computation, and the only value, as JSON, with which they do not.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 25> fields_with_one_value = {{
    {"partial_rotary_factor", "1"},
    {"rotary_pct", "1"},
    {"factor", "1"},
    {"attention_factor", "1"},
    {"attn_factor", "1"},
    {"extrapolation_factor", "1"},
    {"embedding_multiplier", "1"},
    {"residual_multiplier", "1"},
    {"logits_scaling", "1"},
    {"logit_scale", "1"},
    {"num_experts", "0"},
    {"num_local_experts", "0"},
    {"n_routed_experts", "0"},
    {"num_nextn_predict_layers", "0"},
    {"is_causal", "true"},
    {"causal", "true"},
    {"use_rope", "true"},
    {"use_rms_norm", "true"},
    {"scale_attn_weights", "true"},
    {"hidden_activation", "\"silu\""},
    {"activation_function", "\"silu\""},
    {"position_embedding_type", "\"rope\""},
    {"norm_type", "\"rmsnorm\""},
    {"rope_type", "\"default\""},
    {"type", "\"default\""},
}};

/// What is known of a kind of model's fields that its reader does not read.
struct known_fields {
  std::span<const std::pair<std::string_view, std::string_view>> with_one_value;  ///< names, with `*`, and values as JSON
  std::span<const std::string_view> without_effect, also_without_effect = {};     ///< names, with `*`
};
inline constexpr known_fields fields_of_decoders{fields_with_one_value, fields_without_effect};

/// A JSON text's object, or why it is none, as the end of a message.
struct object_or_reason {
  nlohmann::json object;
  std::string reason;  ///< empty: it is one
};
LIBRATION_DECLARED object_or_reason parse_object(std::string_view text);

/// The object of a `config.json`.
///
/// \param ignore_fields  of the reader's options
/// \throws argument_error  where the text is no JSON object, and for a pattern that matches none of its fields
LIBRATION_DECLARED nlohmann::json parse_config(std::string_view text, std::string_view who,
                                               const std::vector<std::string>& ignore_fields);

/// JSON as Python writes it: a bare Infinity, which JSON has not, becomes the text "Infinity".
LIBRATION_DECLARED std::string quote_infinity(std::string_view text);

/// The text of a file. \throws file_error
LIBRATION_DECLARED std::string read_config_text(const std::filesystem::path& path);

/// `Config::from_json` of a file, with errors that name it. \throws file_error
template <class Config>
Config read_config(const std::filesystem::path& path, const std::vector<std::string>& ignore_fields) {
  const std::string text = read_config_text(path);
  try {
    return Config::from_json(text, ignore_fields);
  } catch (const argument_error& error) {
    throw file_error(path.string(), file_error::no_byte, error.what());
  }
}

/// As `unmatched_pattern`, of patterns for the fields of one or two objects and of those within them, "outer.inner".
LIBRATION_DECLARED std::string unmatched_field(const std::vector<std::string>& patterns, const nlohmann::json& object,
                                               const nlohmann::json& another, std::string_view what);

/// A value for a message, cut where it is long; of what holds other lists or objects only how much.
LIBRATION_DECLARED std::string value_text(const nlohmann::json& value);

/// The end of a message on a field: how to say that it does not matter.
///
/// \param name  of one within another "outer.inner"
LIBRATION_DECLARED std::string how_to_ignore_field(const std::string& name);

/// Fields of a config by name, with errors that name them and an account of those that were asked for.
class config_fields {
 public:
  /// \param who     whose messages these are
  /// \param ignore  names of fields, with `*` and `?`, that are taken for null; of one within another "outer.inner". Outlives this
  config_fields(const nlohmann::json& object, std::string who, const std::vector<std::string>& ignore, std::string inside = "")
      : object_(object), who_(std::move(who)), ignore_(ignore), inside_(std::move(inside)) {}

  /// Whether a field is there, null or not.
  bool is_written(const char* name) const { return object_.contains(name); }
  /// A field that is there, not null and not ignored.
  LIBRATION_DECLARED bool has(const char* name) const;
  LIBRATION_DECLARED config_fields of(const char* name) const;

  LIBRATION_DECLARED Eigen::Index count(const char* name) const;
  Eigen::Index count(const char* name, Eigen::Index otherwise) const { return has(name) ? count(name) : otherwise; }
  LIBRATION_DECLARED double number(const char* name) const;
  double number(const char* name, double otherwise) const { return has(name) ? number(name) : otherwise; }
  LIBRATION_DECLARED bool truth(const char* name, bool otherwise) const;
  LIBRATION_DECLARED std::string text(const char* name) const;
  LIBRATION_DECLARED std::vector<std::string> texts(const char* name) const;
  LIBRATION_DECLARED Eigen::VectorXd numbers(const char* name) const;
  /// Names of an object's fields.
  LIBRATION_DECLARED std::vector<std::string> names(const char* name) const;

  [[noreturn]] void refuse(const char* name, const std::string& expected) const {
    fail(inside_ + name + " is " + value_text(object_[name]) + ", expected " + expected);
  }
  [[noreturn]] void fail(const std::string& what) const { throw argument_error(who_ + ": " + what); }

  /// \return  names of the fields that were not read, none of which changes the result
  /// \throws argument_error  naming the first field that was not read, that could change the result, and whose value is not
  ///                         null, false, empty, a remark (a text with a blank in it, or a list of them) or the one with which it
  ///                         changes nothing
  LIBRATION_DECLARED std::vector<std::string> require_all_known(const known_fields& known = fields_of_decoders) const;
  std::string how_to_ignore(const std::string& name) const { return how_to_ignore_field(inside_ + name); }

 private:
  LIBRATION_DECLARED const nlohmann::json& field(const char* name) const;
  template <class Patterns>
  static bool matches_any(std::string_view name, const Patterns& patterns) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches_glob(name, pattern); });
  }
  bool is_ignored(std::string_view name) const { return matches_any(inside_ + std::string(name), ignore_); }
  LIBRATION_DECLARED static bool is_off(const nlohmann::json& value);
  LIBRATION_DECLARED static bool is_remark(const nlohmann::json& value);

  const nlohmann::json& object_;
  std::string who_;
  const std::vector<std::string>& ignore_;
  std::string inside_;
  mutable std::set<std::string> used_;
};

/// Refuses what no reader of language models supports: a head for another task, code of the model's own, quantized weights, another
/// activation.
///
/// \param type         the `model_type`
/// \param activations  names that `hidden_act` may have, all of one function
/// \return             whether `architectures` names a model without a head
/// \throws argument_error  naming the field
LIBRATION_DECLARED bool require_supported_model(const config_fields& fields, std::string_view type,
                                                std::initializer_list<std::string_view> activations);

}  // namespace libration::inline LIBRATION_ABI::models::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/detail/config_fields.hpp>
#endif
