// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `models::generate`: text from any token model, observed as it is written.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/accumulator.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/maps/token_model.hpp>

namespace libration::inline LIBRATION_ABI::models {

/// Options of `models::generate`, declared in the order in which designated initialisers name them.
struct generate_options {
  /// Most tokens to write, >= 1.
  std::int64_t tokens = 100;
  /// How a token is chosen: temperature (0: the most likely one), top-k, top-p.
  maps::sampling sampling = {};
  /// Seed of the choice: token i of the text is drawn by the inverse distribution function at a number that follows from (seed, i).
  std::uint64_t seed = 0;
  /// The text ends with the first of these, which is its last token; each one of the vocabulary.
  std::vector<maps::token> stop_tokens = {};
  /// The number of the first token, >= 0: a text that goes on after k tokens has k here.
  std::int64_t first_token = 0;
  std::stop_token stop = {};
};

/// What a callback sees of a token that was chosen.
template <maps::token_model M>
struct written_token {
  std::int64_t index;          ///< its number in the text, `first_token` for the first one
  maps::token token;
  double log_probability;      ///< nats, of the model's own distribution: softmax(logits), whatever the sampling
  double entropy;              ///< nats, of the model's own distribution
  double sampling_log_probability;  ///< nats, of the distribution that it was drawn from
  const maps::token_state<M>& state;   ///< that it was chosen in, shape (n)
  const maps::token_state<M>& logits;  ///< shape (V)
};

/// What `generate` returns.
template <maps::token_model M>
struct [[nodiscard]] generated_text {
  std::vector<maps::token> tokens;   ///< what was written, without the prompt
  std::vector<double> log_probability, entropy, sampling_log_probability;  ///< of each, nats; see `written_token`
  maps::token_state<M> final_state;  ///< after all tokens are read, the last one too: where `generate_from` goes on
  bool stopped = false;              ///< the last token is one of `stop_tokens`
  std::uint64_t seed = 0;
  libration::status status = libration::status::not_run;  ///< `ok`; `diverged`: logits that are not finite; `cancelled`
};

namespace detail {

struct no_observer {};

template <class M>
concept prefills = requires(const M& model, std::span<const maps::token> tokens, maps::token_state<M>& h) {
  model.prefill(tokens, h);
  { model.window() } -> std::convertible_to<Eigen::Index>;
};

template <class M, class Attention>
void read_observed(const M& model, maps::token v, maps::token_state<M>& h, maps::token_state<M>& scratch,
                   typename M::workspace& ws, [[maybe_unused]] const Attention& attention) {
  if constexpr (std::is_same_v<Attention, no_observer>)
    maps::read_token(model, v, h, scratch, ws);
  else
    model.read(v, h, ws, attention);
}

template <class M, class OnToken, class Attention>
generated_text<M> generate(const M& model, std::span<const maps::token> prompt, maps::token_state<M> h,
                           const generate_options& options, OnToken& on_token, const Attention& attention, std::string_view who) {
  static_assert(std::is_same_v<Attention, no_observer> ||
                    requires(typename M::workspace& ws) { model.read(maps::token{}, h, ws, attention); },
                "libration: this model shows no attention: it has no read(token, h, workspace, observer)");
  const option_check check(who);
  const Eigen::Index vocabulary = model.vocabulary_size();
  check(options.tokens >= 1, "tokens", options.tokens, ">= 1");
  check(options.first_token >= 0, "first_token", options.first_token, ">= 0");
  maps::validate(options.sampling, who);
  if (!options.stop_tokens.empty()) maps::require_tokens(options.stop_tokens, vocabulary, who, ".stop_tokens");

  auto ws = model.make_workspace(0);
  auto scratch = maps::make_read_scratch(model);
  if constexpr (prefills<M>) {
    const auto first = prompt.first(std::min(prompt.size(), static_cast<std::size_t>(model.window())));
    prompt = prompt.subspan(first.size());
    if (!first.empty()) {
      if constexpr (std::is_same_v<Attention, no_observer>)
        model.prefill(first, h);
      else
        model.prefill(first, h, attention);
    }
  }
  for (const maps::token v : prompt) read_observed(model, v, h, scratch, ws, attention);

  generated_text<M> text;
  text.seed = options.seed;
  const auto room = static_cast<std::size_t>(std::min<std::int64_t>(options.tokens, 1 << 20));
  text.tokens.reserve(room);
  for (auto* numbers : {&text.log_probability, &text.entropy, &text.sampling_log_probability}) numbers->reserve(room);
  maps::token_state<M> logits(vocabulary);
  Eigen::VectorXd probabilities(vocabulary);
  std::vector<maps::token> kept;
  const random_stream numbers(options.seed, 0x74657874);  // a stream of its own: "text"
  text.status = status::ok;
  for (std::int64_t i = 0; i < options.tokens && !text.stopped; ++i) {
    if (options.stop.stop_requested()) {
      text.status = status::cancelled;
      break;
    }
    model.logits(h, logits);
    if (!maps::probabilities(logits, options.sampling, probabilities, kept)) {
      text.status = status::diverged;
      break;
    }
    const std::int64_t index = options.first_token + i;
    const maps::token v = maps::is_greedy(options.sampling)
                              ? maps::greedy_choice(logits)
                              : maps::inverse_cdf_choice(probabilities, numbers.uniform(static_cast<std::uint64_t>(index)));
    attention::accumulator<double> own;  // of the model's own distribution
    for (Eigen::Index l = 0; l < vocabulary; ++l) own.push(static_cast<double>(logits[l]));
    const double log_probability = static_cast<double>(logits[v]) - own.log_sum_exp();
    const written_token<M> written{index, v, log_probability, own.entropy(), std::log(probabilities[v]), h, logits};
    text.tokens.push_back(v);
    text.log_probability.push_back(written.log_probability);
    text.entropy.push_back(written.entropy);
    text.sampling_log_probability.push_back(written.sampling_log_probability);
    if constexpr (!std::is_same_v<OnToken, const no_observer>) on_token(written);
    text.stopped = std::find(options.stop_tokens.begin(), options.stop_tokens.end(), v) != options.stop_tokens.end();
    read_observed(model, v, h, scratch, ws, attention);
  }
  text.final_state = std::move(h);
  return text;
}

}  // namespace detail

/// Reads a prompt from the zero state and writes on: each token is drawn from what the model expects, and read.
///
///     const auto text = models::generate(model, prompt, {.tokens = 200, .sampling = {.temperature = 0.8}, .seed = 1});
///     model.characters().decode(text.tokens)
///
/// The text is a function of model, prompt and options alone. Two calls are one: a + b tokens are a, and b more by `generate_from`
/// with `.first_token = a`.
///
/// \param prompt    at least one token, 0 <= v < V. A model that offers `prefill` reads it at once, as far as its window goes
/// \param on_token  on_token(const written_token<M>&), after each choice: the token, its log-probability, entropy and state
/// \param observe_attention  for models whose `read` takes one (`llama`): called with every row of attention, of the prompt too
///                  (`attention_row`); `trace_attention` makes of the rows of a given text what `attention` measures
/// \return          `ok`; `diverged` where logits are not finite; `cancelled`; each with what was written
/// \throws argument_error  no prompt, a token or an option out of range
/// Cost: a step and the logits a token, and two exponentials a token of the vocabulary; no allocation in a step but by `kept`
///       (see `maps::probabilities`)
template <maps::token_model M>
generated_text<M> generate(const M& model, std::span<const maps::token> prompt, const generate_options& options = {}) {
  const detail::no_observer nobody;
  return generate(model, prompt, options, nobody, nobody);
}
template <maps::token_model M, class OnToken>
generated_text<M> generate(const M& model, std::span<const maps::token> prompt, const generate_options& options,
                           OnToken&& on_token) {
  return generate(model, prompt, options, on_token, detail::no_observer{});
}
template <maps::token_model M, class OnToken, class Attention>
generated_text<M> generate(const M& model, std::span<const maps::token> prompt, const generate_options& options,
                           OnToken&& on_token, const Attention& observe_attention) {
  constexpr std::string_view who = "models::generate";
  maps::require_tokens(prompt, model.vocabulary_size(), who, "the prompt");
  return detail::generate(model, prompt, maps::token_state<M>(maps::token_state<M>::Zero(model.state_size())), options, on_token,
                          observe_attention, who);
}

/// The same from a state: what was read before stands in it.
///
/// \param h  shape (n), as `final_state` of another text, or after tokens that were read
template <maps::token_model M>
generated_text<M> generate_from(const M& model, const maps::token_state<M>& h, const generate_options& options = {}) {
  const detail::no_observer nobody;
  return generate_from(model, h, options, nobody, nobody);
}
template <maps::token_model M, class OnToken>
generated_text<M> generate_from(const M& model, const maps::token_state<M>& h, const generate_options& options,
                                OnToken&& on_token) {
  return generate_from(model, h, options, on_token, detail::no_observer{});
}
template <maps::token_model M, class OnToken, class Attention>
generated_text<M> generate_from(const M& model, const maps::token_state<M>& h, const generate_options& options,
                                OnToken&& on_token, const Attention& observe_attention) {
  constexpr std::string_view who = "models::generate_from";
  require_rows(h.size(), model.state_size(), who, "h", "the model's state");
  return detail::generate(model, {}, h, options, on_token, observe_attention, who);
}

}  // namespace libration::inline LIBRATION_ABI::models
