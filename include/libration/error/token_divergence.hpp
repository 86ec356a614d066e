// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How long two runs of language models say the same: coupled pairs of runs, token by token.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/rollout/ensemble.hpp>
#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// What the two runs of a pair share when they choose. Neither changes what a run is by itself: each says its tokens with its own
/// model's probabilities.
enum class coupling : std::uint8_t {
  /// One uniform a step. A shift of probability moves the boundaries of all tokens between, so that pairs part sooner, much sooner
  /// where the vocabulary is large: 50,000 normal logits of deviation 3 and 0.01 more or less (TV 0.40 %) choose differently with
  /// probability 27 %, by Gumbel-max with 0.53 % (measured).
  inverse_cdf,
  /// One Gumbel number a token: two distributions at total variation distance TV part with a probability of TV to 2 TV/(1 + TV).
  gumbel,
  /// No chance: the most likely token, whatever the temperature.
  greedy
};

/// Options of `error::token_divergence`, declared in the order in which designated initialisers name them.
struct token_divergence_options {
  /// Pairs of runs, >= 1. 200: the fraction that still agrees is known to 3.5 % (standard error) where it is a half.
  std::int64_t runs = 200;

  /// Tokens that each run says, >= 1. A pair that agrees to the end is censored: no quantile beyond it is seen.
  std::int64_t steps = 1000;

  /// Temperature, top-k and top-p, the same for both models.
  maps::sampling sampling = {};

  /// What the two share when they choose.
  error::coupling coupling = error::coupling::gumbel;

  /// Seed of choices and perturbations; pair r has its own stream r.
  std::uint64_t seed = 0;

  /// Size (Euclidean norm) of the displacement, in a random direction of all components, of the second run's state after the
  /// prompt, >= 0 and finite; 0: none. Below the state's last digit rounding swallows it: see `smallest_perturbation`.
  double perturbation = 0.0;

  /// Tokens in a row that two runs must say alike, after a difference, to have merged again, >= 1. 16: two that agree by chance in
  /// every second token do so for that long once in 65,536 steps.
  std::int64_t merge_length = 16;

  /// Threads, >= 1; 0: one per hardware thread. No digit of the result depends on it.
  int threads = 0;

  /// Called now and then with the pairs done; a stop token ends all pairs, each with what it has.
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// One pair of runs.
struct token_pair {
  std::int64_t first_divergence = -1;  ///< tokens said alike before the first that differs; -1: none differs
  std::int64_t mergings = 0;           ///< stretches of at least `merge_length` equal tokens after a difference
  std::int64_t differing = 0;          ///< tokens that differ, place by place: text that is merely shifted differs
  std::int64_t steps = 0;              ///< tokens said by both
  /// ok; diverged: a logit was not finite, at token `steps`; cancelled; not_run: cancelled before it began
  libration::status status = libration::status::not_run;
};

/// The result of `error::token_divergence`.
struct [[nodiscard]] token_divergence_result {
  std::vector<token_pair> pairs;  ///< shape (pairs), in order

  Eigen::VectorXd hamming;        ///< shape (steps): fraction of pairs whose t-th token differs; NaN where none came so far
  Eigen::VectorXd hamming_error;  ///< shape (steps): its binomial standard error
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> compared;  ///< shape (steps): pairs that said a t-th token

  /// Of the first divergence: S(t) is the probability that the first t tokens agree. Pairs that agree to their end are censored.
  stats::kaplan_meier_estimate survival;
  /// Constant hazard per token, and whether a Weibull law says more: shape below 1, those that agreed long go on agreeing; above 1,
  /// differences build up before they show.
  stats::hazard_fits hazard;
  stats::time_quantile horizon_50;  ///< tokens after which fewer than half of the pairs still agree; infinity: not reached
  stats::time_quantile horizon_80;  ///< fewer than 80 %
  stats::time_quantile horizon_99;  ///< fewer than 99 %

  std::int64_t diverged_pairs = 0;  ///< that ended at a logit that was not finite, and are censored there
  std::int64_t mergings = 0;        ///< of all pairs
  std::int64_t steps = 0;           ///< tokens asked of each run
  /// Smallest distance of the two states that any perturbation made, after rounding; 0: swallowed, or none asked for.
  double smallest_perturbation = 0.0;
  std::int64_t merge_length = 0;  ///< as asked for
  error::coupling coupling = error::coupling::gumbel;
  std::uint64_t seed = 0;
  /// ok: every pair came to its end; cancelled; diverged: some pair ended before, at a logit that was not finite
  libration::status status = libration::status::not_run;
};

/// \param a, b  vocabulary sizes of the two models
/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const token_divergence_options& options, Eigen::Index a, Eigen::Index b, std::string_view who);

namespace detail {

// One of the two runs of a pair: a model with its state, and room for its choice.
template <class M>
struct token_speaker {
  using scalar = typename M::scalar_type;

