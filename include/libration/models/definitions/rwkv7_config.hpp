// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/rwkv7_config.hpp declares.

#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/models/detail/config_fields.hpp>
#include <libration/models/rwkv7_config.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

/// Fields that change the computation, and the only value with which they do not.
inline constexpr auto rwkv7_fields_with_one_value =
    std::to_array<std::pair<std::string_view, std::string_view>>({{"rms_norm", "false"}, {"is_causal", "true"}});

/// Fields of training, and of how the recurrence is computed; `hidden_ratio` is what intermediate_size was made from.
inline constexpr auto rwkv7_fields_without_effect =
    std::to_array<std::string_view>({"attn_mode", "fuse_norm", "fuse_cross_entropy", "fuse_linear_cross_entropy", "use_l2warp",
                                     "hidden_ratio", "max_position_embeddings", "vocab", "initial_state"});

/// An extent of a tensor's shape. \throws file_error  where there is no such tensor or axis
LIBRATION_DECLARED Eigen::Index extent_of(const checkpoint& tensors, const std::string& name, std::size_t axis);

LIBRATION_DEFINED Eigen::Index extent_of(const checkpoint& tensors, const std::string& name, std::size_t axis) {
  const auto tensor = tensors.tensor(name);
  if (tensor.shape.size() <= axis)
    tensors.refuse("models::rwkv7", name, name + " has " + number_text(tensor.shape.size()) + " axes, expected 2");
  return static_cast<Eigen::Index>(tensor.shape[axis]);
}

}  // namespace libration::inline LIBRATION_ABI::models::detail

