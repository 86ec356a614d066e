// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// RWKV-7, whose state is a matrix a head that follows the delta rule, as a driven map: weights, layer, `models::rwkv7`.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/norms.hpp>
#include <libration/models/detail/packed_matrix.hpp>
#include <libration/models/detail/read_body.hpp>
#include <libration/models/detail/weight_visitors.hpp>
#include <libration/models/residual_stack.hpp>
#include <libration/models/rwkv7_config.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Matrices are (out, in). What a config does not have is empty.
template <class Scalar>
struct rwkv7_weights {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  /// A low-rank part: up f(down x) + bias.
  struct low_rank {
    matrix down;  ///< lora.0, shape (rank, d); the authors' w1 is its transpose
    matrix up;    ///< lora.2, shape (d, rank)
    vector bias;  ///< shape (d); of the gate: empty
  };
  struct layer {
    vector pre_norm, pre_norm_bias;         ///< of the lowest layer
    vector norm, norm_bias;                 ///< before the recurrence
    vector x_r, x_w, x_k, x_v, x_a, x_g;    ///< how much of the last token's input each reads, shape (d)
    low_rank w, a, v, g;                    ///< v: empty in the lowest layer
    vector k_k, k_a;                        ///< shape (d)
    vector r_k;                             ///< shape (H K), head by head
    matrix receptance, key, value, output;  ///< shape (d, d)
    vector output_bias;                     ///< shape (d), or empty
    vector group_norm, group_norm_bias;     ///< of the heads' outputs, shape (d)
    vector ffn_norm, ffn_norm_bias;         ///< before the feed-forward half
    vector ffn_x_k;                         ///< shape (d)
    matrix ffn_key, ffn_value;              ///< shapes (ffn_size, d) and (d, ffn_size)
  };
  std::vector<layer> layers;
  vector norm, norm_bias;  ///< the last, shape (d)

  /// Goes through the body's tensors by the names of the config's `naming`.
  template <class Self, class Visitor>
  static void visit(Self& self, const rwkv7_config& c, const std::string&, Visitor& visitor) {
    const Eigen::Index d = c.hidden_size;
    const bool hugging = c.naming == rwkv7_naming::huggingface, numbered = c.naming == rwkv7_naming::numbered;
    const auto norm = [&](const std::string& at, auto& weight, auto& bias) {
      visitor.vector(at + ".weight", weight, d);
      if (c.norm_bias) visitor.vector(at + ".bias", bias, d);
    };
    const auto part = [&](const std::string& at, char which, auto& low, Eigen::Index rank, bool bias) {
      if (hugging) {
        const std::string lora = at + which + "_lora.lora.";
        visitor.matrix(lora + "0.weight", low.down, rank, d);
        visitor.matrix(lora + "2.weight", low.up, d, rank);
        if (bias) visitor.vector(lora + "2.bias", low.bias, d);
      } else {
        if (bias) visitor.vector(at + which + "0", low.bias, d);
        visitor.transposed(at + which + "1", low.down, rank, d);
        visitor.transposed(at + which + "2", low.up, d, rank);
      }
    };
    for (std::size_t l = 0; l < self.layers.size(); ++l) {
      auto& w = self.layers[l];
      const std::string index = number_text(l), from_one = number_text(l + 1);
      const std::string at = hugging ? "model.layers." + index + "." : "blocks." + index + ".";
      const std::string attention = numbered ? "rwkv" + from_one + "." : at + (hugging ? "attn." : "att.");
      const std::string ffn = numbered ? "ffn" + from_one + "." : at + "ffn.";
      if (c.pre_norm && l == 0) norm(at + (hugging ? "pre_norm" : "ln0"), w.pre_norm, w.pre_norm_bias);
      norm(numbered ? "ln" + from_one + "a" : at + (hugging ? "attn_norm" : "ln1"), w.norm, w.norm_bias);
      visitor.vector(attention + "x_r", w.x_r, d);
      visitor.vector(attention + "x_w", w.x_w, d);
      visitor.vector(attention + "x_k", w.x_k, d);
      visitor.vector(attention + "x_v", w.x_v, d);
      visitor.vector(attention + "x_a", w.x_a, d);
      visitor.vector(attention + "x_g", w.x_g, d);
      part(attention, 'w', w.w, c.decay_rank, true);
      part(attention, 'a', w.a, c.rate_rank, true);
      if (l > 0) part(attention, 'v', w.v, c.value_rank, true);
      part(attention, 'g', w.g, c.gate_rank, false);
      visitor.vector(attention + "k_k", w.k_k, d);
      visitor.vector(attention + "k_a", w.k_a, d);
      visitor.heads(attention + "r_k", w.r_k, c.heads, c.head_size);
      visitor.matrix(attention + (hugging ? "r_proj.weight" : "receptance.weight"), w.receptance, d, d);
      visitor.matrix(attention + (hugging ? "k_proj.weight" : "key.weight"), w.key, d, d);
      visitor.matrix(attention + (hugging ? "v_proj.weight" : "value.weight"), w.value, d, d);
      visitor.matrix(attention + (hugging ? "o_proj.weight" : "output.weight"), w.output, d, d);
      if (c.output_bias) visitor.vector("rosa" + from_one + ".o.bias", w.output_bias, d);
      visitor.vector(attention + (hugging ? "g_norm.weight" : "ln_x.weight"), w.group_norm, d);
      visitor.vector(attention + (hugging ? "g_norm.bias" : "ln_x.bias"), w.group_norm_bias, d);
      norm(numbered ? "ln" + from_one + "b" : at + (hugging ? "ffn_norm" : "ln2"), w.ffn_norm, w.ffn_norm_bias);
      visitor.vector(ffn + "x_k", w.ffn_x_k, d);
      visitor.matrix(ffn + "key.weight", w.ffn_key, c.ffn_size, d);
      visitor.matrix(ffn + "value.weight", w.ffn_value, d, c.ffn_size);
    }
    norm(hugging ? "model.norm" : numbered ? "lno" : "ln_out", self.norm, self.norm_bias);
  }

