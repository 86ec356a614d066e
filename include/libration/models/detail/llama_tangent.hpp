// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The tangent of a `llama`'s step, in place on a block of directions.

#include <libration/models/llama.hpp>

namespace libration::inline LIBRATION_ABI::models {

// V, and the input's directions in ws.stream, through the last step that kept what it computed. h: the state after it.
template <class Scalar>
void llama<Scalar>::carry(const vector_view<Scalar>& h, matrix_span<Scalar>& V, workspace& ws) const {
  const llama_config& c = config();
  const Eigen::Index k = V.cols(), n = c.hidden_size, m = c.intermediate_size;
  eigen_assert(k <= ws.stream.cols());
  for (Eigen::Index l = 0; l < c.layers; ++l) {
    const packed_layer& layer = parts_->layers[static_cast<std::size_t>(l)];
    const auto& kept = ws.kept[static_cast<std::size_t>(l)];
    normalise_tangent(ws.stream, k, kept.attention_input, kept.attention_scale, layer.attention_norm, ws.normed);
    layer.qkv.multiply({ws.normed.data(), n}, k, ws.qkv.data(), ws.qkv.rows());
    attend_tangent(h, V, l, ws);
    layer.output.multiply({ws.joined.data(), ws.joined.rows()}, k, ws.normed.data(), n);
    ws.stream.leftCols(k) += ws.normed.leftCols(k);

    normalise_tangent(ws.stream, k, kept.mlp_input, kept.mlp_scale, layer.mlp_norm, ws.normed);
    layer.gates.multiply({ws.normed.data(), n}, k, ws.gates.data(), 2 * m);
    for (Eigen::Index j = 0; j < k; ++j)
      ws.inner.col(j).array() = kept.gate_slope.array() * kept.up.array() * ws.gates.col(j).head(m).array() +
                                kept.gate.array() * ws.gates.col(j).tail(m).array();
    layer.down.multiply({ws.inner.data(), m}, k, ws.normed.data(), n);
    ws.stream.leftCols(k) += ws.normed.leftCols(k);
  }
  normalise_tangent(ws.stream, k, ws.output, ws.output_scale, parts_->norm, ws.normed);
  V.middleRows(output_offset(), n) = ws.normed.leftCols(k);
  V.bottomRows(padding() + counters).setZero();
}

// With logits s_j = q·k_j and weights p = softmax(s): ds_j = dq·k_j + q·dk_j, dp = p ∘ (ds - p·ds), and the output's
// Σ_j dp_j v_j + p_j dv_j. The first term of each is one product for all directions, the second one a direction.
template <class Scalar>
void llama<Scalar>::attend_tangent(const vector_view<Scalar>& h, matrix_span<Scalar>& V, Eigen::Index l, workspace& ws) const {
  const llama_config& c = config();
  const auto& kept = ws.kept[static_cast<std::size_t>(l)];
  const Eigen::Index d = c.head_size, heads = group(), k = V.cols(), L = window_, seen = ws.seen;
  const auto cosine = ws.step.cosine.col(0), sine = ws.step.sine.col(0);
  for (Eigen::Index g = 0; g < c.key_heads; ++g) {
    for (Eigen::Index j = 0; j < k; ++j)
      turn_and_store(ws.qkv.col(j).data(), l, g, cosine, sine, ws.slot, V.col(j), ws.queries.middleCols(j * heads, heads));
    const columns queries{kept.queries.data() + g * heads * d, d}, weights{kept.weights.col(g * heads).data(), L};
    detail::multiply_few<Scalar>({keys(h, l, g).data(), L}, seen, d, {ws.queries.data(), d}, heads * k, ws.slopes.data(), L);
    for (Eigen::Index j = 0; j < k; ++j) {
      detail::multiply_few<Scalar>({keys(V.col(j), l, g).data(), L}, seen, d, queries, heads, ws.cache_slopes.data(), L);
      for (Eigen::Index i = 0; i < heads; ++i) {
        const auto p = kept.weights.col(g * heads + i).head(seen).array();
        auto slope = ws.slopes.col(j * heads + i).head(seen).array();
        slope += ws.cache_slopes.col(i).head(seen).array();
        slope = p * (slope - (p * slope).sum());
      }
    }
    detail::multiply_few<Scalar>({values(h, l, g).data(), d}, d, seen, {ws.slopes.data(), L}, heads * k, ws.values.data(), d);
    for (Eigen::Index j = 0; j < k; ++j) {
      detail::multiply_few<Scalar>({values(V.col(j), l, g).data(), d}, d, seen, weights, heads, ws.cache_values.data(), d);
      Eigen::Map<matrix>(ws.joined.col(j).data() + g * heads * d, d, heads) =
          ws.values.middleCols(j * heads, heads) + ws.cache_values;
    }
  }
}

}  // namespace libration::inline LIBRATION_ABI::models
