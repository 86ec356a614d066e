// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/llama_config.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/models/detail/config_fields.hpp>
#include <libration/models/llama_config.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// The kind of scaling that `rope_type`, or `type` as it was called, names; none where neither is there.
LIBRATION_DECLARED rotary_scaling scaling_of(const config_fields& scaling);

/// \param scaling  `rope_scaling`, or `rope_parameters`, which holds theta too
/// \param c        with its lengths; out: `rotary` and `notes`
LIBRATION_DECLARED void read_rotary_scaling(const config_fields& scaling, llama_config& c);

/// Keys that a query sees, its own included, on all layers alike; 0: all. By the rule of the model's type, which `layer_types` must
/// agree with where it is there.
LIBRATION_DECLARED Eigen::Index read_sliding_window(const config_fields& fields, std::string_view type, const llama_config& c);

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::models

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED llama_config llama_config::read(const std::filesystem::path& path,
                                                  const std::vector<std::string>& ignore_fields) {
  return detail::read_config<llama_config>(path, ignore_fields);
}

LIBRATION_DEFINED void llama_config::validate() const {
  const option_check check("models::llama_config");
  for (const auto& [name, value] :
       {std::pair("hidden_size", hidden_size), std::pair("intermediate_size", intermediate_size), std::pair("layers", layers),
        std::pair("query_heads", query_heads), std::pair("key_heads", key_heads), std::pair("head_size", head_size),
        std::pair("vocabulary_size", vocabulary_size), std::pair("max_positions", max_positions)})
    check(value >= 1, name, value, ">= 1");
  check(query_heads % key_heads == 0, "query_heads", query_heads, "a multiple of .key_heads, " + number_text(key_heads));
  check(head_size % 2 == 0, "head_size", head_size, "an even number");
  check(sliding_window >= 0, "sliding_window", sliding_window, ">= 0");
  check(norm_epsilon >= 0.0 && std::isfinite(norm_epsilon), "norm_epsilon", norm_epsilon, ">= 0 and finite");
  models::validate(rotary, head_size, max_positions, "models::llama_config");
}

}  // namespace libration::inline LIBRATION_ABI::models

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED rotary_scaling scaling_of(const config_fields& scaling) {
  constexpr std::array<std::pair<std::string_view, rotary_scaling>, 7> known = {{{"default", rotary_scaling::none},
                                                                                 {"linear", rotary_scaling::linear},
                                                                                 {"dynamic", rotary_scaling::dynamic},
                                                                                 {"llama3", rotary_scaling::llama3},
                                                                                 {"yarn", rotary_scaling::yarn},
                                                                                 {"longrope", rotary_scaling::longrope},
                                                                                 {"su", rotary_scaling::longrope}}};
  const auto named = [&](const char* name) {
    const std::string type = scaling.text(name);
    const auto* const found = std::find_if(known.begin(), known.end(), [&](const auto& k) { return k.first == type; });
    if (found == known.end()) scaling.refuse(name, "default, linear, dynamic, llama3, yarn or longrope");
    return found->second;
  };
  const bool older = scaling.has("type"), newer = scaling.has("rope_type");
  if (older && newer && named("type") != named("rope_type")) scaling.refuse("type", "the same as rope_type");
  return newer ? named("rope_type") : older ? named("type") : rotary_scaling::none;
}

