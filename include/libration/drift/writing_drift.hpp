// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Whether a language model's state leaves the region that it has on given text while the model writes its own.

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>
#include <libration/drift/state_monitor.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/rollout/ensemble.hpp>
#include <libration/stats/independent_mean.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Options of `drift::writing_drift`, declared in the order in which designated initialisers name them.
struct writing_drift_options {
  /// Tokens that are read, or written, after each prompt, >= 50: the states after them are measured.
  std::int64_t steps = 500;
  /// Tokens that are read before, from the zero state, >= 1: on them the state settles.
  std::int64_t prompt = 100;
  /// Prompts from which the text is read on, and a text is written, >= 2.
  std::int64_t runs = 16;
  /// Stretches of the text on which the reference is fitted, >= 2, and others on which the detector is calibrated, >= 2.
  std::int64_t reference_runs = 40;
  std::int64_t held_out_runs = 20;
  /// How the model's next token is chosen.
  maps::sampling decoding = {};
  /// Tokens of usual text to a false alarm of the detector, on the average, 2 to 1e9.
  double false_alarm_every = 10'000.0;
  /// Leading components that the reference keeps of the covariance, >= 0; 0: all.
  Eigen::Index rank = 0;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// What `writing_drift` returns. A distance is d²/n, squared Mahalanobis over the state's size: about 1 for usual states.
struct [[nodiscard]] writing_drift_result {
  /// `ok`; `diverged`: a run, whose distances are NaN from there on; `cancelled`; `not_resolved`: the reference's covariance is
  /// singular, as of a state that does not move, and there are no distances
  libration::status status = libration::status::not_run;
  Eigen::MatrixXd reading;                          ///< while the text is read, shape (steps, runs)
  Eigen::MatrixXd writing;                          ///< while the model writes on from the same prompts, shape (steps, runs)
  stats::mean_estimate reading_mean, writing_mean;  ///< over the runs' means, of finished pairs of runs
  stats::mean_estimate difference;                  ///< writing less reading, by pairs: each has one prompt
  /// Tokens after the prompt to the first alarm of the detector; -1: none. Those of reading say what the detector does on usual
  /// text: scores that the fitted autoregression does not describe alarm more or less often than is wanted (twice as often in a
  /// test of bursts, tests/drift/writing_drift.test.cpp).
  std::vector<std::int64_t> reading_alarms, writing_alarms;
  calibration_result calibration;     ///< of the detector, a CUSUM chart; another status than ok or not_converged: there is none
  std::vector<std::int64_t> prompts;  ///< the token at which each prompt begins, shape (runs)
  std::int64_t failed_runs = 0;       ///< pairs that diverged, or were not finished
  Eigen::Index state_size = 0;
  std::int64_t reference_states = 0;
  std::uint64_t seed = 0;

