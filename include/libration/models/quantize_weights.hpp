// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Weights rounded to a few bits, row by row: what a model becomes when it is compressed.

#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/level_grid.hpp>
#include <libration/models/character_model.hpp>
#include <libration/models/embedding.hpp>
#include <libration/models/forecaster.hpp>
#include <libration/models/layer_weights.hpp>
#include <libration/models/llama.hpp>
#include <libration/models/llama_weights.hpp>
#include <libration/models/readout.hpp>
#include <libration/models/recurrent_network.hpp>
#include <libration/models/residual_stack.hpp>
#include <libration/models/sequence_model.hpp>
#include <libration/models/stacked.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Each row rounded to the nearest of 2^bits - 1 equally spaced levels, symmetric about zero:
/// ŵ = scale · round(w/scale), ties to even, scale = max|row| / (2^(bits-1) - 1).
///
/// \param weights  shape (rows, columns), finite
/// \param bits     2 to 16; 2: -max, 0 and max
/// \return         the rounded weights in the same scalar type; a row of zeros stays one
/// \throws         argument_error: bits, a weight that is not finite (says where)
/// Accuracy:       |w - ŵ| <= scale/2, and eps |w| of the scalar type; max|row| itself is kept: rounding twice is rounding once
template <class Derived>
typename Derived::PlainObject quantize_weights(const Eigen::MatrixBase<Derived>& weights, int bits) {
  using Scalar = typename Derived::Scalar;
  constexpr std::string_view who = "models::quantize_weights";
  require(bits >= 2 && bits <= 16, who, [&] { return "bits is " + number_text(bits) + ", expected 2 to 16"; });
  const std::string fault = detail::find_non_finite(weights, "the weight");
  require(fault.empty(), who, fault);
  const double levels = static_cast<double>((1 << (bits - 1)) - 1);
  typename Derived::PlainObject rounded = weights;
  for (Eigen::Index i = 0; i < rounded.rows(); ++i) {
    const auto largest = static_cast<double>(rounded.row(i).cwiseAbs().maxCoeff());
    if (largest == 0.0) continue;
    for (Eigen::Index j = 0; j < rounded.cols(); ++j) {
      const double level = maps::nearest_level(static_cast<double>(rounded(i, j)), largest, levels);
      rounded(i, j) = static_cast<Scalar>(maps::level_value(level, largest, levels));
    }
  }
  return rounded;
}

/// The two weight matrices rounded; biases, few and cheap, are kept, as is usual in practice.
template <class Scalar>
layer_weights<Scalar> quantize_weights(const layer_weights<Scalar>& layer, int bits) {
  return {quantize_weights(layer.input, bits), quantize_weights(layer.recurrent, bits), layer.input_bias, layer.recurrent_bias};
}

/// Every layer's weights rounded. Each row is one unit's (or one gate's of it), whatever the order that the gates came in.
template <class Cell>
stacked<Cell> quantize_weights(const stacked<Cell>& network, int bits) {
  auto layers = network.weights();
  for (auto& layer : layers) layer = quantize_weights(layer, bits);
  return stacked<Cell>(layers, network.options());
}
template <class Scalar>
recurrent_network<Scalar> quantize_weights(const recurrent_network<Scalar>& network, int bits) {
  return std::visit([&](const auto& net) { return any_recurrent<Scalar>(quantize_weights(net, bits)); }, network.network());
}

/// A learned embedding rounded, a row for each token as its file has it; one-hot vectors are what they are.
template <class Scalar>
embedding<Scalar> quantize_weights(const embedding<Scalar>& table, int bits) {
  using matrix = typename embedding<Scalar>::matrix;
  if (table.is_one_hot()) return table;
  const matrix rows = table.table().transpose();
  return embedding<Scalar>(matrix(quantize_weights(rows, bits).transpose()));
}

/// A readout with rounded weights, a row for each token, and its own bias.
template <class Scalar>
readout<Scalar> quantize_weights(const readout<Scalar>& output, int bits) {
  return readout<Scalar>(quantize_weights(output.weight(), bits), output.bias());
}

/// A whole model: embedding, network and readout rounded, biases and vocabulary kept.
///
/// \param bits  2 to 16
/// \return      a model of the same type; arithmetic stays that of its scalar type
template <class Network>
character_model<Network> quantize_weights(const character_model<Network>& model, int bits) {
  return character_model<Network>(quantize_weights(model.network(), bits), quantize_weights(model.embedding(), bits),
                                  quantize_weights(model.readout(), bits), model.characters());
}

/// Recurrent layers of a state-space model with the matrices of all their products rounded, a row for each output; convolutions,
/// rates (A), biases and norms are kept.
template <class Layer>
residual_stack<Layer> quantize_weights(const residual_stack<Layer>& body, int bits) {
  return body.with_products([bits](const auto& matrix) { return quantize_weights(matrix, bits); });
}
/// A whole model of such layers: embedding, body and head rounded. Where the head is the embedding, so are the two rounded.
template <class Body>
sequence_model<Body> quantize_weights(const sequence_model<Body>& model, int bits) {
  return sequence_model<Body>(quantize_weights(model.body(), bits), quantize_weights(model.embedding(), bits),
                              quantize_weights(model.readout(), bits));
}
template <class Body>
forecaster<Body> quantize_weights(const forecaster<Body>& model, int bits) {
  return forecaster<Body>(quantize_weights(model.body(), bits), quantize_weights(model.input(), bits),
                          quantize_weights(model.readout(), bits), {.adds_input = model.adds_input()});
}

/// A decoder with all its matrices rounded, embedding and head too; biases and norms are kept.
template <class Scalar>
llama<Scalar> quantize_weights(const llama<Scalar>& model, int bits) {
  llama_weights<Scalar> weights = model.weights();
  detail::visit_llama_weights(
      model.config(), weights,
      [bits](const std::string&, auto& values, Eigen::Index, Eigen::Index) { values = quantize_weights(values, bits); },
      [](const std::string&, auto&, Eigen::Index) {});
  return llama<Scalar>(model.config(), weights, model.options());
}

}  // namespace libration::inline LIBRATION_ABI::models
