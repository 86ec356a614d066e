// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Mamba, the selective state-space model, as a driven map: weights, layer, `models::mamba`.

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
#include <libration/models/mamba_config.hpp>
#include <libration/models/residual_stack.hpp>

namespace libration::inline LIBRATION_ABI::models {

namespace detail {
/// The names of Hugging Face's code (`backbone.embeddings`), of the authors' (`backbone.embedding`), or of a body by itself.
inline body_names find_mamba_names(const checkpoint& tensors, const mamba_base_config&) {
  const std::string before = tensors.contains("norm_f.weight") ? "" : "backbone.";
  const std::string older = before + "embedding.weight";
  return {before, tensors.contains(older) ? older : before + "embeddings.weight", "lm_head."};
}
}  // namespace detail

/// Matrices are (out, in), as in the files. What a config does not have is empty.
template <class Scalar>
struct mamba_weights {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  struct layer {
    vector norm;       ///< shape (d)
    matrix in;         ///< in_proj, shape (2 d_i, d): x, then the gate z
    vector in_bias;    ///< shape (2 d_i), or empty
    matrix conv;       ///< conv1d, shape (d_i, K), the newest input last
    vector conv_bias;  ///< shape (d_i), or empty
    matrix x;          ///< x_proj, shape (R + 2 N, d_i): δ, B, C
    matrix dt;         ///< dt_proj, shape (d_i, R)
    vector dt_bias;    ///< shape (d_i)
    matrix A_log;      ///< shape (d_i, N); A = -e^A_log
    vector D;          ///< shape (d_i)
    matrix out;        ///< out_proj, shape (d, d_i)
    vector out_bias;   ///< shape (d), or empty
  };
  std::vector<layer> layers;
  vector norm;  ///< shape (d)

  /// Goes through the body's tensors by Hugging Face's names.
  /// \param at  what stands before `layers.0.`: "backbone."
  template <class Self, class Visitor>
  static void visit(Self& self, const mamba_config& c, const std::string& at, Visitor& visitor) {
    const Eigen::Index d = c.hidden_size, I = c.inner_size, N = c.state_size, R = c.time_step_rank;
    for (std::size_t l = 0; l < self.layers.size(); ++l) {
      auto& w = self.layers[l];
      const std::string layer = at + "layers." + number_text(l) + ".", mixer = layer + "mixer.";
      visitor.vector(layer + "norm.weight", w.norm, d);
      visitor.matrix(mixer + "in_proj.weight", w.in, 2 * I, d);
      if (c.projection_bias) visitor.vector(mixer + "in_proj.bias", w.in_bias, 2 * I);
      visitor.kernel(mixer + "conv1d.weight", w.conv, I, c.conv_kernel);
      if (c.conv_bias) visitor.vector(mixer + "conv1d.bias", w.conv_bias, I);
      visitor.matrix(mixer + "x_proj.weight", w.x, R + 2 * N, I);
      visitor.matrix(mixer + "dt_proj.weight", w.dt, I, R);
      visitor.vector(mixer + "dt_proj.bias", w.dt_bias, I);
      visitor.matrix(mixer + "A_log", w.A_log, I, N);
      visitor.require_that(w.A_log.size() == 0 || w.A_log.array().exp().isFinite().all(), mixer + "A_log",
                           "is so large that A = -exp(A_log) is not finite");
      visitor.vector(mixer + "D", w.D, I);
      visitor.matrix(mixer + "out_proj.weight", w.out, d, I);
      if (c.projection_bias) visitor.vector(mixer + "out_proj.bias", w.out_bias, d);
    }
    visitor.vector(at + "norm_f.weight", self.norm, d);
  }

