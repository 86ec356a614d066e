// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `memory::recall`: how many bits about the token k steps ago the state of a token model holds, for a linear readout.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/status.hpp>
#include <libration/maps/log_sum_exp.hpp>
#include <libration/maps/token_model.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// Options of `memory::recall`, declared in the order in which designated initialisers name them.
struct recall_options {
  /// Lags 0 .. lags - 1, >= 1; and contexts of 1 .. lags tokens.
  Eigen::Index lags = 200;
  /// States that are used at most, evenly spaced along the text.
  Eigen::Index samples = 10'000;
  /// Share of them that readouts are trained on, in (0, 1), in each of up to 16 stretches of the text; they are judged on the rest.
  double training = 0.6;
  /// Most frequent tokens that are told apart, >= 2; the others count as one, which can only lower the bits.
  Eigen::Index classes = 128;
  /// Permutations of the tokens that the floor is the mean of, >= 2.
  Eigen::Index permutations = 3;
  /// Bits that the state's format could hold; 0: the size of the model's scalar for each component.
  double state_bits = 0.0;
  /// Places of the text at which the model begins anew from the zero state, evenly spaced, for the loss at a cut context; 0: none.
  Eigen::Index starts = 64;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
};

/// What a linear readout finds of past tokens, and what the model itself makes of them. All in bits.
struct [[nodiscard]] recall_result {
  libration::status status = libration::status::not_run;  ///< `ok` or `diverged`: a state or a logit is not finite
  /// About the token k steps ago, k = 0 the one just read: the tokens' entropy less the readout's cross-entropy, both on held-out
  /// states. In the mean at most the mutual information of token and state: a better readout may find more. Below 0 where the
  /// readout has learnt nothing but noise. Neighbouring tokens of a text tell of each other, so that the state may tell of a token
  /// that it has not kept.
  Eigen::VectorXd bits;
  Eigen::VectorXd standard_error;  ///< over the held-out states, autocorrelation accounted for; the readout is given
  /// Mean of it for permuted tokens: about -classes/2 (1/held-out + 1/training samples)/ln 2, so much is missed at every lag.
  double floor = std::numeric_limits<double>::quiet_NaN();
  double floor_deviation = std::numeric_limits<double>::quiet_NaN();  ///< standard deviation among them
  /// Σ bits over the lags. Of independent tokens at most what the state can hold; the tokens of a text are counted several times.
  double total = std::numeric_limits<double>::quiet_NaN();
  double total_standard_error = std::numeric_limits<double>::quiet_NaN();
  double entropy = std::numeric_limits<double>::quiet_NaN();     ///< of a token (of its class) on the held-out states, at lag 0
  double state_bits = std::numeric_limits<double>::quiet_NaN();  ///< that the state's format could hold
  Eigen::Index classes = 0;                                      ///< tokens told apart, the common one of the rest included
  Eigen::Index training_samples = 0, held_out_samples = 0;

  double loss = std::numeric_limits<double>::quiet_NaN();  ///< the model's own, a token, over the text
  /// Entry k - 1: the loss a token of the model that begins in the zero state and has read k tokens, mean over the starts.
  Eigen::VectorXd cut_loss;
  /// Its excess over the loss at the same tokens with all that came before, and its standard error over the starts: where it is
  /// down to 0, older tokens are of no use to the model.
  Eigen::VectorXd cut_excess, cut_excess_error;
  Eigen::Index starts = 0;
  std::uint64_t seed = 0;

  /// \return  the share of what the state's format could hold, total/state_bits
  double share_of_state() const { return total / state_bits; }
  /// \return  the first lag whose bits are at most so large a share of those at lag 0; -1: none of the lags
  LIBRATION_DECLARED Eigen::Index first_below(double share = 0.5) const;
};

namespace detail {

LIBRATION_DECLARED void check_recall(const recall_options& options, std::size_t tokens, std::string_view who);

/// Everything of the readouts. \param states  column j: the state after token lags - 1 + j stride
LIBRATION_DECLARED void fit_recall(Eigen::MatrixXd states, std::span<const maps::token> tokens, Eigen::Index vocabulary,
                                   Eigen::Index stride, const recall_options& options, recall_result& result);

/// Means and errors of the losses of one column a start, shape (lags, starts); `full`: the same tokens' with their whole context.
LIBRATION_DECLARED void write_cut_losses(const Eigen::MatrixXd& cut, const Eigen::MatrixXd& full, recall_result& result);

/// -log2 of the probability of token v.
template <class Vector>
double surprise(const Vector& logits, maps::token v) {
  return (maps::log_sum_exp(logits) - static_cast<double>(logits[v])) / std::log(2.0);
}

}  // namespace detail

