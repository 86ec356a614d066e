// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// minGRU and minLSTM, whose gates depend on the input alone, as a driven map: config, weights, layer, `models::min_gru`.

#include <cmath>
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
#include <libration/models/residual_stack.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Sizes that are 0 are read from the tensors' shapes, for there is no config file: an empty config reads any such model.
struct min_gru_config {
  Eigen::Index hidden_size = 0;  ///< d
  Eigen::Index inner_size = 0;   ///< d_i, units of a layer
  Eigen::Index ffn_size = 0;
  Eigen::Index layers = 0;
  Eigen::Index vocabulary_size = 0;
  bool forget_gate = false;  ///< minLSTM: a gate to forget by and one to write by, instead of one for both
  bool projected = true;     ///< with `to_out`; without it d_i = d
  bool tied_head = false;

  /// Blocks of d_i rows of the input weight.
  Eigen::Index blocks() const { return forget_gate ? 3 : 2; }

  /// This with what is 0, and the two choices, read from the tensors.
  /// \throws file_error  naming the tensor that is missing or of another shape
  LIBRATION_DECLARED min_gru_config complete(checkpoint& tensors) const;
  /// \throws argument_error  where sizes are missing or do not fit each other
  LIBRATION_DECLARED void validate() const;
};

/// Matrices are (out, in), as in the files. What a config does not have is empty.
template <class Scalar>
struct min_gru_weights {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

  struct layer {
    vector gamma;      ///< of the norm, which multiplies by 1 + gamma; shape (d)
    matrix in;         ///< to_hidden_and_gate, shape (2 d_i, d): h̃, z; or to_hidden_and_f_i_gate, shape (3 d_i, d): h̃, f, i
    matrix out;        ///< to_out, shape (d, d_i), or empty
    vector ffn_gamma;  ///< shape (d)
    matrix ffn_in;     ///< shape (ffn_size, d)
    vector ffn_in_bias;
    matrix ffn_out;  ///< shape (d, ffn_size)
    vector ffn_out_bias;
  };
  std::vector<layer> layers;
  vector gamma;  ///< of the last norm, shape (d)

  /// Goes through the body's tensors by lucidrains' names.
  template <class Self, class Visitor>
  static void visit(Self& self, const min_gru_config& c, const std::string& before, Visitor& visitor) {
    const Eigen::Index d = c.hidden_size, I = c.inner_size, F = c.ffn_size;
    for (std::size_t l = 0; l < self.layers.size(); ++l) {
      auto& w = self.layers[l];
      const std::string at = before + "layers." + number_text(l) + ".";
      visitor.vector(at + "1.gamma", w.gamma, d);
      visitor.matrix(at + (c.forget_gate ? "2.to_hidden_and_f_i_gate.weight" : "2.to_hidden_and_gate.weight"), w.in, c.blocks() * I,
                     d);
      if (c.projected) visitor.matrix(at + "2.to_out.weight", w.out, d, I);
      visitor.vector(at + "3.gamma", w.ffn_gamma, d);
      visitor.matrix(at + "4.0.weight", w.ffn_in, F, d);
      visitor.vector(at + "4.0.bias", w.ffn_in_bias, F);
      visitor.matrix(at + "4.2.weight", w.ffn_out, d, F);
      visitor.vector(at + "4.2.bias", w.ffn_out_bias, d);
    }
    visitor.vector(before + "norm.gamma", self.gamma, d);
  }

  void validate(const min_gru_config& c) const {
    constexpr std::string_view who = "models::min_gru";
    require_rows(static_cast<Eigen::Index>(layers.size()), c.layers, who, ".layers", "the config's layers");
    detail::weight_checker<Scalar> checker(who);
    visit(*this, c, "", checker);
  }
};