  void validate(const mamba_config& c) const {
    constexpr std::string_view who = "models::mamba";
    require_rows(static_cast<Eigen::Index>(layers.size()), c.layers, who, ".layers", "the config's layers");
    detail::weight_checker<Scalar> checker(who);
    visit(*this, c, "", checker);
  }
};

/// One layer: x ← x + mixer(norm x), norm u = w ∘ u / sqrt(mean u² + eps), and the mixer of u
///
///   (ξ, z) = in_proj u,   c = silu(conv_bias + Σ_j conv_j ∘ ξ_{t-K+1+j}),   (δ, B, C) = x_proj c,
///   Δ = softplus(dt_proj δ + dt_bias),   S' = exp(Δ A) ∘ S + (Δ ∘ c) Bᵀ,   A = -e^A_log,
///   out_proj ((S' C + D ∘ c) ∘ silu(z)).
///
/// A is discretised by the exponential, B by Euler's rule, as the published model is.
///
/// State: the last K - 1 ξ, the oldest first, shape (d_i) each; then S, channel by channel, shape (N) each: size
/// d_i (K - 1 + N). The convolution's part is a shift register, whose perturbations are gone after K - 1 steps.
///
/// Tangent in S alone: diag(exp(Δ A)), all in (0, 1): along given inputs the exponents of layer l are the means of Δ_c A_cn, one
/// each, and -∞ for the convolution's.
///
/// Source: A. Gu, T. Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces", 2023, algorithm 2; the tangent is
///         derived here
template <class Scalar>
class mamba_layer {
 public:
  using scalar_type = Scalar;
  using config_type = mamba_config;
  using model_weights = mamba_weights<Scalar>;
  using norm_type = detail::rms_norm<Scalar>;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  static constexpr std::string_view name = "models::mamba";

  /// Used by all layers in turn; columns are members, or, of those of the tangent, directions.
  struct scratch {
    matrix unit, normed, projected, conv, conv_slope, selected, dt, dt_slope, gate_slope, decay, read, joined;
    matrix normed_tangent, projected_tangent, conv_tangent, selected_tangent, dt_tangent, joined_tangent;
  };
  /// What a layer's step leaves for its tangent, of the first member.
  struct kept {
    vector unit, conv, conv_slope, selected, dt, dt_slope, gate, gate_slope, read;
    matrix decay, drive, state;  ///< e^{ΔA}; ∂S'/∂Δ = e^{ΔA} A S + c Bᵀ; S'; shape (N, d_i)
    Scalar scale = 0;
  };

  mamba_layer(const mamba_config& config, const typename mamba_weights<Scalar>::layer& weights, std::size_t index);
  /// The config, which says all of it.
  static mamba_config complete(const mamba_config& config, checkpoint&) {
    config.validate();
    return config;
  }
  /// How a file calls what stands around the layers: Hugging Face's names, or those of the authors' own code.
  static detail::body_names find_names(const checkpoint& tensors, const mamba_config& config) {
    return detail::find_mamba_names(tensors, config);
  }
  static norm_type make_norm(const mamba_config& config, const mamba_weights<Scalar>& weights) {
    return {weights.norm, config.norm_epsilon};
  }

  Eigen::Index state_size() const { return inner_ * (kernel_ - 1 + states_); }
  /// Where S begins in the layer's state.
  Eigen::Index recurrent_offset() const { return inner_ * (kernel_ - 1); }
  /// A, shape (N, d_i); all below 0.
  const matrix& rates() const { return A_; }

  /// The matrices of its products, one after another.
  template <class Visit>
  void visit_products(const Visit& visit) {
    for (auto* product : {&in_, &x_, &dt_, &out_}) visit(*product);
  }

  /// What its exponents along given inputs are made of: channel c's gate is Δ_c, of which S(c, n) has A_cn. See `residual_stack`.
  Eigen::Index gate_count() const { return inner_; }
  /// \param first_gate, first  where the layer's gates and its state begin
  void describe_gates(maps::gate_structure& all, Eigen::Index first_gate, Eigen::Index first) const {
    all.set(first, recurrent_offset(), maps::gate_structure::nilpotent, 0.0);
    for (Eigen::Index c = 0; c < inner_; ++c)
      for (Eigen::Index k = 0; k < states_; ++k)
        all.set(first + recurrent_offset() + c * states_ + k, 1, first_gate + c, static_cast<double>(A_(k, c)));
  }
  /// \param s  of the last step; of its first member
  void keep_gates(const scratch& s, Eigen::Ref<vector> kept_gates) const { kept_gates = s.dt.col(0); }
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
  Eigen::Index hidden_, inner_, states_, kernel_, rank_;
  norm_type norm_;
  detail::packed_matrix<Scalar> in_, x_, dt_, out_;
  vector in_bias_, conv_bias_, dt_bias_, D_, out_bias_;
  matrix conv_, A_;
};

#if defined(LIBRATION_COMPILED)
extern template class mamba_layer<double>;
extern template class mamba_layer<float>;
#endif

/// The body of a Mamba: see `residual_stack`. `sequence_model<mamba<float>>::from(folder)` reads a language model.
template <class Scalar>
using mamba = residual_stack<mamba_layer<Scalar>>;

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/mamba.hpp>
#endif
