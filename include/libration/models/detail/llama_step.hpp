// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How a `llama` is built and reads tokens.

#include <libration/core/memory.hpp>
#include <libration/models/llama.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {

/// Matrices (or vectors) one above the other.
template <class Matrix, class... Parts>
Matrix stack_rows(const Parts&... parts) {
  Matrix all((parts.rows() + ...), std::max({parts.cols()...}));
  Eigen::Index row = 0;
  ((all.middleRows(row, parts.rows()) = parts, row += parts.rows()), ...);
  return all;
}

}  // namespace detail

template <class Scalar>
llama<Scalar>::llama(const llama_config& config, const llama_weights<Scalar>& weights, const llama_options& options) {
  constexpr std::string_view who = "models::llama";
  config.validate();
  detail::require_llama_weights(config, weights, who);
  const option_check check(who);
  check(options.window >= 0, "window", options.window, ">= 0 (0: the config's max_position_embeddings)");
  window_ = options.window > 0 ? options.window : config.max_positions;
  if (config.sliding_window > 0) window_ = std::min(window_, config.sliding_window);
  const double cache = 2.0 * static_cast<double>(config.layers) * static_cast<double>(config.key_heads) *
                       static_cast<double>(config.head_size) * static_cast<double>(window_);
  require_memory(cache * sizeof(Scalar), who, "a state, the cache of " + number_text(window_) + " tokens,",
                 "a smaller .window takes less");

  std::vector<packed_layer> layers;
  for (const auto& w : weights.layers) {
    packed_layer made;
    made.qkv = packed(detail::stack_rows<matrix>(w.query, w.key, w.value));
    made.qkv_bias = detail::stack_rows<vector>(w.query_bias, w.key_bias, w.value_bias);
    made.output = packed(w.output);
    made.output_bias = w.output_bias;
    made.gates = packed(detail::stack_rows<matrix>(w.gate, w.up));
    made.gates_bias = detail::stack_rows<vector>(w.gate_bias, w.up_bias);
    made.down = packed(w.down);
    made.down_bias = w.down_bias;
    made.attention_norm = w.attention_norm;
    made.mlp_norm = w.mlp_norm;
    layers.push_back(std::move(made));
  }
  parts_ = std::make_shared<const parts>(
      parts{config, models::embedding<Scalar>(matrix(weights.embedding.transpose())), std::move(layers), weights.norm,
            packed(config.tied_head ? weights.embedding : weights.head),
            make_rotary_frequencies(config.head_size, config.max_positions, window_, config.rotary)});
}

template <class Scalar>
llama_weights<Scalar> llama<Scalar>::weights() const {
  const llama_config& c = config();
  llama_weights<Scalar> all;
  all.embedding = embedding().table().transpose();
  all.norm = parts_->norm;
  if (!c.tied_head) all.head = parts_->head.dense();
  const Eigen::Index q = query_size(), k = key_size(), m = c.intermediate_size;
  for (const packed_layer& from : parts_->layers) {
    typename llama_weights<Scalar>::layer w;
    const matrix qkv = from.qkv.dense(), gates = from.gates.dense();
    w.query = qkv.topRows(q);
    w.key = qkv.middleRows(q, k);
    w.value = qkv.bottomRows(k);
    if (c.query_bias) {
      w.query_bias = from.qkv_bias.head(q);
      w.key_bias = from.qkv_bias.segment(q, k);
      w.value_bias = from.qkv_bias.tail(k);
    }
    w.output = from.output.dense();
    w.output_bias = from.output_bias;
    w.gate = gates.topRows(m);
    w.up = gates.bottomRows(m);
    if (c.mlp_bias) {
      w.gate_bias = from.gates_bias.head(m);
      w.up_bias = from.gates_bias.tail(m);
    }
    w.down = from.down.dense();
    w.down_bias = from.down_bias;
    w.attention_norm = from.attention_norm;
    w.mlp_norm = from.mlp_norm;
    all.layers.push_back(std::move(w));
  }
  return all;
}

template <class Scalar>
llama<Scalar>::workspace::step_buffers::step_buffers(const llama& model, Eigen::Index columns)
    : x(model.hidden_size(), columns),
      a(model.hidden_size(), columns),
      qkv(model.query_size() + 2 * model.key_size(), columns),
      queries(model.config().head_size, model.group() * columns),
      logits(model.window(), model.group() * columns),
      weights(model.window(), model.group() * columns),
      values(model.config().head_size, model.group() * columns),
      joined(model.query_size(), columns),
      gates(2 * model.config().intermediate_size, columns),
      inner(model.config().intermediate_size, columns),
      complement(model.config().intermediate_size),
      cosine(model.config().head_size / 2, columns),
      sine(model.config().head_size / 2, columns) {}

