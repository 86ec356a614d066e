// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Page and Hinkley's test as a detector.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/monitor.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Options of `drift::page_hinkley_detector`, declared in the order in which designated initialisers name them. The defaults are
/// those of river's `drift.PageHinkley`.
struct page_hinkley_options {
  double threshold = 50.0;   ///< λ > 0, in the values' unit
  double tolerance = 0.005;  ///< δ >= 0, in the values' unit: how far above the mean a value does not count
  double memory = 0.9999;    ///< α in (0, 1]: what a step leaves of the sum
  /// Nothing is compared before the count, which is 1 before the first value, has come to this: values 1 to minimum - 2 do not
  /// alarm.
  std::int64_t minimum = 30;
};

/// mean ← mean + (z - mean)/n, sum ← max(0, α sum + z - mean - δ), alarm where sum >= λ. The mean is that of the stream itself
/// since the last alarm: a rise is found, a slow drift is not.
///
/// \throws argument_error  for an option out of range
/// Cost:    some 10 operations a value, of which one is a division
/// Source:  E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954) 100-115; the form with a forgetting factor is river's
///          (`drift.PageHinkley`), whose count begins at 1 and is compared after its increment
class page_hinkley_rule {
 public:
  using options_type = page_hinkley_options;
  static constexpr bool alarms_at_threshold = true;

  explicit page_hinkley_rule(const page_hinkley_options& options = {}) : options_(options) {
    const option_check check("drift::page_hinkley_detector");
    check(options.threshold > 0.0 && std::isfinite(options.threshold), "threshold", options.threshold, "a number > 0");
    check(options.tolerance >= 0.0 && std::isfinite(options.tolerance), "tolerance", options.tolerance, "a number >= 0");
    check(options.memory > 0.0 && options.memory <= 1.0, "memory", options.memory, "a number in (0, 1]");
    check(options.minimum >= 1, "minimum", options.minimum, ">= 1");
  }

  double update(double z) noexcept {
    mean_ += (z - mean_) / static_cast<double>(count_);
    sum_ = std::max(0.0, options_.memory * sum_ + (z - mean_ - options_.tolerance));
    ++count_;
    return count_ >= options_.minimum ? sum_ : -std::numeric_limits<double>::infinity();
  }
  void reset() noexcept {
    count_ = 1;
    mean_ = sum_ = 0.0;
  }
  void restart(double) noexcept { reset(); }
  double threshold() const noexcept { return options_.threshold; }
  const page_hinkley_options& options() const noexcept { return options_; }

 private:
  page_hinkley_options options_;
  std::int64_t count_ = 1;
  double mean_ = 0.0, sum_ = 0.0;
};

using page_hinkley_detector = monitor<page_hinkley_rule>;

}  // namespace libration::inline LIBRATION_ABI::drift