  explicit token_speaker(const M& of)
      : model(of),
        h(maps::token_state<M>::Zero(of.state_size())),
        scratch(maps::make_read_scratch(of)),
        logits(of.vocabulary_size()),
        probabilities(of.vocabulary_size()),
        ws(of.make_workspace(0)) {}

  void read(maps::token v) { maps::read_token(model, v, h, scratch, ws); }

  // Where the next token is drawn from; false where a logit is not finite.
  bool look_ahead(const maps::sampling& how) {
    model.logits(h, logits);
    return maps::probabilities(logits, how, probabilities, kept);
  }

  const M& model;
  maps::token_state<M> h, scratch, logits;
  Eigen::VectorXd probabilities;
  std::vector<maps::token> kept;
  typename M::workspace ws;
};

// Moves h by `size` in a random direction.
//
// \return  by how much it moved after rounding
template <class Vector>
double displace(Vector& h, double size, const random_stream& numbers) {
  Eigen::VectorXd direction(h.size());
  numbers.fill_normal(direction);
  const Vector before = h;
  h += (direction * (size / direction.norm())).template cast<typename Vector::Scalar>();
  return (h - before).template cast<double>().norm();
}

// Counts a pair's differences as they come.
class token_comparison {
 public:
  explicit token_comparison(std::int64_t merge_length) : merge_length_(merge_length) {}

  LIBRATION_DECLARED void add(bool differs, token_pair& pair);

 private:
  std::int64_t merge_length_, alike_ = 0;
};

// One pair, from states that are set. \param differs  out: shape (steps), 1 where the tokens differ
template <class A, class B>
token_pair run_pair(token_speaker<A>& a, token_speaker<B>& b, const token_divergence_options& options, const maps::sampling& how,
                    const random_stream& numbers, std::vector<std::uint8_t>& differs) {
  token_pair pair;
  token_comparison compare(options.merge_length);
  // Where every token can be chosen the Gumbel numbers are made once for both.
  const bool shared = options.coupling == coupling::gumbel && maps::keeps_all(how, a.probabilities.size());
  Eigen::VectorXd uniforms(shared ? a.probabilities.size() : 0);
  const auto choose = [&](const Eigen::VectorXd& p, std::int64_t t) {
    if (shared) return maps::gumbel_choice(p, uniforms);
    if (options.coupling == coupling::gumbel) return maps::gumbel_choice(p, numbers, t);
    // A greedy choice is certain, and any number finds it.
    return maps::inverse_cdf_choice(p, numbers.uniform(static_cast<std::uint64_t>(t)));
  };
  for (std::int64_t t = 0; t < options.steps; ++t) {
    if (options.stop.stop_requested()) {
      pair.status = status::cancelled;
      return pair;
    }
    if (!a.look_ahead(how) || !b.look_ahead(how)) {
      pair.status = status::diverged;
      return pair;
    }
    if (shared) maps::token_uniforms(numbers, t, uniforms);
    const maps::token u = choose(a.probabilities, t), v = choose(b.probabilities, t);
    compare.add(u != v, pair);
    differs[static_cast<std::size_t>(t)] = u != v;
    if (t + 1 == options.steps) break;
    a.read(u);
    b.read(v);
  }
  pair.status = status::ok;
  return pair;
}

LIBRATION_DECLARED void summarise_pairs(token_divergence_result& result, const std::vector<std::int64_t>& differing,
                                        bool cancelled);

// \param begin(r, a, b)  puts both speakers into the state in which pair r begins; beginnings repeat after `beginnings`
template <class A, class B, class Begin>
token_divergence_result couple_runs(const A& a, const B& b, const token_divergence_options& options, std::int64_t beginnings,
                                    const Begin& begin) {
  token_divergence_result result;
  result.steps = options.steps;
  result.merge_length = options.merge_length;
  result.coupling = options.coupling;
  result.seed = options.seed;
  maps::sampling how = options.sampling;
  if (options.coupling == coupling::greedy) how.temperature = 0.0;
  const bool repeats = maps::is_greedy(how) && options.perturbation == 0.0;
  const std::int64_t runs = repeats ? std::min(options.runs, beginnings) : options.runs;
  const auto steps = static_cast<std::size_t>(options.steps);
  result.pairs.resize(static_cast<std::size_t>(runs));
  std::vector<std::int64_t> differing(steps, 0);
  double smallest = std::numeric_limits<double>::infinity();
  bool cancelled = false;
  std::mutex adding;
  rollout::over_groups(runs, 1, options.threads, options.on_progress, [&](std::int64_t r, std::int64_t) {
    token_pair& pair = result.pairs[static_cast<std::size_t>(r)];
    if (options.stop.stop_requested()) {
      const std::lock_guard lock(adding);
      cancelled = true;
      return;
    }
    const random_stream numbers(options.seed, static_cast<std::uint64_t>(r));
    token_speaker<A> first(a);
    token_speaker<B> second(b);
    begin(r, first, second);
    const double moved = options.perturbation > 0.0 ? displace(second.h, options.perturbation, numbers) : 0.0;
    std::vector<std::uint8_t> differs(steps, 0);
    pair = run_pair(first, second, options, how, numbers, differs);
    // Whole numbers and a minimum: the same in any order.
    const std::lock_guard lock(adding);
    cancelled = cancelled || pair.status == status::cancelled;
    smallest = std::min(smallest, moved);
    for (std::size_t t = 0; t < static_cast<std::size_t>(pair.steps); ++t) differing[t] += differs[t];
  });
  result.smallest_perturbation = std::isfinite(smallest) ? smallest : 0.0;
  summarise_pairs(result, differing, cancelled);
  return result;
}

}  // namespace detail