template <class Scalar>
typename llama<Scalar>::workspace llama<Scalar>::make_workspace(Eigen::Index k) const {
  const llama_config& c = config();
  const Eigen::Index n = c.hidden_size, m = c.intermediate_size, d = c.head_size;
  workspace ws{typename workspace::step_buffers(*this, 1), {}, vector(n), 0, 0, 0, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
  if (k == 0) return ws;
  ws.kept.assign(static_cast<std::size_t>(c.layers), {vector(n), vector(query_size()), vector(n), vector(m), vector(m), vector(m),
                                                      matrix(window_, c.query_heads), Scalar(0), Scalar(0)});
  ws.after.resize(state_size());
  ws.stream.resize(n, k);
  ws.normed.resize(n, k);
  ws.qkv.resize(query_size() + 2 * key_size(), k);
  ws.queries.resize(d, group() * k);
  ws.slopes.resize(window_, group() * k);
  ws.cache_slopes.resize(window_, group());
  ws.values.resize(d, group() * k);
  ws.cache_values.resize(d, group());
  ws.joined.resize(query_size(), k);
  ws.gates.resize(2 * m, k);
  ws.inner.resize(m, k);
  return ws;
}

// Reads `count` tokens whose input vectors are in b.x, in place. More than one: no slot is taken twice.
template <class Scalar>
void llama<Scalar>::advance(vector_span<Scalar> h, Eigen::Index count, workspace& ws, typename workspace::step_buffers& b,
                            const attention_observer<Scalar>& observer) const {
  const llama_config& c = config();
  const std::int64_t first = tokens_read(h);
  const Eigen::Index n = c.hidden_size, m = c.intermediate_size;
  const bool keep = !ws.kept.empty() && count == 1;
  ws.slot = static_cast<Eigen::Index>(first % window_);
  ws.seen = static_cast<Eigen::Index>(std::min<std::int64_t>(first + 1, window_));
  for (Eigen::Index t = 0; t < count; ++t)
    for (Eigen::Index i = 0; i < c.head_size / 2; ++i) {
      const double angle = static_cast<double>(first + t) * parts_->rotary.frequency[i];
      b.cosine(i, t) = static_cast<Scalar>(parts_->rotary.magnitude * std::cos(angle));
      b.sine(i, t) = static_cast<Scalar>(parts_->rotary.magnitude * std::sin(angle));
    }

  const auto add_bias = [count](matrix& block, const vector& bias) {
    if (bias.size() > 0) block.leftCols(count).colwise() += bias;
  };
  for (Eigen::Index l = 0; l < c.layers; ++l) {
    const packed_layer& layer = parts_->layers[static_cast<std::size_t>(l)];
    auto* const kept = keep ? &ws.kept[static_cast<std::size_t>(l)] : nullptr;
    for (Eigen::Index t = 0; t < count; ++t) {
      const Scalar scale = normalise(b.x.col(t), b.a.col(t));
      if (kept != nullptr) kept->attention_input = b.a.col(0), kept->attention_scale = scale;
      b.a.col(t).array() *= layer.attention_norm.array();
    }
    layer.qkv.multiply({b.a.data(), n}, count, b.qkv.data(), b.qkv.rows());
    add_bias(b.qkv, layer.qkv_bias);
    attend(h, l, count, first, ws, b, observer);
    layer.output.multiply({b.joined.data(), b.joined.rows()}, count, b.a.data(), n);
    add_bias(b.a, layer.output_bias);
    b.x.leftCols(count) += b.a.leftCols(count);

    for (Eigen::Index t = 0; t < count; ++t) {
      const Scalar scale = normalise(b.x.col(t), b.a.col(t));
      if (kept != nullptr) kept->mlp_input = b.a.col(0), kept->mlp_scale = scale;
      b.a.col(t).array() *= layer.mlp_norm.array();
    }
    layer.gates.multiply({b.a.data(), n}, count, b.gates.data(), 2 * m);
    add_bias(b.gates, layer.gates_bias);
    for (Eigen::Index t = 0; t < count; ++t) {
      // silu(g) = g σ(g), with slope σ(g) (1 + g σ(-g)).
      auto sigma = b.gates.col(t).head(m).array();
      auto inner = b.inner.col(t).array();
      const auto up = b.gates.col(t).tail(m).array();
      inner = sigma;
      detail::sigmoid(b.gates.col(t).data(), b.complement.data(), m);
      if (kept != nullptr) {
        kept->gate_slope = sigma * (Scalar(1) + inner * b.complement.array());
        kept->gate = sigma * inner;
        kept->up = up;
      }
      inner *= sigma * up;
    }
    layer.down.multiply({b.inner.data(), m}, count, b.a.data(), n);
    add_bias(b.a, layer.down_bias);
    b.x.leftCols(count) += b.a.leftCols(count);
  }
  ws.output_scale = normalise(b.x.col(count - 1), ws.output);
  h.segment(output_offset(), n) = parts_->norm.cwiseProduct(ws.output);
  h.segment(output_offset() + n, padding()).setZero();
  h[state_size() - 1] = static_cast<Scalar>(first + count);
}

// The attention of layer l: from b.qkv to b.joined; what is new goes into the cache.
template <class Scalar>
void llama<Scalar>::attend(vector_span<Scalar>& h, Eigen::Index l, Eigen::Index count, std::int64_t first, workspace& ws,
                           typename workspace::step_buffers& b, const attention_observer<Scalar>& observer) const {
  const llama_config& c = config();
  const Eigen::Index d = c.head_size, heads = group(), L = window_;
  const Eigen::Index rows = count == 1 ? ws.seen : static_cast<Eigen::Index>(first) + count;
  for (Eigen::Index g = 0; g < c.key_heads; ++g) {
    for (Eigen::Index t = 0; t < count; ++t)
      turn_and_store(b.qkv.col(t).data(), l, g, b.cosine.col(t), b.sine.col(t), (ws.slot + t) % L, h,
                     b.queries.middleCols(t * heads, heads));
    detail::multiply_few<Scalar>({keys(h, l, g).data(), L}, rows, d, {b.queries.data(), d}, heads * count, b.logits.data(), L);
    for (Eigen::Index t = 0; t < count; ++t) {
      const Eigen::Index seen = count == 1 ? rows : static_cast<Eigen::Index>(first) + t + 1;
      for (Eigen::Index j = 0; j < heads; ++j) {
        const auto logit = b.logits.col(t * heads + j).head(seen).array();
        auto weight = b.weights.col(t * heads + j).head(rows).array();
        weight.head(seen) = (logit - logit.maxCoeff()).exp();
        weight.tail(rows - seen).setZero();
        weight.head(seen) *= Scalar(1) / weight.head(seen).sum();
        using row = typename attention_row<Scalar>::row;
        if (observer) observer({l, g * heads + j, first + t, row(logit.data(), seen), row(weight.data(), seen), (ws.slot + t) % L});
      }
    }
    detail::multiply_few<Scalar>({values(h, l, g).data(), d}, d, rows, {b.weights.data(), L}, heads * count, b.values.data(), d);
    for (Eigen::Index t = 0; t < count; ++t)
      Eigen::Map<matrix>(b.joined.col(t).data() + g * heads * d, d, heads) = b.values.middleCols(t * heads, heads);
    if (!ws.kept.empty() && count == 1) {
      auto& kept = ws.kept[static_cast<std::size_t>(l)];
      Eigen::Map<matrix>(kept.queries.data() + g * heads * d, d, heads) = b.queries;
      kept.weights.block(0, g * heads, rows, heads) = b.weights.topRows(rows);
    }
  }
}

template <class Scalar>
void llama<Scalar>::prefill(std::span<const maps::token> tokens, vector_span<Scalar> h,
                            const attention_observer<Scalar>& observer) const {
  constexpr std::string_view who = "models::llama: prefill";
  require_rows(h.size(), state_size(), who, "h", "the model's state");
  maps::require_tokens(tokens, vocabulary_size(), who, "tokens");
  const std::int64_t before = tokens_read(h), free = std::max<std::int64_t>(window_ - before, 0);
  require(std::cmp_less_equal(tokens.size(), free), who, [&] {
    return number_text(tokens.size()) + " tokens, expected at most " + number_text(free) + " (a window of " +
           number_text(window_) + " and " + number_text(before) + " read before); longer texts are read token by token";
  });
  constexpr std::size_t block = 64;
  workspace ws = make_workspace(0);
  typename workspace::step_buffers buffers(*this, static_cast<Eigen::Index>(std::min(block, tokens.size())));
  for (std::size_t at = 0; at < tokens.size(); at += block) {
    const std::size_t count = std::min(block, tokens.size() - at);
    for (std::size_t t = 0; t < count; ++t) embedding().write(tokens[at + t], buffers.x.col(static_cast<Eigen::Index>(t)));
    advance(h, static_cast<Eigen::Index>(count), ws, buffers, observer);
  }
}

}  // namespace libration::inline LIBRATION_ABI::models