namespace libration::inline LIBRATION_ABI::models {

LIBRATION_DEFINED rwkv7_config rwkv7_config::from_json(std::string_view text, const std::vector<std::string>& ignore_fields) {
  constexpr std::string_view who = "models::rwkv7_config";
  const nlohmann::json json = detail::parse_config(text, who, ignore_fields);
  const detail::config_fields fields(json, std::string(who), ignore_fields);
  if (fields.text("model_type") != "rwkv7") fields.refuse("model_type", "\"rwkv7\"");
  if (fields.has("version") && fields.text("version") != "x070") fields.refuse("version", "\"x070\"");
  detail::require_supported_model(fields, "rwkv7", {"sqrelu"});
  // Two names of one thing: flash-linear-attention's, and the other.
  const auto either = [&](const char* name, const char* other) {
    if (fields.has(name) && fields.has(other)) fields.refuse(other, "none beside " + std::string(name));
    return fields.has(other) ? other : name;
  };
  rwkv7_config c;
  c.hidden_size = fields.count("hidden_size");
  c.layers = fields.count("num_hidden_layers");
  c.vocabulary_size = fields.count("vocab_size");
  c.heads = fields.count("num_heads", 0);
  c.head_size = fields.count(either("head_dim", "head_size"), c.heads > 0 ? c.hidden_size / c.heads : 0);
  if (c.head_size < 1) fields.fail("no field head_dim, and none of num_heads from which it could be told");
  if (c.heads == 0) c.heads = c.hidden_size / c.head_size;
  if (c.heads * c.head_size != c.hidden_size)
    fields.fail("num_heads times head_dim is " + number_text(c.heads) + " times " + number_text(c.head_size) +
                ", expected hidden_size, " + number_text(c.hidden_size));
  c.ffn_size = fields.count(either("intermediate_size", "ffn_size"), 0);
  c.decay_rank = fields.count("decay_low_rank_dim", 0);
  c.rate_rank = fields.count("a_low_rank_dim", 0);
  c.value_rank = fields.count("v_low_rank_dim", 0);
  c.gate_rank = fields.count("gate_low_rank_dim", 0);
  c.norm_epsilon = fields.number(either("norm_eps", "layer_norm_epsilon"), 1e-5);
  c.group_norm_epsilon = fields.number("group_norm_epsilon", static_cast<double>(c.head_size) * c.norm_epsilon);
  c.pre_norm = fields.truth("norm_first", true);
  c.norm_bias = fields.truth("norm_bias", true);
  c.tied_head = fields.truth("tie_word_embeddings", false);
  if (fields.has("value_dim")) {
    const Eigen::VectorXd sizes =
        json["value_dim"].is_number() ? Eigen::VectorXd::Constant(1, fields.number("value_dim")) : fields.numbers("value_dim");
    if ((sizes.array() != static_cast<double>(c.hidden_size)).any())
      fields.refuse("value_dim", "hidden_size, " + number_text(c.hidden_size) + ", in every layer");
  }
  fields.require_all_known(
      {detail::rwkv7_fields_with_one_value, detail::fields_without_effect, detail::rwkv7_fields_without_effect});
  return c;
}

LIBRATION_DEFINED rwkv7_config rwkv7_config::read(const std::filesystem::path& path,
                                                  const std::vector<std::string>& ignore_fields) {
  return detail::read_config<rwkv7_config>(path, ignore_fields);
}

LIBRATION_DEFINED rwkv7_config rwkv7_config::complete(checkpoint& tensors) const {
  constexpr std::string_view who = "models::rwkv7";
  rwkv7_config c = *this;
  const bool numbered = tensors.contains("rwkv1.receptance.weight"), blinkdl = tensors.contains("blocks.0.att.receptance.weight");
  c.naming = numbered ? rwkv7_naming::numbered : blinkdl ? rwkv7_naming::blinkdl : rwkv7_naming::huggingface;
  const bool transposed = numbered || blinkdl;
  const std::string embedding = numbered ? "e.weight" : blinkdl ? "emb.weight" : "model.embeddings.weight";
  const auto attention = [&](Eigen::Index l) {
    return numbered  ? "rwkv" + number_text(l + 1) + "."
           : blinkdl ? "blocks." + number_text(l) + ".att."
                     : "model.layers." + number_text(l) + ".attn.";
  };
  const auto fill = [&](Eigen::Index& size, const std::string& name, std::size_t axis) {
    const Eigen::Index found = detail::extent_of(tensors, name, axis);
    if (size == 0) size = found;
  };
  const std::string first = attention(0);
  fill(c.vocabulary_size, embedding, 0);
  fill(c.hidden_size, embedding, 1);
  fill(c.heads, first + "r_k", 0);
  fill(c.head_size, first + "r_k", 1);
  fill(c.ffn_size, numbered ? "ffn1.key.weight" : blinkdl ? "blocks.0.ffn.key.weight" : "model.layers.0.ffn.key.weight", 0);
  if (c.layers == 0)
    while (tensors.contains(attention(c.layers) + "r_k")) ++c.layers;
  const auto rank = [&](Eigen::Index& size, Eigen::Index l, char part) {
    if (transposed)
      fill(size, attention(l) + part + "1", 1);
    else
      fill(size, attention(l) + part + "_lora.lora.0.weight", 0);
  };
  rank(c.decay_rank, 0, 'w');
  rank(c.rate_rank, 0, 'a');
  rank(c.gate_rank, 0, 'g');
  if (c.layers > 1) rank(c.value_rank, 1, 'v');

  // What is stored and never acts: the value's mixture in the lowest layer, which gives the value that others mix with.
  if (transposed) {
    c.pre_norm = tensors.contains("blocks.0.ln0.weight");
    for (const char* part : {"v0", "v1", "v2"})
      if (tensors.contains(first + part)) tensors.accept(first + part);
  }
  if (numbered) {
    c.output_bias = tensors.contains("rosa1.o.bias");
    for (Eigen::Index l = 0; c.output_bias && l < c.layers; ++l) {
      // A third branch, of which an embedding of zeros leaves the bias alone.
      const std::string rosa = "rosa" + number_text(l + 1) + ".", zeros = rosa + "rosa_qkv.emb";
      const Eigen::VectorXd emb = tensors.values<double>(zeros);
      if (!(emb.array() == 0.0).all())
        tensors.refuse(who, zeros, zeros + " is not zero: a branch that this reader does not know acts on the result");
      for (const char* part : {"k.bias", "k.weight", "q.bias", "q.weight", "v.bias", "v.weight", "o.weight", "x_k", "x_q", "x_v"})
        if (tensors.contains(rosa + part)) tensors.accept(rosa + part);
      for (const char* part : {"c.weight", "c.bias"})
        if (const std::string name = "ln" + number_text(l + 1) + part; tensors.contains(name)) tensors.accept(name);
    }
  }
  try {
    c.validate();
  } catch (const argument_error& error) {
    tensors.refuse(who, error.what());
  }
  return c;
}

LIBRATION_DEFINED void rwkv7_config::validate() const {
  const option_check check("models::rwkv7_config");
  constexpr Eigen::Index most = Eigen::Index{1} << 31;
  for (const auto& [name, value] :
       {std::pair("hidden_size", hidden_size), std::pair("heads", heads), std::pair("head_size", head_size),
        std::pair("ffn_size", ffn_size), std::pair("layers", layers), std::pair("decay_rank", decay_rank),
        std::pair("rate_rank", rate_rank), std::pair("gate_rank", gate_rank),
        std::pair("value_rank", layers > 1 ? value_rank : Eigen::Index{1})})
    check(value >= 1 && value <= most, name, value, ">= 1 and at most 2^31");
  check(heads * head_size == hidden_size, "heads", heads,
        "hidden_size / head_size, " + number_text(hidden_size) + " / " + number_text(head_size));
  for (const auto& [name, value] : {std::pair("norm_epsilon", norm_epsilon), std::pair("group_norm_epsilon", group_norm_epsilon)})
    check(value >= 0.0 && std::isfinite(value), name, value, ">= 0 and finite");
}

}  // namespace libration::inline LIBRATION_ABI::models
