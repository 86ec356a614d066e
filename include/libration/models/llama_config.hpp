// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shape of a decoder of the Llama family, as Hugging Face's `config.json` tells it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

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

  /// From the text of a `config.json` of model_type "llama", "mistral" or "qwen2".
  ///
  /// \throws argument_error  naming the field that is missing, of another kind or out of range, or an architecture that this is
  ///                         not
  static llama_config from_json(std::string_view text);

  /// The same from a file. \throws file_error
  static llama_config read(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw file_error(path.string(), file_error::no_byte, "cannot be read");
    try {
      return from_json(text);
    } catch (const argument_error& error) {
      throw file_error(path.string(), file_error::no_byte, error.what());
    }
  }

  /// \throws argument_error  where sizes do not fit each other
  void validate() const {
    const option_check check("models::llama_config");
    for (const auto& [name, value] :
         {std::pair("hidden_size", hidden_size), std::pair("intermediate_size", intermediate_size), std::pair("layers", layers),
          std::pair("query_heads", query_heads), std::pair("key_heads", key_heads), std::pair("head_size", head_size),
          std::pair("vocabulary_size", vocabulary_size), std::pair("max_positions", max_positions)})
      check(value >= 1, name, value, ">= 1");
    check(query_heads % key_heads == 0, "query_heads", query_heads, "a multiple of .key_heads, " + number_text(key_heads));
    check(head_size % 2 == 0, "head_size", head_size, "an even number");
    check(sliding_window >= 0, "sliding_window", sliding_window, ">= 0");
    check(norm_epsilon >= 0.0, "norm_epsilon", norm_epsilon, ">= 0");
  }
};

namespace detail {

/// Fields of a config, with errors that name them.
class config_fields {
 public:
  config_fields(const nlohmann::json& object, std::string inside) : object_(object), inside_(std::move(inside)) {}

  /// A field that is there and not null.
  bool has(const char* name) const { return object_.contains(name) && !object_[name].is_null(); }
  config_fields of(const char* name) const {
    if (!object_[name].is_object()) refuse(name, "an object");
    return {object_[name], inside_ + name + "."};
  }

  Eigen::Index count(const char* name) const { return count_in(field(name), name); }
  Eigen::Index count(const char* name, Eigen::Index otherwise) const { return has(name) ? count(name) : otherwise; }
  double number(const char* name) const {
    if (!field(name).is_number()) refuse(name, "a number");
    return object_[name].get<double>();
  }
  double number(const char* name, double otherwise) const { return has(name) ? number(name) : otherwise; }
  bool truth(const char* name, bool otherwise) const {
    if (!has(name)) return otherwise;
    if (!object_[name].is_boolean()) refuse(name, "true or false");
    return object_[name].get<bool>();
  }
  std::string text(const char* name) const {
    if (!field(name).is_string()) refuse(name, "a text");
    return object_[name].get<std::string>();
  }
  Eigen::VectorXd numbers(const char* name) const {
    const nlohmann::json& list = field(name);
    bool good = list.is_array();
    for (std::size_t i = 0; good && i < list.size(); ++i) good = list[i].is_number();
    if (!good) refuse(name, "a list of numbers");
    const auto values = list.get<std::vector<double>>();
    return Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size()));
  }

  [[noreturn]] void refuse(const char* name, const std::string& expected) const {
    constexpr std::size_t shown = 60;
    std::string value = object_[name].dump();
    if (value.size() > shown) value = value.substr(0, shown) + " ...";
    throw argument_error(who + inside_ + name + " is " + value + ", expected " + expected);
  }

 private:
  const nlohmann::json& field(const char* name) const {
    if (!has(name)) throw argument_error(who + "no field " + inside_ + name);
    return object_[name];
  }
  Eigen::Index count_in(const nlohmann::json& value, const char* name) const {
    constexpr std::int64_t largest = std::int64_t{1} << 31;
    if (!value.is_number_integer() || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > largest) refuse(name, "a count");
    return static_cast<Eigen::Index>(value.get<std::int64_t>());
  }

  static inline const std::string who = "models::llama_config: ";
  const nlohmann::json& object_;
  std::string inside_;
};