/// One layer: x ← x + to_out h', h' = (1 - z) ∘ h + z ∘ g(h̃), and a feed-forward half x ← x + W₂ gelu(W₁ norm x + b₁) + b₂.
///
/// minGRU: (h̃, z) = in norm x, z ← σ(z). minLSTM: (h̃, f, i) = in norm x, z = σ(i)/(σ(f) + σ(i)). g(a) = a + 1/2 for a >= 0,
/// σ(a) below: of the candidate, and never of the state. norm x = (1 + gamma) ∘ x √d / |x|. gelu is exact.
///
/// State: h, shape (d_i). Tangent in it alone: D(1 - z), all in (0, 1): along given inputs the exponents are the means of
/// ln(1 - z), one a unit.
///
/// Source: L. Feng et al., "Were RNNs All We Needed?", 2024, appendix B; the tangent is derived here
template <class Scalar>
class min_gru_layer {
 public:
  using scalar_type = Scalar;
  using config_type = min_gru_config;
  using model_weights = min_gru_weights<Scalar>;
  using norm_type = detail::rms_norm<Scalar>;
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  static constexpr std::string_view name = "models::min_gru";

  /// Used by all layers in turn; columns are members, or, of those of the tangent, directions.
  struct scratch {
    matrix unit, normed, gates, units, ffn;
    vector slope, ffn_slope;
    matrix normed_tangent, gates_tangent, units_tangent, ffn_tangent;
  };
  /// What a layer's step leaves for its tangent, of the first member.
  struct kept {
    vector unit, ffn_unit, keep, candidate, gates, ffn;  ///< 1 - z; factors of dh̃, and of dz or of df and di; gelu'
    Scalar scale = 0, ffn_scale = 0;
  };

  min_gru_layer(const min_gru_config& config, const typename min_gru_weights<Scalar>::layer& weights, std::size_t index);
  static min_gru_config complete(const min_gru_config& config, checkpoint& tensors) { return config.complete(tensors); }
  static detail::body_names find_names(const checkpoint&, const min_gru_config&) { return {"", "token_emb.weight", "to_logits."}; }
  static norm_type make_norm(const min_gru_config&, const min_gru_weights<Scalar>& weights) { return norm_of(weights.gamma); }

  Eigen::Index state_size() const { return config_.inner_size; }
  /// What its exponents along given inputs are made of: a unit's gate is ln(1 - z). See `residual_stack`.
  Eigen::Index gate_count() const { return config_.inner_size; }
  /// \param first_gate, first  where the layer's gates and its state begin
  void describe_gates(maps::gate_structure& all, Eigen::Index first_gate, Eigen::Index first) const {
    for (Eigen::Index c = 0; c < config_.inner_size; ++c) all.set(first + c, 1, first_gate + c, 1.0);
  }
  /// \param s  of the last step; of its first member
  void keep_gates(const scratch& s, Eigen::Ref<vector> kept_gates) const { kept_gates = s.slope.head(config_.inner_size); }
  /// \param kept_gates  what `keep_gates` kept; \param out  the gates, shape (gate_count)
  void write_gates(const Eigen::Ref<const vector>& kept_gates, vector_span<double> out) const {
    for (Eigen::Index c = 0; c < out.size(); ++c) out[c] = std::log(static_cast<double>(kept_gates[c]));
  }

  /// The matrices of its products, one after another.
  template <class Visit>
  void visit_products(const Visit& visit) {
    for (auto* product : {&in_, &out_, &ffn_in_, &ffn_out_}) visit(*product);
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
  // x √d / max(|x|, 1e-12), but for what is shorter than some 1e-12.
  static norm_type norm_of(const vector& gamma) { return {gamma.array() + Scalar(1), 1e-24 / static_cast<double>(gamma.size())}; }
  // Adds to_out of some columns to the stream.
  void add_output(matrix_span<Scalar>& stream, const matrix& units, matrix& product) const;

  min_gru_config config_;
  norm_type norm_, ffn_norm_;
  detail::packed_matrix<Scalar> in_, out_, ffn_in_, ffn_out_;
  vector ffn_in_bias_, ffn_out_bias_;
};

#if defined(LIBRATION_COMPILED)
extern template class min_gru_layer<double>;
extern template class min_gru_layer<float>;
#endif

/// The body of a language model of minGRU or minLSTM layers: see `residual_stack`. `sequence_model<min_gru<float>>::from(file, {})`
/// reads lucidrains' minGRULM.
template <class Scalar>
using min_gru = residual_stack<min_gru_layer<Scalar>>;

}  // namespace libration::inline LIBRATION_ABI::models

#if !defined(LIBRATION_COMPILED)
#include <libration/models/definitions/min_gru.hpp>
#endif