  void validate(const rwkv7_config& c) const {
    constexpr std::string_view who = "models::rwkv7";
    require_rows(static_cast<Eigen::Index>(layers.size()), c.layers, who, ".layers", "the config's layers");
    detail::weight_checker<Scalar> checker(who);
    visit(*this, c, "", checker);
  }
};

/// One layer: a recurrence, and a feed-forward half, each of which reads its normed input mixed with that of the token before.
///
/// With u = norm x, x_m = u + (u_prev - u) ∘ x_m for m of r, w, k, v, a, g, and per head:
///
///   w = exp(-e^{-1/2} σ(w_lora)),   a = σ(a_lora),   κ = k ∘ k_k / |k ∘ k_k|,   k̃ = k ∘ (1 + (a - 1) ∘ k_a),
///   v ← v + (v_first - v) ∘ σ(v_lora) above the lowest layer, which gives v_first,
///   S' = S (D(w) - κ (a ∘ κ)ᵀ) + v k̃ᵀ,   y = S' r,
///   x ← x + output((groupnorm y + (Σ r k̃ r_k) v) ∘ g);   x ← x + value(relu(key(f + (f_prev - f) ∘ x_k))²), f = norm x.
///
/// State: S, head by head and in it row by row (value, key), shape (H, K, K); u of the last token (d); f of the last token (d):
/// size d (K + 2).
///
/// Not contractive: the factor D(w) - κ (a ∘ κ)ᵀ of one step can be longer than 1 in norm, and products of such factors can grow
/// although each has its eigenvalues inside the unit circle. Its exponents along given inputs are to be computed.
///
/// Source: B. Peng et al., "RWKV-7 'Goose' with Expressive Dynamic State Evolution", 2025; the tangent is derived here
template <class Scalar>
class rwkv7_layer {
 public:
  using scalar_type = Scalar;
  using config_type = rwkv7_config;
  using model_weights = rwkv7_weights<Scalar>;
  using norm_type = detail::layer_norm<Scalar>;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  static constexpr std::string_view name = "models::rwkv7";

  /// What a step computes, columns are members, and its tangent, columns are directions. Used by all layers in turn.
  struct buffers {
    matrix normed, mixed, r, w, k, v, a, g, low, key, added, first_value, ffn, out;
  };
  struct scratch {
    buffers step, tangent;
    matrix unit;
    vector slope, low_slope, unit_heads, read, gathered;  ///< of one member
    vector rate, removed;                                 ///< of one member or direction
    matrix of_first_value;                                ///< of the adjoint, shape (d, columns): 0 between two of them
  };
  /// What a layer's step leaves for its tangent, of the first member.
  struct kept {
    vector pre_unit, unit, ffn_unit;
    vector r, w, w_slope, k, v, own_value, first_value, a, a_slope, g, mix, mix_slope, w_low_slope, g_low_slope;
    vector kappa, key, removed, unit_heads, joined;  ///< joined: before the gate; removed: S κ
    vector lengths, group_scales, bonus;             ///< of the heads
    vector ffn;                                      ///< 2 relu(key(...))
    vector before, state;                            ///< S, S'
    Scalar pre_scale = 0, scale = 0, ffn_scale = 0;
  };

