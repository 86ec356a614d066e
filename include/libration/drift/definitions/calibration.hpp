// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/calibration.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/drift/calibration.hpp>

namespace libration::inline LIBRATION_ABI::drift::detail {

/// Simulated runs, and their lengths at any threshold up to the level that they were simulated to.
class recorded_runs {
 public:
  recorded_runs(run_function run, const void* rule, bool at_threshold, int threads)
      : run_(run), rule_(rule), at_threshold_(at_threshold), threads_(threads) {}

  void simulate(run_request request, std::int64_t count) {
    runs_.assign(static_cast<std::size_t>(count), {});
    parallel_for(count, threads_, [&](std::int64_t r) {
      run_request one = request;
      one.stream = request.stream + static_cast<std::uint64_t>(r);
      run_(rule_, one, runs_[static_cast<std::size_t>(r)]);
    });
  }

  /// Lengths at a threshold; a run without alarm counts with the scores that it read.
  std::vector<double> lengths(double threshold, double* unfinished = nullptr) const {
    std::vector<double> out;
    out.reserve(runs_.size());
    double without = 0.0;
    for (const auto& run : runs_) {
      const auto first = std::partition_point(run.records.begin(), run.records.end(), [&](const record& r) {
        return at_threshold_ ? r.statistic < threshold : r.statistic <= threshold;
      });
      const bool alarmed = first != run.records.end();
      out.push_back(alarmed ? first->step : run.length);
      if (!alarmed) without += 1.0;
    }
    if (unfinished) *unfinished = without / static_cast<double>(runs_.size());
    return out;
  }
  double average(double threshold) const {
    double sum = 0.0;
    for (const double length : lengths(threshold)) sum += length;
    return sum / static_cast<double>(runs_.size());
  }
  /// Of the runs' largest statistics, the one below which so large a share is.
  double quantile_of_maxima(double share) const {
    std::vector<double> largest;
    for (const auto& run : runs_) {
      const auto& records = run.records;
      largest.push_back(records.empty() ? -std::numeric_limits<double>::infinity() : records.back().statistic);
    }
    std::sort(largest.begin(), largest.end());
    const auto at = static_cast<std::size_t>(share * static_cast<double>(largest.size()));
    return largest[std::min(at, largest.size() - 1)];
  }
  /// The least recorded threshold whose average run length is at least the wanted one; infinite where there is none.
  double threshold_of(double wanted) const {
    std::vector<double> all;
    for (const auto& run : runs_)
      for (const record& r : run.records) all.push_back(r.statistic);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    const auto at = std::partition_point(all.begin(), all.end(), [&](double threshold) { return average(threshold) < wanted; });
    return at == all.end() ? std::numeric_limits<double>::infinity() : *at;
  }

 private:
  run_function run_;
  const void* rule_;
  bool at_threshold_;
  int threads_;
  std::vector<simulated_run> runs_;
};

/// Simulates runs, and finds the threshold of the wanted average run length.
LIBRATION_DECLARED double find_threshold(recorded_runs& runs, run_request request, const calibration_options& options) {
  const double wanted = options.false_alarm_every, most = std::ceil(options.longest * wanted);
  const double infinity = std::numeric_limits<double>::infinity();
  // Of exponential run lengths a share 1/e lasts beyond their mean: the level of a mean of `steps` is that which they leave.
  constexpr std::int64_t pilots = 64;
  constexpr double left = 0.36787944117144233;
  const std::uint64_t stream = request.stream;
  for (double steps = std::ceil(1.5 * wanted);; steps *= 2.0) {
    request.level = infinity;
    request.longest = std::min(steps, most);
    request.stream = stream + (std::uint64_t{1} << 24);
    runs.simulate(request, std::min(pilots, options.runs));
    request.level = steps < most ? runs.quantile_of_maxima(left) : infinity;
    request.longest = most;
    request.stream = stream;
    if (request.level == -infinity) continue;
    runs.simulate(request, options.runs);
    // At the level itself every run that is not cut short has a record above.
    if (request.level == infinity || runs.average(request.level) >= wanted) return runs.threshold_of(wanted);
  }
}

LIBRATION_DECLARED double mean_length(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

LIBRATION_DECLARED double error_of_lengths(const std::vector<double>& values, double mean) {
  double squares = 0.0;
  for (const double v : values) squares += (v - mean) * (v - mean);
  const auto n = static_cast<double>(values.size());
  return std::sqrt(squares / (n * (n - 1.0)));
}

LIBRATION_DEFINED calibration_result calibrate_runs(run_function run, const void* rule, bool at_threshold,
                                                    const score_process& process, const calibration_options& options) {
  constexpr std::string_view who = "drift::calibrate";
  const option_check check(who);
  check(options.false_alarm_every >= 2.0 && options.false_alarm_every <= 1e9, "false_alarm_every", options.false_alarm_every,
        "2 to 1e9 scores");
  check(options.runs >= 20 && options.runs <= 1'000'000, "runs", options.runs, "20 to 1000000");
  check(options.longest >= 2.0 && options.longest <= 1000.0, "longest", options.longest, "2 to 1000 wanted run lengths");
  check(options.threads >= 0, "threads", options.threads, ">= 0");

  calibration_result out;
  out.status = process.status;
  out.phi = process.phi;
  out.phi_error = process.phi_error;
  out.seed = options.seed;
  if (process.status != status::ok) return out;
  out.autocorrelated = process.autocorrelated();
  out.whitened = options.whiten;
  out.runs = options.runs;

  constexpr std::uint64_t stream = 0x77617463'00000000;  // apart from what else is drawn from the user's seed
  const double wanted = options.false_alarm_every;
  run_request request{&process, false, options.whiten, options.seed, stream, 0.0, 0.0};
  recorded_runs runs(run, rule, at_threshold, options.threads);

  // Independent scores: not whitened, since there is nothing to take out of them.
  const bool remembers = process.order() > 0;
  if (remembers) {
    request.independent = true;
    request.whiten = false;
    request.stream = stream + (std::uint64_t{1} << 26);
    out.independent_threshold = find_threshold(runs, request, options);
    request.independent = false;
    request.stream = stream;
  }

  request.whiten = options.whiten;
  out.threshold = find_threshold(runs, request, options);
  std::vector<double> lengths = runs.lengths(out.threshold, &out.unfinished);
  out.run_length = mean_length(lengths);
  out.run_length_error = error_of_lengths(lengths, out.run_length);
  std::sort(lengths.begin(), lengths.end());
  const std::size_t n = lengths.size();
  out.median_run_length = 0.5 * (lengths[(n - 1) / 2] + lengths[n / 2]);
  out.status = out.unfinished > 0.01 || !std::isfinite(out.threshold) ? status::not_converged : status::ok;

  if (!remembers) {
    out.independent_threshold = out.threshold;
    out.uncalibrated_run_length = out.run_length;
    out.uncalibrated_error = out.run_length_error;
    return out;
  }
  // The uncalibrated detector takes the scores as they are. Runs at hand serve unless they are whitened or end below its threshold.
  if (options.whiten || out.independent_threshold > out.threshold) {
    request.whiten = false;
    request.level = out.independent_threshold;
    request.longest = std::ceil(options.longest * wanted);
    request.stream = stream + (std::uint64_t{1} << 27);
    runs.simulate(request, std::max<std::int64_t>(20, options.runs / 10));
  }
  lengths = runs.lengths(out.independent_threshold);
  out.uncalibrated_run_length = mean_length(lengths);
  out.uncalibrated_error = error_of_lengths(lengths, out.uncalibrated_run_length);
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::drift::detail
