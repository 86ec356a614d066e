// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A CUSUM chart as a detector.

#include <algorithm>
#include <cmath>
#include <string_view>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/cusum_run_length.hpp>
#include <libration/drift/monitor.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// S ← max(0, S + z - reference), alarm where S > threshold; two-sided: the larger of this and of the same sum of -z.
///
/// \throws argument_error  for a reference that is negative or not finite, a threshold that is not a positive number
/// Cost:    some 5 operations a value
/// Source:  E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954) 100-115. What a threshold promises of independent
///          normal values: `cusum_run_length`
class cusum_rule {
 public:
  using options_type = cusum_chart;
  static constexpr bool alarms_at_threshold = false;

  explicit cusum_rule(const cusum_chart& chart = {}) : chart_(chart) {
    const option_check check("drift::cusum_detector");
    check(chart.reference >= 0.0 && std::isfinite(chart.reference), "reference", chart.reference, "a number >= 0");
    check(chart.threshold > 0.0 && std::isfinite(chart.threshold), "threshold", chart.threshold, "a number > 0");
  }

  double update(double z) noexcept {
    up_ = std::max(0.0, up_ + z - chart_.reference);
    if (!chart_.two_sided) return up_;
    down_ = std::max(0.0, down_ - z - chart_.reference);
    return std::max(up_, down_);
  }
  void reset() noexcept { up_ = down_ = 0.0; }
  void restart(double) noexcept { reset(); }
  double threshold() const noexcept { return chart_.threshold; }
  const cusum_chart& options() const noexcept { return chart_; }

 private:
  cusum_chart chart_;
  double up_ = 0.0, down_ = 0.0;
};

using cusum_detector = monitor<cusum_rule>;

}  // namespace libration::inline LIBRATION_ABI::drift
