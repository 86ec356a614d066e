// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The threshold at which a detector gives false alarms as rarely as is wanted, by simulated runs of the process that the reference
/// scores are taken for.

#include <cstdint>
#include <limits>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/drift/detector_rule.hpp>
#include <libration/drift/score_process.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Options of `drift::calibrate`, declared in the order in which designated initialisers name them.
struct calibration_options {
  /// The wanted average run length: scores from the start to an alarm while nothing has changed, 2 to 1e9.
  double false_alarm_every = 1000.0;
  /// Simulated runs, 20 to 1e6: the average has a relative standard error of about 1/√runs.
  std::int64_t runs = 1000;
  /// A run without alarm ends after so many wanted lengths, 2 to 1000.
  double longest = 20.0;
  /// Scores are whitened by the fitted autoregression first. A lasting shift of the mean is then small in all values but the first:
  /// at φ = 0.9 less than a quarter, and takes longer to be found.
  bool whiten = false;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
};

/// What `drift::calibrate` returns. Numbers are NaN where the status is that of an unusable process.
struct [[nodiscard]] calibration_result {
  /// ok; not_converged: more than 1 % of the runs ended without alarm, so that the average is that of runs cut short (of a
  /// martingale, of which an alarm may never come, it is infinite); not_resolved, diverged: the process's.
  libration::status status = libration::status::not_run;
  /// On the scale of the detector's statistic; -infinity: none.
  double threshold = -std::numeric_limits<double>::infinity();
  double run_length = std::numeric_limits<double>::quiet_NaN();        ///< average over the runs at this threshold
  double run_length_error = std::numeric_limits<double>::quiet_NaN();  ///< its standard error, of simulation alone: φ̂ is given
  double median_run_length = std::numeric_limits<double>::quiet_NaN();
  double unfinished = std::numeric_limits<double>::quiet_NaN();  ///< share of the runs without alarm

  /// The threshold that gives the wanted run length on independent scores of the same distribution,
  double independent_threshold = std::numeric_limits<double>::quiet_NaN();
  /// and what the run length at that threshold is on the process: what an uncalibrated detector would have done.
  double uncalibrated_run_length = std::numeric_limits<double>::quiet_NaN();
  double uncalibrated_error = std::numeric_limits<double>::quiet_NaN();

  double phi = std::numeric_limits<double>::quiet_NaN();        ///< φ̂ of the process
  double phi_error = std::numeric_limits<double>::quiet_NaN();  ///< its standard error: the run length is that on φ̂, not on φ
  bool autocorrelated = false;                                  ///< bounds that are derived for exchangeable scores do not hold
  bool whitened = false;
  std::int64_t runs = 0;
  std::uint64_t seed = 0;
};

namespace detail {

/// Scores read up to a new maximum of the statistic, and that maximum.
struct record {
  double step, statistic;
};

struct simulated_run {
  std::vector<record> records;
  double length = 0.0;  // scores that were read
};

/// A simulated run until the statistic is above a level, or for so many scores.
struct run_request {
  const score_process* process;
  bool independent, whiten;
  std::uint64_t seed, stream;
  double level, longest;
};

using run_function = void (*)(const void* rule, const run_request& request, simulated_run& out);

LIBRATION_DECLARED calibration_result calibrate_runs(run_function run, const void* rule, bool at_threshold,
                                                     const score_process& process, const calibration_options& options);

template <class Rule>
void simulate_run(const void* given, const run_request& request, simulated_run& out) {
  Rule rule = *static_cast<const Rule*>(given);
  if constexpr (requires { rule.use_stream(request.stream); }) rule.use_stream(request.stream);
  rule.reset();
  score_simulator scores(*request.process, request.seed, request.stream, request.independent);
  score_filter filter(*request.process, request.whiten);
  double largest = -std::numeric_limits<double>::infinity();
  for (double step = 1.0; step <= request.longest; step += 1.0) {
    if constexpr (requires { rule.full(); })
      if (rule.full()) return;
    const double statistic = rule.update(filter.next(scores.next()));
    out.length = step;
    if (statistic > largest) {
      largest = statistic;
      out.records.push_back({step, statistic});
      if (statistic > request.level) return;
    }
  }
}

}  // namespace detail

/// The threshold of a rule for a wanted average run length on a process.
///
/// The runs are simulated once: the maxima that the statistic passes on the way give the run length at every threshold below the
/// largest. `monitor` calls this; by itself it shows what a threshold would be.
///
/// \param rule     its own threshold is not used
/// \param process  `fit_scores` of reference scores; with another status than ok it is the result's, and there is no threshold
/// \throws argument_error  for options out of range
/// Accuracy:  `run_length_error`. The process is a model of the scores: what it lacks (heavier tails of long memory, seasons) and
///            the error of φ̂ are not in it. The average of a detector calibrated on few scores hides that many alarm early
/// Cost:      about 2.5 `runs` times the wanted run length in scores for both thresholds, each a simulated score and an update of
///            the rule
/// Source:    derived here
template <detector_rule Rule>
calibration_result calibrate(const Rule& rule, const score_process& process, const calibration_options& options = {}) {
  return detail::calibrate_runs(&detail::simulate_run<Rule>, &rule, Rule::alarms_at_threshold, process, options);
}

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/calibration.hpp>
#endif