/// \param scaling  `rope_scaling`, or `rope_parameters`, which holds theta too
inline void read_rotary_scaling(const config_fields& scaling, rotary_options& rotary) {
  const char* const name = scaling.has("rope_type") ? "rope_type" : "type";
  const std::string type = scaling.text(name);
  constexpr std::array<std::pair<std::string_view, rotary_scaling>, 7> known = {{{"default", rotary_scaling::none},
                                                                                 {"linear", rotary_scaling::linear},
                                                                                 {"dynamic", rotary_scaling::dynamic},
                                                                                 {"llama3", rotary_scaling::llama3},
                                                                                 {"yarn", rotary_scaling::yarn},
                                                                                 {"longrope", rotary_scaling::longrope},
                                                                                 {"su", rotary_scaling::longrope}}};
  const auto* const found = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first == type; });
  if (found == known.end()) scaling.refuse(name, "default, linear, dynamic, llama3, yarn or longrope");
  rotary.scaling = found->second;
  if (rotary.scaling == rotary_scaling::none) return;
  rotary.factor = rotary.scaling == rotary_scaling::longrope ? scaling.number("factor", 1.0) : scaling.number("factor");
  rotary.original_positions = scaling.count("original_max_position_embeddings", rotary.original_positions);
  rotary.attention_factor = scaling.number("attention_factor", 0.0);
  if (rotary.scaling == rotary_scaling::llama3) {
    rotary.low_frequency_factor = scaling.number("low_freq_factor");
    rotary.high_frequency_factor = scaling.number("high_freq_factor");
    rotary.original_positions = scaling.count("original_max_position_embeddings");
  } else if (rotary.scaling == rotary_scaling::yarn) {
    rotary.beta_fast = scaling.number("beta_fast", rotary.beta_fast);
    rotary.beta_slow = scaling.number("beta_slow", rotary.beta_slow);
    rotary.mscale = scaling.number("mscale", 0.0);
    rotary.mscale_all = scaling.number("mscale_all_dim", 0.0);
    rotary.truncate = scaling.truth("truncate", true);
  } else if (rotary.scaling == rotary_scaling::longrope) {
    rotary.short_factors = scaling.numbers("short_factor");
    rotary.long_factors = scaling.numbers("long_factor");
  }
}

}  // namespace detail

inline llama_config llama_config::from_json(std::string_view text) {
  constexpr std::string_view who = "models::llama_config";
  const auto json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
  require(json.is_object(), who, "not a JSON object");
  const detail::config_fields fields(json, "");
  const std::string type = fields.text("model_type");
  const bool llama = type == "llama", mistral = type == "mistral", qwen2 = type == "qwen2";
  require(llama || mistral || qwen2, who,
          [&] { return "model_type is \"" + type + "\", expected one of \"llama\", \"mistral\" and \"qwen2\""; });
  require(!fields.has("quantization_config"), who, "quantized weights (quantization_config) are not supported");
  if (fields.has("hidden_act") && fields.text("hidden_act") != "silu") fields.refuse("hidden_act", "\"silu\"");
  if (fields.has("partial_rotary_factor") && fields.number("partial_rotary_factor") != 1.0)
    fields.refuse("partial_rotary_factor", "1");

  llama_config c;
  c.hidden_size = fields.count("hidden_size");
  c.intermediate_size = fields.count("intermediate_size");
  c.layers = fields.count("num_hidden_layers");
  c.query_heads = fields.count("num_attention_heads");
  c.key_heads = fields.count("num_key_value_heads", c.query_heads);
  c.vocabulary_size = fields.count("vocab_size");
  c.max_positions = fields.count("max_position_embeddings");
  require(c.query_heads >= 1, who, "num_attention_heads is 0");
  require(fields.has("head_dim") || c.hidden_size % c.query_heads == 0, who, [&] {
    return "hidden_size " + number_text(c.hidden_size) + " is no multiple of num_attention_heads " +
           number_text(c.query_heads) + ", and there is no head_dim";
  });
  c.head_size = fields.count("head_dim", c.hidden_size / c.query_heads);
  c.norm_epsilon = fields.number("rms_norm_eps");
  c.tied_head = fields.truth("tie_word_embeddings", false);
  c.query_bias = qwen2 || fields.truth("attention_bias", false);
  c.output_bias = !qwen2 && fields.truth("attention_bias", false);
  c.mlp_bias = fields.truth("mlp_bias", false);

  if (mistral) c.sliding_window = fields.count("sliding_window", 0);
  if (qwen2 && fields.truth("use_sliding_window", false)) {
    const Eigen::Index first = fields.count("max_window_layers", 28);  // the layers from this one on have the window
    if (first != 0 && first < c.layers) fields.refuse("max_window_layers", "0: a window on some layers only is not supported");
    if (first == 0) c.sliding_window = fields.count("sliding_window");
  }
  c.rotary.theta = fields.number("rope_theta", c.rotary.theta);
  c.rotary.original_positions = fields.count("original_max_position_embeddings", 0);
  for (const char* name : {"rope_scaling", "rope_parameters"})
    if (fields.has(name)) {
      const detail::config_fields scaling = fields.of(name);
      c.rotary.theta = scaling.number("rope_theta", c.rotary.theta);
      detail::read_rotary_scaling(scaling, c.rotary);
    }
  c.validate();
  return c;
}

}  // namespace libration::inline LIBRATION_ABI::models
