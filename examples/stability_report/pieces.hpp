// SPDX-License-Identifier: MIT
#pragma once
// Pieces of the text that runs begin from, or that are read through.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "section.hpp"

namespace stability {

// So many prompts, spread evenly over the text after the transient; fewer and shorter where it is short.
inline std::vector<std::vector<token>> prompts_of(const text_pieces& text, std::int64_t count) {
  const std::int64_t room = text.length() - text.transient;
  const std::int64_t each = std::min(text.prompt, room);
  const std::int64_t pieces = std::max<std::int64_t>(1, std::min(count, room / each));
  std::vector<std::vector<token>> prompts;
  for (std::int64_t i = 0; i < pieces; ++i) {
    const auto first = text.tokens.begin() + text.transient + i * (room / pieces);
    prompts.emplace_back(first, first + each);
  }
  return prompts;
}

// Pieces as long as the window, or the whole of a shorter text.
inline std::vector<std::span<const token>> windows_of(const text_pieces& text, std::int64_t most) {
  const std::int64_t length = text.piece();
  const std::int64_t count = std::max<std::int64_t>(1, std::min(most, text.length() / length));
  std::vector<std::span<const token>> pieces;
  for (std::int64_t i = 0; i < count; ++i)
    pieces.push_back(
        std::span(text.tokens).subspan(static_cast<std::size_t>(i * (text.length() / count)), static_cast<std::size_t>(length)));
  return pieces;
}

// The text as the inputs of a network, step by step.
class text_inputs {
 public:
  explicit text_inputs(const question& q) : embed_(&q.model.state->embed), tokens_(&q.tokens) {}

  void operator()(std::int64_t t, vector_span<double> out) const { (*embed_)(tokens_->at(static_cast<std::size_t>(t)), out); }

 private:
  const std::function<void(token, vector_span<double>)>* embed_;
  const std::vector<token>* tokens_;
};

// The state after the first tokens of the text, on which it has settled.
inline Eigen::VectorXd settled_state(const question& q) {
  return q.model.state->read(std::span(q.tokens).first(static_cast<std::size_t>(std::min(q.transient, q.length()))));
}

}  // namespace stability
