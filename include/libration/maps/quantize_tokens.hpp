// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A token model whose state is kept in a format of few bits.

#include <concepts>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/maps/token_model.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// What `quantize` makes of a token model: it reads and writes as the inner one, from a state that is rounded after each token.
template <token_model M>
class quantized_token_model {
 public:
  using scalar_type = typename M::scalar_type;
  using workspace = typename M::workspace;

  quantized_token_model(M model, number_format format) : model_(std::move(model)), format_(std::move(format)) {
    format_.check_size(model_.state_size(), "maps::quantize");
  }

  const M& model() const { return model_; }
  const number_format& format() const { return format_; }
  Eigen::Index state_size() const { return model_.state_size(); }
  Eigen::Index vocabulary_size() const { return model_.vocabulary_size(); }
  workspace make_workspace(Eigen::Index columns) const { return model_.make_workspace(columns); }

  template <std::same_as<token> Token>
  void step(Token v, vector_view<scalar_type> h, vector_span<scalar_type> next, workspace& ws) const
    requires(!reads_in_place<M>)
  {
    model_.step(v, h, next, ws);
    format_.round(next);
  }
  void read(token v, vector_span<scalar_type> h, workspace& ws) const
    requires reads_in_place<M>
  {
    model_.read(v, h, ws);
    format_.round(h);
  }
  void logits(vector_view<scalar_type> h, vector_span<scalar_type> out) const { model_.logits(h, out); }

 private:
  M model_;
  number_format format_;
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