/// Couples runs of two token models: pair by pair both read the same prompt, and then each goes on with its own choices, made with
/// the same random numbers.
///
/// Feedback is a discrete choice, so that a small difference does not show at once: it waits until it turns a choice. What is
/// measured is when that happens first, how much of the text differs from then on, and whether the runs merge again. Both models
/// may be the same one: then `.perturbation` displaces the second run's state, and without it the two never part.
///
/// Pairs count as independent of each other in every interval: with few prompts these speak of those prompts, not of text at
/// large. Greedy runs (also by temperature 0 or top-k 1) without a perturbation would repeat: there are no more pairs than prompts.
/// A pair whose logits stop being finite ends with `diverged` in its place, censored; the others go on.
///
/// \param a, b     vocabularies of one size; states may differ in size and scalar
/// \param prompts  each at least one token; prompt r modulo their number is that of pair r
/// \throws argument_error before the first step: vocabularies differ, no prompt, a prompt empty or with a token out of range, an
///         option out of range
/// Cost:   beside the models' own reading and logits, both together, V = 50,000, one core: 1.4 ms a token by inverse CDF, 2.8 ms by
///         Gumbel-max, 3.9 ms with top-p 0.9. No allocation in a step beyond the models' own. Memory, a thread: both states, some
///         6 V numbers, and a byte a step
template <maps::token_model A, maps::token_model B>
token_divergence_result token_divergence(const A& a, const B& b, std::span<const std::vector<maps::token>> prompts,
                                         const token_divergence_options& options = {}) {
  constexpr std::string_view who = "error::token_divergence";
  validate(options, a.vocabulary_size(), b.vocabulary_size(), who);
  require(!prompts.empty(), who, "no prompts, expected at least one");
  for (std::size_t i = 0; i < prompts.size(); ++i)
    maps::require_tokens(prompts[i], a.vocabulary_size(), who, "prompt " + number_text(i));
  const auto begin = [&](std::int64_t r, auto& first, auto& second) {
    for (const maps::token v : prompts[static_cast<std::size_t>(r) % prompts.size()]) {
      first.read(v);
      second.read(v);
    }
  };
  return with_memory(who, [&] { return detail::couple_runs(a, b, options, static_cast<std::int64_t>(prompts.size()), begin); });
}

/// The same from states instead of prompts: pair r begins in column r modulo their number.
///
/// \param starts_a, starts_b  states after a text, shapes (n_a, starts), (n_b, starts); finite
/// \throws argument_error also where the shapes do not fit, or a state is not finite
template <maps::token_model A, maps::token_model B>
token_divergence_result token_divergence(const A& a, const B& b, const matrix_view<typename A::scalar_type>& starts_a,
                                         const matrix_view<typename B::scalar_type>& starts_b,
                                         const token_divergence_options& options = {}) {
  constexpr std::string_view who = "error::token_divergence";
  validate(options, a.vocabulary_size(), b.vocabulary_size(), who);
  require_rows(starts_a.rows(), a.state_size(), who, "starts_a", "a's state size");
  require_rows(starts_b.rows(), b.state_size(), who, "starts_b", "b's state size");
  require(starts_a.cols() > 0 && starts_a.cols() == starts_b.cols(), who, [&] {
    return "starts have " + number_text(starts_a.cols()) + " and " + number_text(starts_b.cols()) +
           " columns, expected as many of one as of the other, at least one";
  });
  require(starts_a.allFinite() && starts_b.allFinite(), who, "starts have a component that is not finite");
  const auto begin = [&](std::int64_t r, auto& first, auto& second) {
    first.h = starts_a.col(r % starts_a.cols());
    second.h = starts_b.col(r % starts_b.cols());
  };
  return with_memory(who, [&] { return detail::couple_runs(a, b, options, starts_a.cols(), begin); });
}

/// One start for both, of models whose states are alike.
template <maps::token_model A, maps::token_model B>
  requires std::same_as<typename A::scalar_type, typename B::scalar_type>
token_divergence_result token_divergence(const A& a, const B& b, const matrix_view<typename A::scalar_type>& starts,
                                         const token_divergence_options& options = {}) {
  require_rows(starts.rows(), a.state_size(), "error::token_divergence", "starts", "a's state size");
  require_rows(starts.rows(), b.state_size(), "error::token_divergence", "starts", "b's state size");
  return token_divergence(a, b, starts, starts, options);
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/token_divergence.hpp>
#endif
