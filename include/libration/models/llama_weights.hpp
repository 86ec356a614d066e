// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The weights of a decoder of the Llama family, by Hugging Face's names, from one or several safetensors files.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/detail/recurrent_tensors.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/llama_config.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Matrices are (out, in), as in the files. What a config does not have is empty: biases, and the head where it is tied.
template <class Scalar>
struct llama_weights {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  struct layer {
    vector attention_norm;             ///< input_layernorm, shape (n)
    matrix query, key, value, output;  ///< self_attn.{q,k,v,o}_proj
    vector query_bias, key_bias, value_bias, output_bias;
    vector mlp_norm;        ///< post_attention_layernorm, shape (n)
    matrix gate, up, down;  ///< mlp.{gate,up,down}_proj
    vector gate_bias, up_bias, down_bias;
  };

  matrix embedding;  ///< shape (V, n)
  std::vector<layer> layers;
  vector norm;  ///< shape (n)
  matrix head;  ///< shape (V, n)
};

namespace detail {

/// Calls `matrix(name, member, rows, columns)` and `vector(name, member, size)` for every tensor that a config asks for.
///
/// \param weights  with as many layers as the config has
template <class Weights, class MatrixVisitor, class VectorVisitor>
void visit_llama_weights(const llama_config& c, Weights& weights, const MatrixVisitor& matrix, const VectorVisitor& vector) {
  const Eigen::Index n = c.hidden_size, q = c.query_heads * c.head_size, k = c.key_heads * c.head_size, m = c.intermediate_size;
  matrix("model.embed_tokens.weight", weights.embedding, c.vocabulary_size, n);
  for (std::size_t l = 0; l < weights.layers.size(); ++l) {
    auto& layer = weights.layers[l];
    const std::string at = "model.layers." + number_text(l) + ".", attention = at + "self_attn.", mlp = at + "mlp.";
    vector(at + "input_layernorm.weight", layer.attention_norm, n);
    matrix(attention + "q_proj.weight", layer.query, q, n);
    matrix(attention + "k_proj.weight", layer.key, k, n);
    matrix(attention + "v_proj.weight", layer.value, k, n);
    matrix(attention + "o_proj.weight", layer.output, n, q);
    if (c.query_bias) {
      vector(attention + "q_proj.bias", layer.query_bias, q);
      vector(attention + "k_proj.bias", layer.key_bias, k);
      vector(attention + "v_proj.bias", layer.value_bias, k);
    }
    if (c.output_bias) vector(attention + "o_proj.bias", layer.output_bias, n);
    vector(at + "post_attention_layernorm.weight", layer.mlp_norm, n);
    matrix(mlp + "gate_proj.weight", layer.gate, m, n);
    matrix(mlp + "up_proj.weight", layer.up, m, n);
    matrix(mlp + "down_proj.weight", layer.down, n, m);
    if (c.mlp_bias) {
      vector(mlp + "gate_proj.bias", layer.gate_bias, m);
      vector(mlp + "up_proj.bias", layer.up_bias, m);
      vector(mlp + "down_proj.bias", layer.down_bias, n);
    }
  }
  vector("model.norm.weight", weights.norm, n);
  if (!c.tied_head) matrix("lm_head.weight", weights.head, c.vocabulary_size, n);
}

/// Throws unless every tensor has its shape and is finite.
template <class Scalar>
void require_llama_weights(const llama_config& c, const llama_weights<Scalar>& weights, std::string_view who) {
  require_rows(static_cast<std::int64_t>(weights.layers.size()), c.layers, who, ".layers", "the config's layers");
  const auto check = [&](const std::string& name, const auto& values, Eigen::Index rows, Eigen::Index columns) {
    require(values.rows() == rows && values.cols() == columns, who, [&] {
      return name + " has shape " + shape_text(values.rows(), values.cols()) + ", expected " + shape_text(rows, columns);
    });
    const std::string fault = find_non_finite(values, name);
    require(fault.empty(), who, fault);
  };
  visit_llama_weights(c, weights, check,
                      [&](const std::string& name, const auto& values, Eigen::Index n) { check(name, values, n, 1); });
}

/// The files of a folder's weights: `model.safetensors`, or those that `model.safetensors.index.json` names.
class weight_files {
 public:
  /// \throws file_error
  explicit weight_files(const std::filesystem::path& folder) : path_(folder.string()) {
    const std::filesystem::path index = folder / "model.safetensors.index.json", single = folder / "model.safetensors";
    if (std::filesystem::exists(single) || !std::filesystem::exists(index)) {
      files_.push_back(io::safetensors::open(single));
      return;
    }
    std::ifstream in(index, std::ios::binary);
    const auto json = nlohmann::json::parse(std::istreambuf_iterator<char>(in), {}, nullptr, false);
    const auto refuse = [&](const std::string& why) { throw file_error(index.string(), file_error::no_byte, why); };
    if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) refuse("no object weight_map");
    std::map<std::string, std::size_t> opened;
    for (const auto& [tensor, file] : json["weight_map"].items()) {
      // A name, not a path: what the index says may not reach out of its folder.
      if (!file.is_string() || std::filesystem::path(file.get<std::string>()).filename() != file.get<std::string>())
        refuse("weight_map: " + tensor + " is in " + file.dump() + ", expected a file's name");
      const auto name = file.get<std::string>();
      if (opened.emplace(name, files_.size()).second) files_.push_back(io::safetensors::open(folder / name));
      places_.emplace(tensor, opened[name]);
    }
    if (files_.empty()) refuse("weight_map is empty");
  }

