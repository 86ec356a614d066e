// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The exposure bias of one token model against another: runs on contexts of both, with the divergence at every context.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>
#include <libration/error/exposure_bias.hpp>
#include <libration/error/kullback_leibler.hpp>
#include <libration/maps/sampler.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/stats/bootstrap.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// Options of `error::exposure_bias` of two models.
struct model_exposure_options {
  /// T: tokens that each run goes on for after its prompt, >= 1.
  std::int64_t steps = 100;
  /// Runs of each kind from every prompt, >= 1. A teacher's and a student's run of one number choose by the same random numbers.
  std::int64_t runs = 1;
  /// Both models' logits are divided by it, > 0: what is measured and sampled are the distributions at this temperature.
  double temperature = 1.0;
  /// How the student chooses the tokens of its own contexts, upon that. Any other way than the default measures the decoding too.
  maps::sampling decoding = {};
  std::uint64_t seed = 0;  ///< of the runs
  int threads = 0;         ///< for the runs; 0: one per hardware thread
  std::stop_token stop = {};
  /// Of the bands.
  stats::bootstrap_options bootstrap = {};
};

/// One pair of runs from a prompt.
struct exposure_run {
  std::int64_t prompt = 0;
  /// `ok`; `diverged`: a logit was not finite; `cancelled`
  status teacher_status = status::not_run, student_status = status::not_run;
  /// Step, from 1, at which the run on such contexts ended; -1: it did not
  std::int64_t teacher_failed_at = -1, student_failed_at = -1;
};

struct [[nodiscard]] model_exposure_result {
  /// Over the pairs of which both runs are whole. Where there is none: the status of the first that is not, and no curves.
  exposure_bias_result bias;
  /// KL(teacher‖student) on the teacher's contexts, nats, shape (T, pairs); NaN from a failure on.
  Eigen::MatrixXd teacher_divergence;
  Eigen::MatrixXd student_divergence;  ///< the same on the student's contexts
  std::vector<exposure_run> runs;      ///< one for each column; those of one prompt are neighbours
  std::int64_t failed_runs = 0;        ///< pairs that are left out of `bias`
  std::uint64_t seed = 0;
};

namespace detail {

// What one of the two models makes of a context.
template <maps::token_model M>
class reader {
 public:
  explicit reader(const M& model)
      : model_(&model),
        ws_(model.make_workspace(0)),
        h_(maps::token_state<M>::Zero(model.state_size())),
        scratch_(maps::make_read_scratch(model)),
        own_(model.vocabulary_size()),
        logits_(model.vocabulary_size()) {}

  void read(maps::token v) { maps::read_token(*model_, v, h_, scratch_, ws_); }

  /// \return the logits over the temperature, shape (V)
  const Eigen::VectorXd& logits(double temperature) {
    model_->logits(h_, own_);
    logits_ = own_.template cast<double>() / temperature;
    return logits_;
  }

 private:
  const M* model_;
  typename M::workspace ws_;
  maps::token_state<M> h_, scratch_, own_;
  Eigen::VectorXd logits_;
};

struct run_end {
  status how = status::ok;
  std::int64_t failed_at = -1;
};

// One run: contexts are sampled from the teacher or from the student, and both are asked at each.
template <maps::token_model Teacher, maps::token_model Student>
run_end follow(const Teacher& teacher, const Student& student, std::span<const maps::token> prompt, bool of_teacher,
               const model_exposure_options& options, std::uint64_t number, Eigen::Ref<Eigen::VectorXd> divergence) {
  const random_stream numbers(options.seed, number);
  reader<Teacher> first(teacher);
  reader<Student> second(student);
  const maps::sampling how = of_teacher ? maps::sampling{} : options.decoding;
  Eigen::VectorXd probabilities(teacher.vocabulary_size());
  std::vector<maps::token> order;
  for (const maps::token v : prompt) {
    first.read(v);
    second.read(v);
  }
  for (std::int64_t t = 0; t < options.steps; ++t) {
    if (options.stop.stop_requested()) return {status::cancelled, t + 1};
    const Eigen::VectorXd& p = first.logits(options.temperature);
    const Eigen::VectorXd& q = second.logits(options.temperature);
    if (!p.allFinite() || !q.allFinite()) return {status::diverged, t + 1};
    divergence[t] = logit_divergence(p, q);
    if (t + 1 == options.steps) break;
    maps::probabilities(of_teacher ? p : q, how, probabilities, order);
    const maps::token v = maps::gumbel_choice(probabilities, numbers, t);
    first.read(v);
    second.read(v);
  }
  return {};
}

// Refuses what the caller gave; the result before the first run.
LIBRATION_DECLARED void validate_exposure(const model_exposure_options& options, Eigen::Index teacher_size,
                                          Eigen::Index student_size, const std::vector<std::vector<maps::token>>& prompts);
LIBRATION_DECLARED model_exposure_result empty_exposure(const model_exposure_options& options, std::size_t prompts);
// What the runs come to, and to which prompt each belongs.
LIBRATION_DECLARED void summarise_exposure(model_exposure_result& result, const model_exposure_options& options);

}  // namespace detail

/// The exposure bias of a student against its teacher, both token models over one vocabulary: from every prompt, runs whose tokens
/// the teacher samples, and runs whose tokens the student samples; at each context KL(teacher‖student) of the next token, exactly
/// over the vocabulary.
///
/// The first context of both is the prompt itself. A pair's two runs choose by the same random numbers (Gumbel-max), so that they
/// stay together while the models agree: that makes their difference, the bias, less noisy than independent runs would. Bands draw
/// whole prompts with all their runs where there are several (they are then for prompts of this kind), else the pairs of runs.
///
/// \param prompts  at least one; each of at least one token
/// \return         the curves, the divergences at each step, and how each run ended. A run with a logit that is not finite ends as
///                 `diverged`, its pair is left out, and the others go on
/// \throws         argument_error before the first run: vocabularies of different sizes, a prompt that is empty or holds a token
///                 outside the vocabulary (says where), options
/// Cost:           2 runs prompts (prompt + T) steps of both models, and O(V) a step; the same digits on any number of threads
template <maps::token_model Teacher, maps::token_model Student>
model_exposure_result exposure_bias(const Teacher& teacher, const Student& student,
                                    const std::vector<std::vector<maps::token>>& prompts,
                                    const model_exposure_options& options = {}) {
  detail::validate_exposure(options, teacher.vocabulary_size(), student.vocabulary_size(), prompts);
  model_exposure_result result = detail::empty_exposure(options, prompts.size());
  const auto pairs = static_cast<Eigen::Index>(result.runs.size());
  parallel_for(2 * pairs, options.threads, [&](std::int64_t k) {
    const std::int64_t j = k / 2;
    const bool of_teacher = k % 2 == 0;
    exposure_run& run = result.runs[static_cast<std::size_t>(j)];
    Eigen::MatrixXd& divergence = of_teacher ? result.teacher_divergence : result.student_divergence;
    const detail::run_end end = detail::follow(teacher, student, prompts[static_cast<std::size_t>(j / options.runs)], of_teacher,
                                               options, static_cast<std::uint64_t>(j), divergence.col(j));
    (of_teacher ? run.teacher_status : run.student_status) = end.how;
    (of_teacher ? run.teacher_failed_at : run.student_failed_at) = end.failed_at;
  });

  detail::summarise_exposure(result, options);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/model_exposure_bias.hpp>
#endif
