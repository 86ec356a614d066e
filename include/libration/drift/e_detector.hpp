// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// E-detectors: products of e-values that begin anew, and the detector of a rise of the mean.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/monitor.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// How e-values L, each of mean at most 1 given the past as long as nothing has changed, are put together.
enum class e_form : std::uint8_t {
  cusum,             ///< M ← L max(M, 1): the best of all beginnings
  shiryaev_roberts,  ///< M ← L (M + 1): the sum over all beginnings
  martingale         ///< M ← L M, from 1: one beginning, at the first value
};

/// The logarithm of M, which never overflows.
class e_process {
 public:
  explicit e_process(e_form form = e_form::cusum) noexcept : form_(form) { reset(); }

  /// \param log_e  ln L; -infinity (L = 0) is a number here, NaN is not
  /// \return       ln M
  double update(double log_e) noexcept {
    switch (form_) {
      case e_form::cusum:
        log_value_ = log_e + std::max(log_value_, 0.0);
        break;
      case e_form::shiryaev_roberts:
        // ln(M + 1); of M above e³⁷ the 1 is below its rounding.
        log_value_ = log_e + (log_value_ > 37.0 ? log_value_ : std::log1p(std::exp(log_value_)));
        break;
      case e_form::martingale:
        log_value_ += log_e;
        break;
    }
    return log_value_;
  }
  double log_value() const noexcept { return log_value_; }
  e_form form() const noexcept { return form_; }
  void reset() noexcept { log_value_ = form_ == e_form::martingale ? 0.0 : -std::numeric_limits<double>::infinity(); }

 private:
  e_form form_;
  double log_value_ = 0.0;
};

/// Options of `drift::e_detector`, declared in the order in which designated initialisers name them.
struct e_options {
  /// Of M, > 1.
  double threshold = 1000.0;
  /// δ, in standard deviations, not 0: the mean after the change that is found soonest; below 0 a fall is looked for.
  double shift = 1.0;
  e_form form = e_form::cusum;
};

/// L = e^{δ z - δ²/2}, the likelihood ratio of N(δ, 1) to N(0, 1); alarm where M >= threshold. The statistic is ln M.
///
/// The average run length is at least the threshold (forms cusum and shiryaev_roberts), and an alarm ever comes with probability at
/// most 1/threshold (martingale), if E L <= 1 given all past values: true of independent standard normal values, and not of values
/// that remember each other or are not normal. Calibrated on a process the run length is the simulated one, and there is no such
/// bound.
///
/// \throws argument_error  for an option out of range
/// Cost:    some 5 operations a value; shiryaev_roberts an exponential and a logarithm more
/// Source:  J. Shin, A. Ramdas, A. Rinaldo, "E-detectors: a nonparametric framework for sequential change detection"
class e_rule {
 public:
  using options_type = e_options;
  static constexpr bool alarms_at_threshold = true;

  explicit e_rule(const e_options& options = {}) : options_(options), process_(options.form) {
    const option_check check("drift::e_detector");
    check(options.threshold > 1.0 && std::isfinite(options.threshold), "threshold", options.threshold, "a number > 1");
    check(options.shift != 0.0 && std::isfinite(options.shift), "shift", options.shift, "a number other than 0");
  }

  double update(double z) noexcept { return process_.update(options_.shift * (z - 0.5 * options_.shift)); }
  void reset() noexcept { process_.reset(); }
  void restart(double) noexcept { reset(); }
  double threshold() const noexcept { return std::log(options_.threshold); }
  const e_options& options() const noexcept { return options_; }

 private:
  e_options options_;
  e_process process_;
};

using e_detector = monitor<e_rule>;

}  // namespace libration::inline LIBRATION_ABI::drift
