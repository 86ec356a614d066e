// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Tasks that ask a token model for what it has read, copying and associative recall, and its accuracy against their length.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/status.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/maps/token_model.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// What a model is shown, and what it is then to write, token by token.
struct task_case {
  std::vector<maps::token> prompt, answer;
};

/// A task: `task(length, seed, index)` is its case of that number, the same for the same arguments; `task.bits(length)` is what a
/// state has to hold at the end of the prompt to answer whatever is asked, in bits; `task.chance()` the share of tokens that are
/// right by guessing among equally likely ones. Lengths are >= 1.
template <class T>
concept task = requires(const T& t, std::int64_t length, std::uint64_t number) {
  { t(length, number, number) } -> std::same_as<task_case>;
  { t.bits(length) } -> std::convertible_to<double>;
  { t.chance() } -> std::convertible_to<double>;
};

/// What a copying task's length counts.
enum class copying_length : std::uint8_t { symbols, blanks };

/// Copying: symbols drawn independently, blanks, a marker; the answer is the symbols. Symbol i is token first_symbol + i.
struct copying {
  std::int64_t alphabet = 8;        ///< symbols to draw from, >= 2
  copying_length varies = copying_length::symbols;
  std::int64_t symbols = 10;        ///< drawn, >= 1; where `varies` is `blanks`
  std::int64_t blanks = 0;          ///< >= 0; where `varies` is `symbols`
  maps::token first_symbol = 2, blank = 0, marker = 1;

  LIBRATION_DECLARED task_case operator()(std::int64_t length, std::uint64_t seed, std::uint64_t index) const;
  LIBRATION_DECLARED double bits(std::int64_t length) const;
  template <class = void>
  double chance() const { return 1.0 / static_cast<double>(alphabet); }
};

/// Associative recall: as many pairs of a key and a value as the length says, keys without repetition, then one of the keys; the
/// answer is its value. Key i is token first_key + i, value i is token first_value + i.
struct associative_recall {
  std::int64_t keys = 32;    ///< to draw from, at least the length
  std::int64_t values = 16;  ///< to draw from, >= 2
  maps::token first_key = 0, first_value = 32;

  LIBRATION_DECLARED task_case operator()(std::int64_t length, std::uint64_t seed, std::uint64_t index) const;
  LIBRATION_DECLARED double bits(std::int64_t length) const;
  template <class = void>
  double chance() const { return 1.0 / static_cast<double>(values); }
};

/// Options of `memory::task_accuracy`, declared in the order in which designated initialisers name them.
struct task_options {
  /// Cases of each length, >= 1.
  std::int64_t cases = 200;
  /// Whether each right token is read before the next one is asked for; otherwise the model reads its own.
  bool forced = true;
  /// Of the bands, in (0, 1).
  double level = 0.95;
  /// Bits that the state's format could hold; 0: the size of the model's scalar for each component.
  double state_bits = 0.0;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
};

/// Accuracy against the length of a task.
struct [[nodiscard]] task_result {
  /// `ok` or `diverged`: a logit is not finite; `accuracy`, `lower`, `upper` and `whole` are NaN at the lengths where one is.
  libration::status status = libration::status::not_run;
  std::vector<std::int64_t> lengths;  ///< as given, ascending
  /// Share of the answers' tokens to which the model gives the largest logit.
  Eigen::VectorXd accuracy;
  /// Wilson's binomial band for it, of as many trials as there are cases (and so many of them right, rounded): tokens of one answer
  /// are not independent, and where they are, the band is too wide.
  Eigen::VectorXd lower, upper;
  Eigen::VectorXd whole;  ///< share of the cases whose answer is right in every token
  /// Largest accuracy that a state of `state_bits` allows: Fano's inequality on `bits`, over tokens alike.
  Eigen::VectorXd bound;
  /// Bits that the task asks the state to hold.
  Eigen::VectorXd bits;
  double chance = std::numeric_limits<double>::quiet_NaN();
  double state_bits = std::numeric_limits<double>::quiet_NaN();
  std::int64_t cases = 0;
  std::uint64_t seed = 0;

  /// \return  the length at which half of what the shortest length's accuracy is above chance is lost, by a line between the
  ///          lengths around it; NaN where the accuracy stays above, begins at chance, or is NaN before that length
  LIBRATION_DECLARED double half_length() const;
};

namespace detail {

LIBRATION_DECLARED void check_task(const task_options& options, std::span<const std::int64_t> lengths, std::string_view who);
struct task_score {
  double right = 0.0, asked = 0.0;
  bool finite = true;  ///< all of the logits that were asked for
};
/// \param scores  cases of the first length, then of the second, ...
LIBRATION_DECLARED void write_task(std::span<const task_score> scores, const task_options& options, task_result& result);

}  // namespace detail

/// How accurately a token model answers a task, against the task's length: what it forgets, in what it writes.
///
/// Each case begins in the zero state. The largest logit of the whole vocabulary is the model's answer.
///
/// \param lengths  ascending, >= 1
/// \return         `ok` or `diverged`
/// \throws argument_error  lengths and options out of range, a case whose tokens are not the model's, or without an answer
/// Cost:      cases times (the prompt and the answer) steps for each length
template <maps::token_model M, task Task>
task_result task_accuracy(const M& model, const Task& task, std::span<const std::int64_t> lengths,
                          const task_options& options = {}) {
  constexpr std::string_view who = "memory::task_accuracy";
  detail::check_task(options, lengths, who);
  task_result result;
  result.lengths.assign(lengths.begin(), lengths.end());
  result.cases = options.cases;
  result.seed = options.seed;
  result.chance = task.chance();
  result.state_bits = options.state_bits > 0.0 ? options.state_bits
                                               : 8.0 * static_cast<double>(sizeof(typename M::scalar_type)) *
                                                     static_cast<double>(model.state_size());
  result.bits.resize(static_cast<Eigen::Index>(lengths.size()));
  for (std::size_t l = 0; l < lengths.size(); ++l) result.bits[static_cast<Eigen::Index>(l)] = task.bits(lengths[l]);
  std::vector<detail::task_score> scores(lengths.size() * static_cast<std::size_t>(options.cases));
  parallel_for(static_cast<std::int64_t>(scores.size()), options.threads, [&](std::int64_t i) {
    const auto length = static_cast<std::size_t>(i / options.cases);
    const task_case one = task(lengths[length], options.seed, static_cast<std::uint64_t>(i));
    maps::require_tokens(one.prompt, model.vocabulary_size(), who, "a case's prompt");
    maps::require_tokens(one.answer, model.vocabulary_size(), who, "a case's answer");
    auto ws = model.make_workspace(0);
    maps::token_state<M> h = maps::token_state<M>::Zero(model.state_size()), scratch = maps::make_read_scratch(model),
                         logits(model.vocabulary_size());
    for (const maps::token v : one.prompt) maps::read_token(model, v, h, scratch, ws);
    detail::task_score& score = scores[static_cast<std::size_t>(i)];
    for (const maps::token v : one.answer) {
      model.logits(h, logits);
      const maps::token largest = maps::greedy_choice(logits);
      score.finite = largest >= 0;
      if (!score.finite) return;
      score.right += largest == v ? 1.0 : 0.0;
      score.asked += 1.0;
      if (score.asked < static_cast<double>(one.answer.size()))
        maps::read_token(model, options.forced ? v : largest, h, scratch, ws);
    }
  });
  detail::write_task(scores, options, result);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/tasks.hpp>
#endif