  /// Whether the states of writing are told from those of reading at the level 95 %: further away (1), nearer (-1), or not (0).
  LIBRATION_DECLARED int direction() const;
};

namespace detail {

/// Where stretches of the text begin.
struct writing_plan {
  std::vector<std::int64_t> reference, held_out, runs;
};

LIBRATION_DECLARED writing_plan plan_writing(const writing_drift_options& options, Eigen::Index vocabulary_size,
                                             Eigen::Index state_size, std::span<const maps::token> text);
/// The reference and the detector; nothing where there is none.
struct writing_watch {
  std::optional<reference> usual;
  std::optional<state_monitor<cusum_rule>> detector;
};
LIBRATION_DECLARED writing_watch watch_writing(std::vector<Eigen::MatrixXd>&& reference_runs,
                                               const std::vector<Eigen::MatrixXd>& held_out, const writing_drift_options& options,
                                               writing_drift_result& result);
/// Distances of one run's states, up to its last finite one, and the detector's first alarm.
LIBRATION_DECLARED std::int64_t watch_run(const writing_watch& watch, const Eigen::MatrixXd& states, std::int64_t steps,
                                          Eigen::Ref<Eigen::VectorXd> distance);
LIBRATION_DECLARED void summarise_writing(const std::vector<std::int64_t>& steps_done, writing_drift_result& result);

/// Reads a prompt and then `states.cols()` tokens of the text, or of the model's own where `numbers` is given; the states after
/// them.
///
/// \return  how many of them: fewer where a logit or a state is not finite, or the run is stopped
template <maps::token_model M>
std::int64_t follow_text(const M& model, std::span<const maps::token> text, std::int64_t prompt, const random_stream* numbers,
                         const writing_drift_options& options, Eigen::MatrixXd& states) {
  auto ws = model.make_workspace(0);
  maps::token_state<M> h = maps::token_state<M>::Zero(model.state_size()), scratch = maps::make_read_scratch(model);
  maps::token_state<M> logits(model.vocabulary_size());
  Eigen::VectorXd wide(model.vocabulary_size()), probabilities(model.vocabulary_size());
  std::vector<maps::token> order;
  for (std::int64_t t = 0; t < prompt; ++t) maps::read_token(model, text[static_cast<std::size_t>(t)], h, scratch, ws);
  for (std::int64_t t = 0; t < states.cols(); ++t) {
    if (options.stop.stop_requested()) return t;
    maps::token v = 0;
    if (numbers == nullptr) {
      v = text[static_cast<std::size_t>(prompt + t)];
    } else {
      model.logits(h, logits);
      wide = logits.template cast<double>();
      if (!wide.allFinite()) return t;
      maps::probabilities(wide, options.decoding, probabilities, order);
      v = maps::gumbel_choice(probabilities, *numbers, t);
    }
    maps::read_token(model, v, h, scratch, ws);
    states.col(t) = h.template cast<double>();
    if (!h.allFinite()) return t;
  }
  return states.cols();
}

}  // namespace detail

/// Whether the state is as usual while the model writes: Mahalanobis distances from a reference that is fitted on states of reading
/// given text, of states of reading other parts of it, and of states of writing on from the same prompts.
///
/// The text is cut into stretches of prompt and steps, which are given at random to the reference, to the detector's calibration
/// and to the runs: no state is measured by a reference that has seen it. A difference says that the model's own texts lead its
/// state elsewhere than the given text does. That is no fault by itself (the texts may be of another kind), and where there is none
/// the text may still be bad: a region is not a trajectory.
///
/// \param text  at least (reference_runs + held_out_runs + runs) (prompt + steps) tokens
/// \throws argument_error  for a shorter text, tokens outside the vocabulary (says where), options out of range, states of more
///                         memory than there is
/// Accuracy:  intervals are Student's over the runs, which stand for prompts of this text; runs whose states remember each other
///            beyond the prompt are not independent
/// Cost:      the model's reading of all stretches and `runs` more, and a fit of n² or, of low rank, n r operations a reference
/// state Source:    derived here
template <maps::token_model M>
writing_drift_result writing_drift(const M& model, std::span<const maps::token> text, const writing_drift_options& options = {}) {
  const Eigen::Index n = model.state_size();
  const detail::writing_plan plan = detail::plan_writing(options, model.vocabulary_size(), n, text);
  writing_drift_result result;
  result.state_size = n;
  result.seed = options.seed;
  result.prompts = plan.runs;
  const std::int64_t all = options.reference_runs + options.held_out_runs + 2 * options.runs;
  std::int64_t before = 0;
  const progress_callback report = [&](const progress& p) {
    if (options.on_progress) options.on_progress({before + p.done, all});
  };
  const auto stretch = [&](std::int64_t first) { return text.subspan(static_cast<std::size_t>(first)); };
  const auto read = [&](const std::vector<std::int64_t>& firsts) {
    std::vector<Eigen::MatrixXd> runs(firsts.size(), Eigen::MatrixXd(n, static_cast<Eigen::Index>(options.steps)));
    std::vector<std::int64_t> done(firsts.size());
    rollout::over_groups(static_cast<std::int64_t>(firsts.size()), 1, options.threads, report, [&](std::int64_t r, std::int64_t) {
      const auto i = static_cast<std::size_t>(r);
      done[i] = detail::follow_text(model, stretch(firsts[i]), options.prompt, nullptr, options, runs[i]);
    });
    before += static_cast<std::int64_t>(firsts.size());
    for (std::size_t i = 0; i < done.size(); ++i)
      if (done[i] < options.steps) result.status = options.stop.stop_requested() ? status::cancelled : status::diverged;
    return runs;
  };
  auto reference_runs = read(plan.reference);
  const auto held_out = read(plan.held_out);
  if (result.status != status::not_run) return result;
  const detail::writing_watch watch = detail::watch_writing(std::move(reference_runs), held_out, options, result);
  if (!watch.usual) return result;

  const auto count = static_cast<std::int64_t>(plan.runs.size());
  std::vector<std::int64_t> done(static_cast<std::size_t>(2 * count));
  rollout::over_groups(2 * count, 1, options.threads, report, [&](std::int64_t k, std::int64_t) {
    const std::int64_t r = k / 2;
    const bool writes = k % 2 == 1;
    const random_stream numbers(options.seed, static_cast<std::uint64_t>(r));
    Eigen::MatrixXd states(n, static_cast<Eigen::Index>(options.steps));
    const std::int64_t steps = detail::follow_text(model, stretch(plan.runs[static_cast<std::size_t>(r)]), options.prompt,
                                                   writes ? &numbers : nullptr, options, states);
    done[static_cast<std::size_t>(k)] = steps;
    (writes ? result.writing_alarms : result.reading_alarms)[static_cast<std::size_t>(r)] =
        detail::watch_run(watch, states, steps, (writes ? result.writing : result.reading).col(r));
  });
  detail::summarise_writing(done, result);
  if (options.stop.stop_requested() && result.status == status::diverged) result.status = status::cancelled;
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/writing_drift.hpp>
#endif