  rwkv7_layer(const rwkv7_config& config, const typename rwkv7_weights<Scalar>::layer& weights, std::size_t index);
  static rwkv7_config complete(const rwkv7_config& config, checkpoint& tensors) { return config.complete(tensors); }
  static detail::body_names find_names(const checkpoint&, const rwkv7_config& config) {
    switch (config.naming) {
      case rwkv7_naming::huggingface:
        return {"", "model.embeddings.weight", "lm_head."};
      case rwkv7_naming::blinkdl:
        return {"", "emb.weight", "head."};
      case rwkv7_naming::numbered:
        return {"", "e.weight", "o."};
    }
    return {};
  }
  static norm_type make_norm(const rwkv7_config& config, const rwkv7_weights<Scalar>& weights) {
    return {weights.norm, weights.norm_bias, config.norm_epsilon};
  }

  Eigen::Index state_size() const { return config_.layer_state_size(); }
  /// Where u of the last token begins in the layer's state; f follows.
  Eigen::Index shift_offset() const { return config_.hidden_size * config_.head_size; }

  /// The matrices of its products, one after another, those of the low-rank parts among them.
  template <class Visit>
  void visit_products(const Visit& visit) {
    for (low_rank* part : {&w_, &a_, &v_, &g_}) {
      visit(part->down);
      visit(part->up);
    }
    for (packed* product : {&receptance_, &key_, &value_, &output_, &ffn_key_, &ffn_value_}) visit(*product);
  }

  scratch make_scratch(Eigen::Index columns, Eigen::Index members) const;
  kept make_kept() const;

  /// \param stream  in and out: x, shape (d, members)
  /// \param state   shape (state_size, members)
  /// \param next    out: apart from `state`
  /// \param keep    out: or null
  void step(matrix_span<Scalar> stream, matrix_view<Scalar> state, matrix_span<Scalar> next, scratch& s, kept* keep) const;

  /// \param stream  in and out: directions of x, shape (d, k)
  /// \param V       directions of the state; \param JV  out: of the next one
  /// \param at      what the step left
  void tangent(matrix_span<Scalar> stream, matrix_view<Scalar> V, matrix_span<Scalar> JV, scratch& s, const kept& at) const;

  /// \param stream  in: the adjoint of the stream after the layer, shape (d, k); out: that of the stream before it
  /// \param W       the adjoint of the next state, shape (state_size, k); \param JtW  out: that of the state; apart from W
  /// \param at      what the step left
  ///
  /// The adjoint of the lowest layer's value is summed in the scratch, from the topmost layer down, and taken by the lowest.
  void pullback(matrix_span<Scalar> stream, matrix_view<Scalar> W, matrix_span<Scalar> JtW, scratch& s, const kept& at) const;

 private:
  using packed = detail::packed_matrix<Scalar>;
  struct low_rank {
    packed down, up;
    vector bias;
  };
  buffers make_buffers(Eigen::Index columns) const;
  // mixed = u + (u_prev - u) ∘ x, of `count` columns; and out = weight mixed.
  void mix(const vector& x, const Scalar* past, Eigen::Index past_stride, buffers& b, Eigen::Index count) const;
  static void multiply(const packed& weight, const matrix& in, Eigen::Index count, matrix& out) {
    weight.multiply({in.data(), in.rows()}, count, out.data(), out.rows());
  }
  static void multiply_transposed(const packed& weight, const matrix& in, Eigen::Index count, matrix& out) {
    weight.multiply_transposed({in.data(), in.rows()}, count, out.data(), out.rows());
  }
  Eigen::Map<const matrix> head(const Scalar* state, Eigen::Index h) const {
    const Eigen::Index K = config_.head_size;
    return {state + h * K * K, K, K};  // column v: the keys of value v
  }
  Eigen::Map<matrix> head(Scalar* state, Eigen::Index h) const {
    const Eigen::Index K = config_.head_size;
    return {state + h * K * K, K, K};
  }

  rwkv7_config config_;
  bool lowest_;
  std::optional<norm_type> pre_norm_;
  norm_type norm_, ffn_norm_;
  vector x_r_, x_w_, x_k_, x_v_, x_a_, x_g_, k_k_, k_a_, r_k_, output_bias_, group_norm_, group_norm_bias_, ffn_x_k_;
  low_rank w_, a_, v_, g_;
  packed receptance_, key_, value_, output_, ffn_key_, ffn_value_;
  Eigen::Index widest_rank_ = 0;
};

#if defined(LIBRATION_COMPILED)
extern template class rwkv7_layer<double>;
extern template class rwkv7_layer<float>;
#endif

/// The body of an RWKV-7: see `residual_stack`. `sequence_model<rwkv7<float>>::from(folder)` reads a language model.
template <class Scalar>
using rwkv7 = residual_stack<rwkv7_layer<Scalar>>;

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/rwkv7.hpp>
#endif
