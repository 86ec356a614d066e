// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Small decoders, and what they compute: all positions at once, matrix by matrix, by the equations and nothing else.

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/models/llama_config.hpp>
#include <libration/models/llama_weights.hpp>

#include "models/networks.hpp"

namespace libration_test {

/// 2 layers, 4 query heads on 2 key heads of 4 components, hidden size 12 (which is not heads times size), 7 tokens.
inline libration::models::llama_config small_llama() {
  libration::models::llama_config c;
  c.hidden_size = 12;
  c.intermediate_size = 10;
  c.layers = 2;
  c.query_heads = 4;
  c.key_heads = 2;
  c.head_size = 4;
  c.vocabulary_size = 7;
  c.max_positions = 9;
  c.norm_epsilon = 1e-5;
  c.rotary.theta = 100.0;
  return c;
}

/// Weights of order one, biases and norms too.
template <class Scalar>
libration::models::llama_weights<Scalar> small_weights(const libration::models::llama_config& c, std::uint64_t seed = 0) {
  libration::models::llama_weights<Scalar> weights;
  weights.layers.resize(static_cast<std::size_t>(c.layers));
  std::uint64_t stream = 100 * seed;
  libration::models::detail::visit_llama_weights(
      c, weights,
      [&](const std::string&, auto& values, Eigen::Index rows, Eigen::Index columns) {
        values = random_matrix(rows, columns, 0.7, stream++).cast<Scalar>();
      },
      [&](const std::string& name, auto& values, Eigen::Index n) {
        values = random_matrix(n, 1, 0.5, stream++).cast<Scalar>();
        if (!name.ends_with("bias")) values.array() += Scalar(1);
      });
  return weights;
}

struct llama_run {
  Eigen::MatrixXd logits;                               ///< shape (V, T)
  std::vector<std::vector<Eigen::MatrixXd>> attention;  ///< [layer][head], shape (T keys, T queries)
};

/// \param window  keys that a query sees, its own included
inline llama_run run_llama(const libration::models::llama_config& c, const libration::models::llama_weights<double>& w,
                           const std::vector<int>& tokens, Eigen::Index window) {
  using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
  const auto T = static_cast<Index>(tokens.size());
  const Index d = c.head_size, half = d / 2;
  const auto normed = [&](const MatrixXd& X, const VectorXd& weight) {
    MatrixXd Y = X;
    for (Index t = 0; t < T; ++t)
      Y.col(t) *= 1.0 / std::sqrt(X.col(t).squaredNorm() / static_cast<double>(X.rows()) + c.norm_epsilon);
    return MatrixXd(weight.asDiagonal() * Y);
  };
  const auto product = [&](const MatrixXd& W, const VectorXd& b, const MatrixXd& X) {
    MatrixXd Y = W * X;
    if (b.size() > 0) Y.colwise() += b;
    return Y;
  };
  const auto turned = [&](const MatrixXd& X) {
    MatrixXd Y(d, T);
    for (Index t = 0; t < T; ++t)
      for (Index i = 0; i < half; ++i) {
        const double angle =
            static_cast<double>(t) * std::pow(c.rotary.theta, -2.0 * static_cast<double>(i) / static_cast<double>(d));
        Y(i, t) = X(i, t) * std::cos(angle) - X(i + half, t) * std::sin(angle);
        Y(i + half, t) = X(i + half, t) * std::cos(angle) + X(i, t) * std::sin(angle);
      }
    return Y;
  };
  llama_run run;
  MatrixXd X(c.hidden_size, T);
  for (Index t = 0; t < T; ++t) X.col(t) = w.embedding.row(tokens[static_cast<std::size_t>(t)]);
  for (const auto& layer : w.layers) {
    const MatrixXd A = normed(X, layer.attention_norm);
    const MatrixXd Q = product(layer.query, layer.query_bias, A), K = product(layer.key, layer.key_bias, A),
                   U = product(layer.value, layer.value_bias, A);
    MatrixXd joined(c.query_heads * d, T);
    run.attention.emplace_back();
    for (Index j = 0; j < c.query_heads; ++j) {
      const Index g = j / (c.query_heads / c.key_heads);
      MatrixXd P = turned(K.middleRows(g * d, d)).transpose() * turned(Q.middleRows(j * d, d)) / std::sqrt(static_cast<double>(d));
      for (Index t = 0; t < T; ++t) {
        for (Index s = 0; s < T; ++s) P(s, t) = s <= t && s > t - window ? std::exp(P(s, t)) : 0.0;
        P.col(t) /= P.col(t).sum();
      }
      joined.middleRows(j * d, d) = U.middleRows(g * d, d) * P;
      run.attention.back().push_back(P);
    }
    X += product(layer.output, layer.output_bias, joined);
    const MatrixXd B = normed(X, layer.mlp_norm);
    const MatrixXd gate = product(layer.gate, layer.gate_bias, B);
    const MatrixXd inner = gate.array() / (1.0 + (-gate).array().exp()) * product(layer.up, layer.up_bias, B).array();
    X += product(layer.down, layer.down_bias, inner);
  }
  run.logits = (c.tied_head ? w.embedding : w.head) * normed(X, w.norm);
  return run;
}

}  // namespace libration_test
