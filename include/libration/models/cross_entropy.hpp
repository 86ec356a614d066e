// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a text costs a token model: `models::cross_entropy`.

#include <cstddef>
#include <span>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/readout.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Mean cost of each token after the first, given those before it, from the zero state.
///
/// \param tokens  at least two, 0 <= token < V
/// \return        nats per token
/// \throws argument_error  for fewer, and for one out of range
template <maps::token_model M>
double cross_entropy(const M& model, std::span<const maps::token> tokens) {
  constexpr std::string_view who = "models::cross_entropy";
  require(tokens.size() >= 2, who, "fewer than two tokens");
  maps::require_tokens(tokens, model.vocabulary_size(), who, "tokens");
  auto ws = model.make_workspace(0);
  maps::token_state<M> h = maps::token_state<M>::Zero(model.state_size()), scratch = maps::make_read_scratch(model);
  maps::token_state<M> logits(model.vocabulary_size());
  double sum = 0.0;
  for (std::size_t t = 0; t + 1 < tokens.size(); ++t) {
    maps::read_token(model, tokens[t], h, scratch, ws);
    model.logits(h, logits);
    sum += cross_entropy(logits, tokens[t + 1]);
  }
  return sum / static_cast<double>(tokens.size() - 1);
}

}  // namespace libration::inline LIBRATION_ABI::models