/// Bits about the token k steps ago that a held-out linear readout finds in a token model's state, against what the state's format
/// could hold, and against the model's own loss when its context is cut to its last k tokens.
///
/// The model reads the text from the zero state. The readout of a lag is a linear discriminant: classes with means of their own and
/// one covariance, shrunk by a ridge and tempered by a factor, both of which are chosen on a fifth of the training states. Being
/// judged on states that it was not trained on, at least `lags` tokens apart from those that it was, it is a lower bound of the
/// mutual information, up to the held-out sample's error. Where a state drifts without bound (`state_statistics`), the readout is
/// of the stretches of this text, and another text's state may be out of its range.
///
/// \param tokens  the text, at least lags + 2 of the vocabulary
/// \return        `ok` or `diverged`
/// \throws argument_error  tokens out of range, options out of range, a text too short: training states fewer than four times the
///                         classes, or than half the state's components; fewer than 32 held-out ones; states that will not fit the
///                         memory
/// Cost:      the run; n² samples + 9 n³ operations; a lag and a permutation about 4 n classes samples/5 + 2 n classes held-out
///            samples; starts times lags steps of the model. Memory 2 n samples numbers
/// Source:    derived here: any readout q gives I(x; h) >= H(x) + E log q(x | h); the discriminant is Fisher's
template <maps::token_model M>
recall_result recall(const M& model, std::span<const maps::token> tokens, const recall_options& options = {}) {
  constexpr std::string_view who = "memory::recall";
  using vector = maps::token_state<M>;
  detail::check_recall(options, tokens.size(), who);
  maps::require_tokens(tokens, model.vocabulary_size(), who, "tokens");
  const Eigen::Index n = model.state_size(), V = model.vocabulary_size(), lags = options.lags;
  const auto T = static_cast<Eigen::Index>(tokens.size());
  const Eigen::Index usable = T - (lags - 1), stride = (usable - 1) / options.samples + 1, count = (usable - 1) / stride + 1;
  const auto size = [](Eigen::Index x) { return static_cast<double>(x); };
  require_memory(8.0 * (2.0 * size(n) * size(count) + 2.0 * size(n) * size(n)), who, "the states", "fewer .samples");
  return with_memory(who, [&] {
    recall_result result;
    result.seed = options.seed;
    result.state_bits =
        options.state_bits > 0.0 ? options.state_bits : 8.0 * size(sizeof(typename M::scalar_type)) * size(n);
    Eigen::MatrixXd states(n, count);
    Eigen::VectorXd surprises(T - 1);
    auto ws = model.make_workspace(0);
    vector h = vector::Zero(n), scratch = maps::make_read_scratch(model), logits(V);
    bool finite = true;
    const auto read = [&](Eigen::Index t) { maps::read_token(model, tokens[static_cast<std::size_t>(t)], h, scratch, ws); };
    const auto surprise_after = [&](Eigen::Index t) {
      model.logits(h, logits);
      const double bits = detail::surprise(logits, tokens[static_cast<std::size_t>(t + 1)]);
      finite = finite && std::isfinite(bits);
      return bits;
    };
    for (Eigen::Index t = 0; t < T && finite; ++t) {
      read(t);
      const Eigen::Index since = t - (lags - 1);
      if (since >= 0 && since % stride == 0) {
        states.col(since / stride) = h.template cast<double>();
        finite = finite && h.allFinite();
      }
      if (t + 1 < T) surprises[t] = surprise_after(t);
    }
    const Eigen::Index starts = std::min(options.starts, T - lags);
    Eigen::MatrixXd cut(lags, starts), full(lags, starts);
    for (Eigen::Index j = 0; j < starts && finite; ++j) {
      const Eigen::Index begin = starts == 1 ? 0 : (T - lags - 1) * j / (starts - 1);
      h.setZero();
      for (Eigen::Index k = 0; k < lags && finite; ++k) {
        read(begin + k);
        cut(k, j) = surprise_after(begin + k);
        full(k, j) = surprises[begin + k];
      }
    }
    if (!finite) {
      result.status = status::diverged;
      return result;
    }
    result.loss = surprises.mean();
    detail::write_cut_losses(cut, full, result);
    detail::fit_recall(std::move(states), tokens, V, stride, options, result);
    return result;
  });
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/recall.hpp>
#endif