  /// The file that holds a tensor, or, where none does, one that will say so.
  const io::safetensors::file& of(const std::string& tensor) const {
    const auto found = places_.find(tensor);
    if (found == places_.end() && files_.size() > 1)
      throw file_error(path_, file_error::no_byte, "model.safetensors.index.json names no file for tensor \"" + tensor + "\"");
    return files_[found == places_.end() ? 0 : found->second];
  }

 private:
  std::string path_;
  std::vector<io::safetensors::file> files_;
  std::map<std::string, std::size_t> places_;  // of a tensor among the files
};

/// Reads every tensor, `file_of(name)` being the file that holds it.
template <class Scalar, class FileOf>
llama_weights<Scalar> read_llama_weights(const llama_config& c, const FileOf& file_of) {
  constexpr std::string_view who = "models::llama";
  c.validate();
  llama_weights<Scalar> weights;
  weights.layers.resize(static_cast<std::size_t>(c.layers));
  const auto checked = [&](const std::string& name, const auto& values) {
    const std::string fault = find_non_finite(values, name);
    if (!fault.empty()) refuse(file_of(name), who, fault);
  };
  visit_llama_weights(
      c, weights,
      [&](const std::string& name, auto& values, Eigen::Index rows, Eigen::Index columns) {
        values = file_of(name).template matrix<Scalar>(name, rows, columns);
        checked(name, values);
      },
      [&](const std::string& name, auto& values, Eigen::Index n) {
        values = file_of(name).template vector<Scalar>(name, n);
        checked(name, values);
      });
  return weights;
}

}  // namespace detail

/// Gaussian weights of variance 1/inputs, those that add to the residual stream divided by √(2 layers); norms of 1, biases of 0: a
/// network to measure time on, whose activations stay of order 1.
template <class Scalar>
llama_weights<Scalar> random_llama_weights(const llama_config& config, std::uint64_t seed) {
  config.validate();
  llama_weights<Scalar> weights;
  weights.layers.resize(static_cast<std::size_t>(config.layers));
  std::uint64_t stream = 0;
  const double deep = 1.0 / std::sqrt(2.0 * static_cast<double>(config.layers));
  detail::visit_llama_weights(
      config, weights,
      [&](const std::string& name, auto& values, Eigen::Index rows, Eigen::Index columns) {
        const bool adds = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
        const double scale = (adds ? deep : 1.0) / std::sqrt(static_cast<double>(columns));
        values.resize(rows, columns);
        random_stream(seed, stream++).fill_normal(values);
        values *= static_cast<Scalar>(scale);
      },
      [&](const std::string& name, auto& values, Eigen::Index n) {
        values.setConstant(n, name.ends_with("bias") ? Scalar(0) : Scalar(1));
      });
  return weights;
}

}  // namespace libration::inline LIBRATION_ABI::models
