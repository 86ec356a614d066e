// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A detector on a stream of scores: push a value, get whether it alarms. What all detectors have in common.

#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/status.hpp>
#include <libration/drift/calibration.hpp>
#include <libration/drift/detector_rule.hpp>
#include <libration/drift/score_process.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// What became of a value that was pushed.
enum class reading : std::uint8_t {
  ok,
  not_finite,   ///< NaN or infinite: the detector is as it was before
  full,         ///< a conformal detector holds as many scores as it has room for: it is as it was before
  no_reference  ///< of a state, at a position beyond the last of the reference: the detector is as it was before
};

/// What a detector says of one value. It converts to whether it alarms.
struct [[nodiscard]] push_result {
  bool alarm = false;
  drift::reading reading = reading::ok;
  /// Is compared with the threshold; -infinity where nothing is compared at this value.
  double statistic = -std::numeric_limits<double>::infinity();

  explicit operator bool() const noexcept { return alarm; }
};

/// What a program may do with any detector. What the compiler cannot see: a push allocates nothing and leaves the detector as it
/// was where `reading` is not ok; after an alarm the next value begins afresh; `reset` forgets all values and keeps the threshold.
template <class D>
concept detector = std::copyable<D> && requires(D d, const D c, double x) {
  { d.push(x) }
  noexcept->std::same_as<push_result>;
  { d.reset() }
  noexcept;
  { c.statistic() }
  noexcept->std::same_as<double>;
  { c.threshold() }
  noexcept->std::same_as<double>;
  { c.alarms() }
  noexcept->std::same_as<std::int64_t>;
  { c.last_alarm() }
  noexcept->std::same_as<std::int64_t>;
};

namespace detail {

inline void require_process(const score_process& process) {
  require(process.status == status::ok, "drift::monitor",
          [&] { return "the process has the status " + std::string(to_string(process.status)) + ", expected ok"; });
}

}  // namespace detail

/// A rule with its threshold, on scores that are standardised first: `cusum_detector`, `page_hinkley_detector`, `adwin_detector`,
/// `conformal_detector` and `e_detector` are this.
///
///     drift::e_detector watch(drift::fit_scores(usual), {.false_alarm_every = 10'000});
///     if (watch.push(score)) ...
///
/// After an alarm `statistic()` is the one that alarmed, and the next value begins afresh.
///
/// Cost:  a push allocates nothing; see the rules
template <detector_rule Rule>
class monitor {
 public:
  using options_type = typename Rule::options_type;

  /// With the rule's own threshold, of scores that are standardised already. What the threshold promises of false alarms is what
  /// the rule says of independent scores: of scores that remember each other it is not true.
  ///
  /// \throws argument_error  for an option out of range
  explicit monitor(const options_type& options = {}) : rule_(options), threshold_(rule_.threshold()) {}

  /// With the threshold that gives false alarms as rarely as is wanted on simulated runs of a process. Scores are those that the
  /// process was fitted to; their mean and deviation are taken out here. The threshold in `options` is not used.
  ///
  /// \throws argument_error  for an option out of range, for a process without the status ok, and where no threshold gives so rare
  ///                         alarms (a conformal bag that is full before)
  monitor(const score_process& usual, const calibration_options& wanted = {}, const options_type& options = {})
      : rule_(options), filter_(usual, wanted.whiten), calibration_(calibrate(rule_, usual, wanted)) {
    detail::require_process(usual);
    require(std::isfinite(calibration_.threshold), "drift::monitor", [&] {
      return "no threshold gives a false alarm every " + number_text(wanted.false_alarm_every) +
             " scores, expected fewer, or more .capacity";
    });
    threshold_ = calibration_.threshold;
  }

  /// With the rule's own threshold, of scores that are standardised, or whitened, by a process. Whitened scores of the process are
  /// independent, so that the threshold keeps its promise as far as φ̂ is φ.
  ///
  /// \throws argument_error  for an option out of range, and for a process without the status ok
  static monitor uncalibrated(const score_process& usual, const options_type& options = {}, bool whiten = false) {
    detail::require_process(usual);
    monitor out(options);
    out.filter_ = score_filter(usual, whiten);
    return out;
  }

  /// Reads the next value. Allocates nothing.
  push_result push(double score) noexcept {
    ++pushed_;
    if (!std::isfinite(score)) {
      ++skipped_;
      return {false, reading::not_finite, -std::numeric_limits<double>::infinity()};
    }
    if (restart_) {
      rule_.restart(threshold_);
      restart_ = false;
    }
    if constexpr (requires { rule_.full(); }) {
      if (rule_.full()) {
        ++skipped_;
        return {false, reading::full, -std::numeric_limits<double>::infinity()};
      }
    }
    const double at = rule_.update(filter_.next(score));
    statistic_ = at;
    const bool alarm = Rule::alarms_at_threshold ? at >= threshold_ : at > threshold_;
    if (alarm) {
      ++alarms_;
      last_alarm_ = pushed_ - 1;
      restart_ = true;
    }
    return {alarm, reading::ok, at};
  }

  /// Forgets all values; the threshold and the standardisation stay.
  void reset() noexcept {
    rule_.reset();
    filter_.reset();
    restart_ = false;
    statistic_ = -std::numeric_limits<double>::infinity();
    pushed_ = skipped_ = alarms_ = 0;
    last_alarm_ = -1;
  }

  /// At the last value that was read; -infinity before the first.
  double statistic() const noexcept { return statistic_; }
  /// On the scale of `statistic()`.
  double threshold() const noexcept { return threshold_; }
  /// Since construction or `reset`.
  std::int64_t alarms() const noexcept { return alarms_; }
  /// \return  number, from 0, of the pushed value that alarmed last; -1: none
  std::int64_t last_alarm() const noexcept { return last_alarm_; }
  std::int64_t pushed() const noexcept { return pushed_; }
  /// Of the pushed values, those that were not read.
  std::int64_t skipped() const noexcept { return skipped_; }
  const Rule& rule() const noexcept { return rule_; }
  /// With status `not_run` where the threshold is the rule's own.
  const calibration_result& calibration() const noexcept { return calibration_; }

 private:
  Rule rule_;
  score_filter filter_;
  calibration_result calibration_;
  double threshold_ = std::numeric_limits<double>::infinity();
  double statistic_ = -std::numeric_limits<double>::infinity();
  std::int64_t pushed_ = 0, skipped_ = 0, alarms_ = 0, last_alarm_ = -1;
  bool restart_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::drift
