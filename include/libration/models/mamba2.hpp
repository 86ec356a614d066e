// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Mamba-2, the state-space dual model, as a driven map: weights, layer, `models::mamba2`.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/models/checkpoint.hpp>
#include <libration/models/detail/norms.hpp>
#include <libration/models/detail/packed_matrix.hpp>
#include <libration/models/detail/read_body.hpp>
#include <libration/models/detail/weight_visitors.hpp>
#include <libration/models/mamba.hpp>
#include <libration/models/mamba_config.hpp>
#include <libration/models/residual_stack.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Matrices are (out, in), as in the files. What a config does not have is empty.
template <class Scalar>
struct mamba2_weights {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  struct layer {
    vector norm;        ///< shape (d)
    matrix in;          ///< in_proj, shape (2 d_i + 2 G N + heads, d): the gate z (d_i), x (d_i), B (G N), C (G N), Δ (heads)
    vector in_bias;     ///< or empty
    matrix conv;        ///< conv1d, of x, B and C, shape (d_i + 2 G N, K), the newest input last
    vector conv_bias;   ///< shape (d_i + 2 G N), or empty
    vector dt_bias;     ///< shape (heads)
    vector A_log;       ///< shape (heads); A = -e^A_log
    vector D;           ///< shape (heads)
    vector inner_norm;  ///< mixer.norm, shape (d_i)
    matrix out;         ///< out_proj, shape (d, d_i)
    vector out_bias;    ///< shape (d), or empty
  };
  std::vector<layer> layers;
  vector norm;  ///< shape (d)

  /// Goes through the body's tensors by Hugging Face's names.
  /// \param at  what stands before `layers.0.`: "backbone."
  template <class Self, class Visitor>
  static void visit(Self& self, const mamba2_config& c, const std::string& at, Visitor& visitor) {
    const Eigen::Index d = c.hidden_size, I = c.inner_size, channels = c.conv_channels();
    for (std::size_t l = 0; l < self.layers.size(); ++l) {
      auto& w = self.layers[l];
      const std::string layer = at + "layers." + number_text(l) + ".", mixer = layer + "mixer.";
      visitor.vector(layer + "norm.weight", w.norm, d);
      visitor.matrix(mixer + "in_proj.weight", w.in, I + channels + c.heads, d);
      if (c.projection_bias) visitor.vector(mixer + "in_proj.bias", w.in_bias, I + channels + c.heads);
      visitor.kernel(mixer + "conv1d.weight", w.conv, channels, c.conv_kernel);
      if (c.conv_bias) visitor.vector(mixer + "conv1d.bias", w.conv_bias, channels);
      visitor.vector(mixer + "dt_bias", w.dt_bias, c.heads);
      visitor.vector(mixer + "A_log", w.A_log, c.heads);
      visitor.require_that(w.A_log.size() == 0 || w.A_log.array().exp().isFinite().all(), mixer + "A_log",
                           "is so large that A = -exp(A_log) is not finite");
      visitor.vector(mixer + "D", w.D, c.heads);
      visitor.vector(mixer + "norm.weight", w.inner_norm, I);
      visitor.matrix(mixer + "out_proj.weight", w.out, d, I);
      if (c.projection_bias) visitor.vector(mixer + "out_proj.bias", w.out_bias, d);
    }
    visitor.vector(at + "norm_f.weight", self.norm, d);
  }

  void validate(const mamba2_config& c) const {
    constexpr std::string_view who = "models::mamba2";
    require_rows(static_cast<Eigen::Index>(layers.size()), c.layers, who, ".layers", "the config's layers");
    detail::weight_checker<Scalar> checker(who);
    visit(*this, c, "", checker);
  }
};

/// One layer: x ← x + mixer(norm x), and the mixer of u, with heads h of P channels p and groups g of heads that share B and C:
///
///   (z, ξ, δ) = in_proj u,   (x, B, C) = silu(conv_bias + Σ_j conv_j ∘ ξ_{t-K+1+j}),
///   Δ = clamp(softplus(δ + dt_bias), time_step_limit),   S_h' = e^{Δ_h A_h} S_h + Δ_h x_h B_gᵀ,   A = -e^A_log,
///   y_h = S_h' C_g + D_h x_h,   out_proj(norm(y ∘ silu(z))), norm over all d_i channels, whatever the groups, as Hugging Face's
/// code has it.
///
/// State: the last K - 1 ξ, the oldest first, shape (d_i + 2 G N) each; then S, head by head and in it channel by channel, shape
/// (N) each: size (d_i + 2 G N)(K - 1) + d_i N.
///
/// Along given inputs the exponents of layer l are the means of Δ_h A_h, P N each, and -∞ for the convolution's.
///
/// Source: T. Dao, A. Gu, "Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space
///         Duality", 2024; the tangent is derived here
template <class Scalar>
class mamba2_layer {
 public:
  using scalar_type = Scalar;
  using config_type = mamba2_config;
  using model_weights = mamba2_weights<Scalar>;
  using norm_type = detail::rms_norm<Scalar>;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  static constexpr std::string_view name = "models::mamba2";