LIBRATION_DEFINED void read_rotary_scaling(const config_fields& scaling, llama_config& c) {
  const Eigen::Index max_positions = c.max_positions;
  rotary_options& rotary = c.rotary;
  rotary.theta = scaling.number("rope_theta", rotary.theta);
  rotary.scaling = scaling_of(scaling);
  rotary.original_positions = scaling.count("original_max_position_embeddings", rotary.original_positions);
  const auto at_least_one = [&](const char* name) {
    const double value = scaling.number(name);
    if (!(value >= 1.0)) scaling.refuse(name, "a number >= 1");
    return value;
  };
  const auto read_attention_factor = [&] {
    rotary.attention_factor = scaling.number("attention_factor", 0.0);
    if (scaling.has("attention_factor") && !(rotary.attention_factor > 0.0)) scaling.refuse("attention_factor", "a number > 0");
  };
  switch (rotary.scaling) {
    case rotary_scaling::none:
      break;
    case rotary_scaling::dynamic:
      // Hugging Face's code raises theta by max_position_embeddings; others by the original ones.
      if (rotary.original_positions != 0 && rotary.original_positions != max_positions)
        scaling.fail("dynamic scaling with original_max_position_embeddings " + number_text(rotary.original_positions) +
                     ", expected max_position_embeddings, " + number_text(max_positions) +
                     ": programs differ in which of them counts");
      rotary.factor = at_least_one("factor");
      break;
    case rotary_scaling::linear:
      rotary.factor = at_least_one("factor");
      break;
    case rotary_scaling::llama3:
      rotary.factor = at_least_one("factor");
      rotary.low_frequency_factor = scaling.number("low_freq_factor");
      rotary.high_frequency_factor = scaling.number("high_freq_factor");
      if (rotary.original_positions == 0) scaling.count("original_max_position_embeddings");  // throws that it is missing
      break;
    case rotary_scaling::yarn:
      read_attention_factor();
      // Where there is no factor it is that of the two lengths. Of one that contradicts them Hugging Face's code warns, and takes
      // it.
      rotary.factor =
          static_cast<double>(max_positions) / static_cast<double>(std::max<Eigen::Index>(rotary.original_positions, 1));
      if (scaling.has("factor") || rotary.original_positions == 0) {
        const double lengths = rotary.factor;
        rotary.factor = at_least_one("factor");
        if (rotary.original_positions != 0 && std::abs(rotary.factor / lengths - 1.0) > 1e-6)
          c.notes.push_back("YaRN's factor is " + number_text(rotary.factor, 6) +
                            " as written; max_position_embeddings over "
                            "original_max_position_embeddings is " +
                            number_text(lengths, 6) + ", which some programs take in its place");
      }
      if (!(rotary.factor >= 1.0))
        scaling.fail("original_max_position_embeddings is " + number_text(rotary.original_positions) +
                     ", expected at most max_position_embeddings, " + number_text(max_positions));
      rotary.beta_fast = scaling.number("beta_fast", rotary.beta_fast);
      rotary.beta_slow = scaling.number("beta_slow", rotary.beta_slow);
      rotary.mscale = scaling.number("mscale", 0.0);
      rotary.mscale_all = scaling.number("mscale_all_dim", 0.0);
      rotary.truncate = scaling.truth("truncate", true);
      break;
    case rotary_scaling::longrope:
      read_attention_factor();
      if (scaling.has("factor")) {
        rotary.factor = at_least_one("factor");
        const double ratio = static_cast<double>(max_positions) / static_cast<double>(rotary.original_positions);
        if (rotary.original_positions != 0 && rotary.attention_factor == 0.0 && std::abs(rotary.factor / ratio - 1.0) > 1e-6)
          scaling.refuse("factor", "that of the two lengths, " + number_text(ratio, 6) +
                                       ": programs differ in which of them counts, where there is no attention_factor");
      }
      rotary.short_factors = scaling.numbers("short_factor");
      rotary.long_factors = scaling.numbers("long_factor");
      break;
  }
  scaling.require_all_known();
}

