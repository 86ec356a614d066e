// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/writing_drift.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/random.hpp>
#include <libration/core/saturating.hpp>
#include <libration/drift/writing_drift.hpp>

namespace libration::inline LIBRATION_ABI::drift {

LIBRATION_DEFINED int writing_drift_result::direction() const {
  if (!(difference.degrees_of_freedom > 0.0)) return 0;
  return difference.lower() > 0.0 ? 1 : difference.upper() < 0.0 ? -1 : 0;
}

namespace detail {

inline constexpr std::string_view writing_name = "drift::writing_drift";

LIBRATION_DEFINED writing_plan plan_writing(const writing_drift_options& options, Eigen::Index vocabulary_size,
                                            Eigen::Index state_size, std::span<const maps::token> text) {
  const option_check check(writing_name);
  check(options.steps >= 50, "steps", options.steps, ">= 50");
  check(options.prompt >= 1, "prompt", options.prompt, ">= 1");
  check(options.runs >= 2, "runs", options.runs, ">= 2");
  check(options.reference_runs >= 2, "reference_runs", options.reference_runs, ">= 2");
  check(options.held_out_runs >= 2, "held_out_runs", options.held_out_runs, ">= 2");
  check(options.rank >= 0, "rank", options.rank, ">= 0");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  check(options.false_alarm_every >= 2.0 && options.false_alarm_every <= 1e9, "false_alarm_every", options.false_alarm_every,
        "2 to 1e9");
  maps::validate(options.decoding, writing_name);
  const std::int64_t stretches = saturating_sum(saturating_sum(options.reference_runs, options.held_out_runs), options.runs);
  const std::int64_t each = saturating_sum(options.prompt, options.steps), needed = saturating_product(stretches, each);
  const auto length = static_cast<std::int64_t>(text.size());
  require(length >= needed, writing_name, [&] {
    return "the text has " + number_text(length) + " tokens, expected at least " + number_text(needed) + ": " +
           number_text(stretches) + " stretches (.reference_runs, .held_out_runs and .runs) of " + number_text(each) +
           " tokens (.prompt and .steps)";
  });
  maps::require_tokens(text, vocabulary_size, writing_name, "the text");
  // The reference's states, and their deviations from the mean.
  require_memory(8.0 * static_cast<double>(state_size) * static_cast<double>(options.steps) *
                     static_cast<double>(2 * options.reference_runs + options.held_out_runs),
                 writing_name, "the states of the text", "fewer .steps or .reference_runs");

  // Spread evenly over the text, and dealt out at random.
  std::vector<std::int64_t> firsts(static_cast<std::size_t>(stretches));
  for (std::size_t i = 0; i < firsts.size(); ++i) firsts[i] = static_cast<std::int64_t>(i) * (length / stretches);
  constexpr std::uint64_t stream = 0x64656c74'00000000;  // apart from what the runs draw
  random_stream random(options.seed, stream);
  for (std::size_t i = firsts.size() - 1; i > 0; --i)
    std::swap(firsts[i], firsts[static_cast<std::size_t>(random.next_uniform() * static_cast<double>(i + 1))]);
  writing_plan plan;
  const auto take = [&firsts](std::int64_t count) {
    const std::vector<std::int64_t> taken(firsts.end() - static_cast<std::ptrdiff_t>(count), firsts.end());
    firsts.resize(firsts.size() - taken.size());
    return taken;
  };
  plan.runs = take(options.runs);
  plan.held_out = take(options.held_out_runs);
  plan.reference = take(options.reference_runs);
  return plan;
}

LIBRATION_DEFINED writing_watch watch_writing(std::vector<Eigen::MatrixXd>&& reference_runs,
                                              const std::vector<Eigen::MatrixXd>& held_out, const writing_drift_options& options,
                                              writing_drift_result& result) {
  writing_watch watch;
  const reference usual(reference_runs, {.rank = options.rank});
  reference_runs.clear();
  result.reference_states = usual.states();
  if (usual.status() != status::ok) {
    result.status = usual.status();
    return watch;
  }
  watch.usual = usual;
  const calibration_options wanted{
      .false_alarm_every = options.false_alarm_every, .runs = 200, .seed = options.seed, .threads = options.threads};
  const score_process process = fit_scores(state_scores(usual, held_out));
  if (process.status == status::ok) {
    watch.detector.emplace(usual, held_out, wanted);
    result.calibration = watch.detector->calibration();
  } else {
    result.calibration.status = process.status;
  }
  const auto runs = static_cast<Eigen::Index>(options.runs);
  const auto unknown =
      Eigen::MatrixXd::Constant(static_cast<Eigen::Index>(options.steps), runs, std::numeric_limits<double>::quiet_NaN());
  result.reading = unknown;
  result.writing = unknown;
  result.reading_alarms.assign(static_cast<std::size_t>(options.runs), -1);
  result.writing_alarms = result.reading_alarms;
  return watch;
}

LIBRATION_DEFINED std::int64_t watch_run(const writing_watch& watch, const Eigen::MatrixXd& states, std::int64_t steps,
                                         Eigen::Ref<Eigen::VectorXd> distance) {
  const auto known = static_cast<Eigen::Index>(steps);
  if (known == 0) return -1;
  distance.head(known) =
      watch.usual->squared_mahalanobis_along(matrix_view<double>(states.leftCols(known))) / static_cast<double>(states.rows());
  if (!watch.detector) return -1;
  auto detector = *watch.detector;
  detector.reset();
  for (Eigen::Index t = 0; t < known; ++t)
    if (detector.push(vector_view<double>(states.col(t)))) return static_cast<std::int64_t>(t) + 1;
  return -1;
}

LIBRATION_DEFINED void summarise_writing(const std::vector<std::int64_t>& steps_done, writing_drift_result& result) {
  std::vector<double> reading, writing, difference;
  const Eigen::Index steps = result.reading.rows();
  for (Eigen::Index r = 0; r < result.reading.cols(); ++r) {
    const auto first = static_cast<std::size_t>(2 * r);
    if (steps_done[first] < steps || steps_done[first + 1] < steps) {
      ++result.failed_runs;
      continue;
    }
    reading.push_back(result.reading.col(r).mean());
    writing.push_back(result.writing.col(r).mean());
    difference.push_back(writing.back() - reading.back());
  }
  result.reading_mean = stats::independent_mean(reading);
  result.writing_mean = stats::independent_mean(writing);
  result.difference = stats::independent_mean(difference);
  result.status = result.failed_runs > 0 ? status::diverged : status::ok;
}

}  // namespace detail
}  // namespace libration::inline LIBRATION_ABI::drift