  /// Used by all layers in turn; columns are members, or, of those of the tangent, directions.
  struct scratch {
    matrix unit, normed, projected, conv, conv_slope, gate_slope, read, joined, inner_unit;
    vector dt_slope, decay;
    matrix normed_tangent, projected_tangent, conv_tangent, joined_tangent;
  };
  /// What a layer's step leaves for its tangent, of the first member.
  struct kept {
    vector unit, conv, conv_slope, gate, gate_slope, read, inner_unit;
    vector dt, dt_slope, decay;  ///< of the heads
    matrix before, state;        ///< S, S', shape (N, d_i)
    Scalar scale = 0, inner_scale = 0;
  };

  mamba2_layer(const mamba2_config& config, const typename mamba2_weights<Scalar>::layer& weights, std::size_t index);
  /// The config, which says all of it.
  static mamba2_config complete(const mamba2_config& config, checkpoint&) {
    config.validate();
    return config;
  }
  /// How a file calls what stands around the layers: Hugging Face's names, or those of the authors' own code.
  static detail::body_names find_names(const checkpoint& tensors, const mamba2_config& config) {
    return detail::find_mamba_names(tensors, config);
  }
  static norm_type make_norm(const mamba2_config& config, const mamba2_weights<Scalar>& weights) {
    return {weights.norm, config.norm_epsilon};
  }

  Eigen::Index state_size() const { return recurrent_offset() + config_.inner_size * config_.state_size; }
  /// Where S begins in the layer's state.
  Eigen::Index recurrent_offset() const { return config_.conv_channels() * (config_.conv_kernel - 1); }
  /// A, shape (heads); all below 0.
  const vector& rates() const { return A_; }

  /// The matrices of its products, one after another.
  template <class Visit>
  void visit_products(const Visit& visit) {
    for (auto* product : {&in_, &out_}) visit(*product);
  }

  /// What its exponents along given inputs are made of: head h's gate is Δ_h, of which all of S_h has A_h. See `residual_stack`.
  Eigen::Index gate_count() const { return config_.heads; }
  /// \param first_gate, first  where the layer's gates and its state begin
  void describe_gates(maps::gate_structure& all, Eigen::Index first_gate, Eigen::Index first) const {
    const Eigen::Index each = config_.head_size * config_.state_size;
    all.set(first, recurrent_offset(), maps::gate_structure::nilpotent, 0.0);
    for (Eigen::Index h = 0; h < config_.heads; ++h)
      all.set(first + recurrent_offset() + h * each, each, first_gate + h, static_cast<double>(A_[h]));
  }
  /// \param s  of the last step; of its first member
  void keep_gates(const scratch& s, Eigen::Ref<vector> kept_gates) const { kept_gates = s.projected.col(0).tail(config_.heads); }
  /// \param kept_gates  what `keep_gates` kept; \param out  the gates, shape (gate_count)
  void write_gates(const Eigen::Ref<const vector>& kept_gates, vector_span<double> out) const {
    out = kept_gates.template cast<double>();
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
  void pullback(matrix_span<Scalar> stream, matrix_view<Scalar> W, matrix_span<Scalar> JtW, scratch& s, const kept& at) const;

 private:
  mamba2_config config_;
  norm_type norm_, inner_norm_;
  detail::packed_matrix<Scalar> in_, out_;
  vector in_bias_, conv_bias_, dt_bias_, A_, D_, out_bias_;
  matrix conv_;
};

#if defined(LIBRATION_COMPILED)
extern template class mamba2_layer<double>;
extern template class mamba2_layer<float>;
#endif

/// The body of a Mamba-2: see `residual_stack`. `sequence_model<mamba2<float>>::from(folder)` reads a language model.
template <class Scalar>
using mamba2 = residual_stack<mamba2_layer<Scalar>>;

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/mamba2.hpp>
#endif