LIBRATION_DEFINED Eigen::Index read_sliding_window(const config_fields& fields, std::string_view type, const llama_config& c) {
  constexpr Eigen::Index mistrals = 4096;   // MistralConfig's own, where the field is not written; null: no window
  constexpr Eigen::Index qwens_first = 28;  // Qwen2Config's own max_window_layers
  const bool mistral = type == "mistral", qwen2 = type == "qwen2";
  const bool by_default = mistral && !fields.is_written("sliding_window");
  const Eigen::Index width = by_default ? mistrals : fields.count("sliding_window", 0);
  const bool told = fields.has("use_sliding_window"), used = fields.truth("use_sliding_window", mistral);
  const Eigen::Index first = fields.count("max_window_layers", qwen2 ? qwens_first : 0);  // of the layers that have it
  const bool typed = fields.has("layer_types");
  Eigen::Index windows = 0;
  if (typed) {
    const std::vector<std::string> types = fields.texts("layer_types");
    const auto count = [&](const char* name) { return static_cast<Eigen::Index>(std::count(types.begin(), types.end(), name)); };
    windows = count("sliding_attention");
    if (static_cast<Eigen::Index>(types.size()) != c.layers || windows + count("full_attention") != c.layers)
      fields.refuse("layer_types", "\"full_attention\" or \"sliding_attention\" for each of " + number_text(c.layers) + " layers");
  }
  if (!mistral && !qwen2) {
    constexpr const char* reason =
        ": a model of type llama has no window in Hugging Face's code, but has one in others'; named in .ignore_fields (the "
        "programs' "
        "--ignore-field) it is read without";
    if (windows > 0) fields.refuse("layer_types", std::string("\"full_attention\" alone") + reason);
    const bool denied = typed || (told && !used);
    if (!denied && width > 0 && width < c.max_positions) fields.refuse("sliding_window", std::string("null") + reason);
    return 0;
  }
  if (width == 0 || width >= c.max_positions) return 0;
  if (mistral && told && !used)
    fields.refuse("use_sliding_window",
                  "true: a Mistral has its window in Hugging Face's code whatever this says; without it "
                  "sliding_window is null");
  const Eigen::Index ruled = !used ? 0 : mistral ? c.layers : std::max<Eigen::Index>(c.layers - first, 0);
  if (typed && windows != ruled)
    fields.refuse("layer_types", number_text(ruled) + " layers of \"sliding_attention\", as the window's other fields have it");
  if (ruled != 0 && ruled != c.layers) fields.refuse("max_window_layers", "0: a window on some layers only is not supported");
  return ruled == 0 ? 0 : width;
}

}  // namespace libration::inline LIBRATION_ABI::models::detail

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED llama_config llama_config::from_json(std::string_view text, const std::vector<std::string>& ignore_fields) {
  constexpr std::string_view who = "models::llama_config";
  const nlohmann::json json = detail::parse_config(text, who, ignore_fields);
  const detail::config_fields fields(json, std::string(who), ignore_fields);
  const std::string type = fields.text("model_type");
  const bool llama = type == "llama", mistral = type == "mistral", qwen2 = type == "qwen2";
  require(llama || mistral || qwen2, who,
          [&] { return "model_type is \"" + type + "\", expected one of \"llama\", \"mistral\" and \"qwen2\""; });
  llama_config c;
  c.base_model = detail::require_supported_model(fields, type, {"silu", "swish"});
  c.hidden_size = fields.count("hidden_size");
  c.intermediate_size = fields.count("intermediate_size");
  c.layers = fields.count("num_hidden_layers");
  c.query_heads = fields.count("num_attention_heads");
  c.key_heads = fields.count("num_key_value_heads", c.query_heads);
  c.vocabulary_size = fields.count("vocab_size");
  c.max_positions = fields.count("max_position_embeddings");
  require(c.query_heads >= 1, who, "num_attention_heads is 0");
  require(fields.has("head_dim") || c.hidden_size % c.query_heads == 0, who, [&] {
    return "hidden_size " + number_text(c.hidden_size) + " is no multiple of num_attention_heads " + number_text(c.query_heads) +
           ", and there is no head_dim";
  });
  c.head_size = fields.count("head_dim", c.hidden_size / c.query_heads);
  c.norm_epsilon = fields.number("rms_norm_eps");
  c.tied_head = fields.truth("tie_word_embeddings", false);
  c.query_bias = qwen2 || fields.truth("attention_bias", false);
  c.output_bias = !qwen2 && fields.truth("attention_bias", false);
  c.mlp_bias = fields.truth("mlp_bias", false);
  c.sliding_window = detail::read_sliding_window(fields, type, c);

  c.rotary.theta = fields.number("rope_theta", c.rotary.theta);
  c.rotary.original_positions = fields.count("original_max_position_embeddings", 0);
  // The older and the newer name of one thing; of two, whatever they say, it is not known which counts.
  const bool scaling = fields.has("rope_scaling"), parameters = fields.has("rope_parameters");
  if (scaling && parameters) fields.refuse("rope_parameters", "none beside rope_scaling");
  if (scaling || parameters) {
    const detail::config_fields inner = fields.of(scaling ? "rope_scaling" : "rope_parameters");
    if (fields.has("rope_theta") && inner.has("rope_theta") && inner.number("rope_theta") != c.rotary.theta)
      inner.refuse("rope_theta", "the same as outside, " + number_text(c.rotary.theta));
    detail::read_rotary_scaling(inner, c);
  }

  // Scales of attention that other types have, and what they are here.
  const auto expect = [&](const char* name, double value) {
    if (fields.has(name) && !(std::abs(fields.number(name) - value) <= 1e-6 * value)) fields.refuse(name, number_text(value, 6));
  };
  expect("query_pre_attn_scalar", static_cast<double>(c.head_size));
  expect("attention_multiplier", 1.0 / std::sqrt(static_cast<double>(c.head_size)));
  expect("rotary_dim", static_cast<double>(c.head_size));
  if (fields.has("no_rope_layers")) {
    const Eigen::VectorXd turned = fields.numbers("no_rope_layers");
    if (turned.size() == 0 || (turned.array() != 1.0).any())
      fields.refuse("no_rope_layers", "1 for every layer: a layer without rotary positions is not supported");
  }
  fields.require_all_known();
  c.validate();
  return c;
}

}  // namespace libration::inline LIBRATION_ABI::models
