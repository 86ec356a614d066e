// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a decoder attends to along a text: the statistics of every row of every head.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/result.hpp>
#include <libration/attention/row_writer.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/models/llama.hpp>

namespace libration::inline LIBRATION_ABI::models {

struct attention_trace_options {
  Eigen::Index sink = 1;  ///< first tokens of the text whose weight is the sink mass, >= 0; 0: not wanted
};

/// Reads a text from the zero state and takes the statistics of each row of attention on the way. No row is kept.
///
///     const auto rows = models::trace_attention(model, tokens);
///     attention::dilution(rows.entropy, rows.visible);
///
/// \param tokens  at least one, 0 <= v < V; those beyond the model's window are read one by one, each seeing the window's tokens
/// \return        a row for each query head, layer by layer (head j of layer l is row l · query_heads + j), a column a token; with
///                sink mass (of tokens still in the cache) and mean distance
/// \throws argument_error  for no tokens, for one out of range, and for an option out of range
/// Cost: the reading, and about as much again as its exponentials for the rows' sums
template <class Scalar>
attention::entropy_result trace_attention(const llama<Scalar>& model, std::span<const maps::token> tokens,
                                          const attention_trace_options& options = {}) {
  constexpr std::string_view who = "models::trace_attention";
  maps::require_tokens(tokens, model.vocabulary_size(), who, "tokens");
  const option_check check(who);
  check(options.sink >= 0, "sink", options.sink, ">= 0");
  const llama_config& c = model.config();
  attention::row_writer rows(c.layers * c.query_heads, static_cast<Eigen::Index>(tokens.size()), options.sink, who);
  const attention_observer<Scalar> observe = [&](const attention_row<Scalar>& row) {
    const auto span = [](const auto& values) {
      return std::span<const Scalar>(values.data(), static_cast<std::size_t>(values.size()));
    };
    rows.write(row.layer * c.query_heads + row.head, static_cast<Eigen::Index>(row.position), span(row.logits), span(row.weights),
               [&](Eigen::Index slot) { return row.distance(slot); });
  };
  typename llama<Scalar>::vector h = llama<Scalar>::vector::Zero(model.state_size());
  const std::size_t first = std::min(tokens.size(), static_cast<std::size_t>(model.window()));
  model.prefill(tokens.first(first), h, observe);
  auto ws = model.make_workspace();
  for (const maps::token v : tokens.subspan(first)) model.read(v, h, ws, observe);
  return rows.finish();
}

}  // namespace libration::inline LIBRATION_ABI::models
