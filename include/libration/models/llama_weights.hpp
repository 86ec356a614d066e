// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The weights of a decoder of the Llama family, by Hugging Face's names, from the tensors of a checkpoint.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/random.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/checkpoint.hpp>
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

/// Calls `matrix(name, member, rows, columns)` and `vector(name, member, size)` for every tensor of layer l that a config asks for.
template <class Layer, class MatrixVisitor, class VectorVisitor>
void visit_llama_layer(const llama_config& c, Eigen::Index l, Layer& layer, const MatrixVisitor& matrix,
                       const VectorVisitor& vector) {
  const Eigen::Index n = c.hidden_size, q = c.query_heads * c.head_size, k = c.key_heads * c.head_size, m = c.intermediate_size;
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

/// The same for every tensor of a model; `layer(l)` is the l-th layer's weights.
template <class Weights, class LayerAt, class MatrixVisitor, class VectorVisitor>
void visit_llama_tensors(const llama_config& c, Weights& weights, const LayerAt& layer, const MatrixVisitor& matrix,
                         const VectorVisitor& vector) {
  matrix("model.embed_tokens.weight", weights.embedding, c.vocabulary_size, c.hidden_size);
  for (Eigen::Index l = 0; l < c.layers; ++l) visit_llama_layer(c, l, layer(l), matrix, vector);
  vector("model.norm.weight", weights.norm, c.hidden_size);
  if (!c.tied_head) matrix("lm_head.weight", weights.head, c.vocabulary_size, c.hidden_size);
}

/// \param weights  with as many layers as the config has
template <class Weights, class MatrixVisitor, class VectorVisitor>
void visit_llama_weights(const llama_config& c, Weights& weights, const MatrixVisitor& matrix, const VectorVisitor& vector) {
  visit_llama_tensors(
      c, weights, [&](Eigen::Index l) -> auto& { return weights.layers[static_cast<std::size_t>(l)]; }, matrix, vector);
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

/// Reads every tensor, after all of them are known to be there, in their shapes and with nothing left over; before that nothing is
/// allocated.
///
/// \param c  in and out: of a base model without a head, the head is tied
template <class Scalar>
llama_weights<Scalar> read_llama_weights(llama_config& c, checkpoint& tensors) {
  constexpr std::string_view who = "models::llama", head = "lm_head.weight", embedding = "model.embed_tokens.weight";
  c.validate();
  if (c.base_model && !tensors.contains(head)) c.tied_head = true;
  typename llama_weights<Scalar>::layer none;
  llama_weights<Scalar> weights;
  double numbers = 0.0;
  visit_llama_tensors(
      c, weights, [&](Eigen::Index) -> auto& { return none; },
      [&](const std::string& name, const auto&, Eigen::Index rows, Eigen::Index columns) {
        tensors.expect(name, {rows, columns});
        numbers += static_cast<double>(rows) * static_cast<double>(columns);
      },
      [&](const std::string& name, const auto&, Eigen::Index n) {
        tensors.expect(name, {n});
        numbers += static_cast<double>(n);
      });
  if (c.tied_head && tensors.contains(head)) {
    if (!is_same(tensors.tensor(head), tensors.tensor(embedding)))
      tensors.refuse(
          who, head,
          "the config ties the head to the embedding (tie_word_embeddings), but " + tensors.name_in_file(head) +
              " is another matrix than " + tensors.name_in_file(embedding) +
              ": one of the two is wrong. Named in .ignore (the programs' --ignore) the head is taken from the embedding");
    tensors.accept(head);
  }
  tensors.require_all_used(who);
  // As they are here, and as the model keeps them; the embedding once more where it is the head too.
  if (c.tied_head) numbers += 0.5 * static_cast<double>(c.vocabulary_size) * static_cast<double>(c.hidden_size);
  require_memory(2.0 * numbers * sizeof(Scalar), who, "reading the weights",
                 sizeof(Scalar) > sizeof(float) ? "in single precision (llama<float>) it is half" : "a smaller model takes less");

  weights.layers.resize(static_cast<std::size_t>(c.layers));
  const auto checked = [&](const std::string& name, const auto& values) {
    const std::string fault = find_non_finite(values, name);
    if (!fault.empty()) tensors.refuse(who, name, fault);
  };
  visit_llama_weights(
      c, weights,
      [&](const std::string& name, auto& values, Eigen::Index rows, Eigen::Index columns) {
        values = tensors.template matrix<Scalar>(name, rows, columns);
        checked(name, values);
      },
      [&](const std::string& name, auto& values, Eigen::Index n) {
        values = tensors.template vector<Scalar>(name, n);
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
