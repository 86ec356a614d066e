// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A token model whose state is kept in a format of few bits.

#include <concepts>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/maps/wrapper.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// What `quantize` makes of a token model: it reads and writes as the inner one, from a state that is rounded after each token.
/// Where the inner one is a driven map too, so is this, with the inner one's tangent straight through.
template <token_model M>
class quantized_token_model : public wrapper<quantized_token_model<M>, M, true> {
  static constexpr bool is_map = vector_map<M> && !timed<M> && detail::tangent_in_workspace<M> &&
                                 detail::input_tangent_in_workspace<M>;

 public:
  using scalar_type = typename M::scalar_type;
  using workspace = typename M::workspace;

  quantized_token_model(M model, number_format format) : model_(std::move(model)), rounding_(std::move(format), maps::counters<M>) {
    rounding_.format().check_size(model_.state_size(), "maps::quantize");
  }

  const M& model() const { return model_; }
  const M& inner() const { return model_; }
  const number_format& format() const { return rounding_.format(); }
  Eigen::Index state_size() const { return model_.state_size(); }
  Eigen::Index vocabulary_size() const { return model_.vocabulary_size(); }
  workspace make_workspace(Eigen::Index columns) const { return model_.make_workspace(columns); }

  template <std::same_as<token> Token>
  void step(Token v, vector_view<scalar_type> h, vector_span<scalar_type> next, workspace& ws) const
    requires(!reads_in_place<M>)
  {
    model_.step(v, h, next, ws);
    rounding_(0, next);
  }
  void read(token v, vector_span<scalar_type> h, workspace& ws) const
    requires reads_in_place<M>
  {
    model_.read(v, h, ws);
    rounding_(0, h);
  }
  void logits(vector_view<scalar_type> h, vector_span<scalar_type> out) const { model_.logits(h, out); }

  Eigen::Index input_size() const
    requires is_map
  {
    return model_.input_size();
  }
  void step(vector_view<scalar_type> h, vector_view<scalar_type> x, vector_span<scalar_type> next, workspace& ws) const
    requires is_map
  {
    model_.step(h, x, next, ws);
    rounding_(0, next);
  }
  void tangent(matrix_view<scalar_type> V, matrix_span<scalar_type> JV, workspace& ws) const
    requires(is_map && detail::tangent_in_workspace_alone<M>)
  {
    model_.tangent(V, JV, ws);
  }
  void tangent(vector_view<scalar_type> h, vector_view<scalar_type> x, matrix_view<scalar_type> V, matrix_span<scalar_type> JV,
               workspace& ws) const
    requires(is_map && detail::tangent_in_workspace_hx<M>)
  {
    model_.tangent(h, x, V, JV, ws);
  }
  void tangent(matrix_view<scalar_type> V, matrix_view<scalar_type> VX, matrix_span<scalar_type> JV, workspace& ws) const
    requires(is_map && detail::input_tangent_in_workspace_alone<M>)
  {
    model_.tangent(V, VX, JV, ws);
  }
  void tangent(vector_view<scalar_type> h, vector_view<scalar_type> x, matrix_view<scalar_type> V, matrix_view<scalar_type> VX,
               matrix_span<scalar_type> JV, workspace& ws) const
    requires(is_map && detail::input_tangent_in_workspace_hx<M>)
  {
    model_.tangent(h, x, V, VX, JV, ws);
  }

 private:
  M model_;
  rounding rounding_;
};

/// The token model whose state is rounded after each token that it reads.
///
///     error::token_divergence(model, quantize(model, number_format::bfloat16()), prompts)
///
/// \throws argument_error where the format has ranges for another number of components than the state has
template <token_model M>
quantized_token_model<M> quantize(M model, number_format format) {
  return {std::move(model), std::move(format)};
}

}  // namespace libration::inline LIBRATION_ABI::maps
