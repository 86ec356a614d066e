// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// ADWIN: a window of adaptive length whose older and newer part are compared, as a detector.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/monitor.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Which cuts of the window are compared, and by which sizes.
enum class adwin_cuts : std::uint8_t {
  all,   ///< the paper's: between any two buckets, 1/m = 1/n₀ + 1/n₁
  river  ///< river's: the newest bucket of each size is left out, n - 4 in the place of n
};

/// Options of `drift::adwin_detector`, declared in the order in which designated initialisers name them.
struct adwin_options {
  double delta = 0.002;           ///< δ in (0, 1)
  std::int64_t check_every = 32;  ///< values, >= 1
  std::int64_t grace = 10;        ///< nothing is compared in a window of so many values or fewer, >= 1
  std::int64_t smallest = 5;      ///< least number of values on each side of a cut, >= 1
  adwin_cuts cuts = adwin_cuts::all;
  /// After an alarm the window is emptied; otherwise its oldest buckets are dropped until no cut stands out, as in the paper.
  bool restart = false;
};

/// A window of buckets of 1, 2, 4, ... values, at most 5 of a size. A cut into an older and a newer part alarms where their means
/// differ by more than ε = √(2 v L/m) + 2 L/(3 m), L = ln(2 ln W/δ), v the variance of the window, W its length.
///
/// The statistic is the largest over the cuts of the L at which ε is the difference, less ln(2 ln W), and the threshold ln(1/δ):
/// the same alarms. Where nothing is checked it is -infinity.
///
/// ε is derived for independent values in [0, 1]; for values that remember each other δ says nothing of false alarms, and a
/// calibrated threshold replaces it.
///
/// \throws argument_error  for an option out of range
/// Cost:    a check is some 10 operations for each of 5 log₂ W buckets; 8 kB of memory, whatever the length
/// Source:  A. Bifet, R. Gavaldà, "Learning from time-changing data with adaptive windowing", 2007; buckets and variances as in
///          river's `drift.ADWIN`
class adwin_rule {
 public:
  using options_type = adwin_options;
  static constexpr bool alarms_at_threshold = false;

  explicit adwin_rule(const adwin_options& options = {}) : options_(options) {
    const option_check check("drift::adwin_detector");
    check(options.delta > 0.0 && options.delta < 1.0, "delta", options.delta, "a number in (0, 1)");
    check(options.check_every >= 1, "check_every", options.check_every, ">= 1");
    check(options.grace >= 1, "grace", options.grace, ">= 1");
    check(options.smallest >= 1, "smallest", options.smallest, ">= 1");
    reset();
  }

  double update(double z) noexcept {
    insert(z);
    ++ticks_;
    return ticks_ % options_.check_every == 0 ? largest_cut() : -std::numeric_limits<double>::infinity();
  }
  /// After an alarm: see `adwin_options::restart`.
  LIBRATION_DECLARED void restart_at(double threshold) noexcept;
  void restart(double threshold) noexcept { restart_at(threshold); }
  void reset() noexcept {
    rows_ = 1;
    count_.fill(0);
    width_ = total_ = squares_ = 0.0;
    ticks_ = 0;
  }
  double threshold() const noexcept { return -std::log(options_.delta); }
  /// Number of values in the window.
  std::int64_t width() const noexcept { return static_cast<std::int64_t>(width_); }
  /// \return  NaN of an empty window
  double mean() const noexcept { return total_ / width_; }
  const adwin_options& options() const noexcept { return options_; }

 private:
  static constexpr std::size_t most = 5, largest_rows = 60;
  struct bucket {
    double total = 0.0, squares = 0.0;  // squares: about its mean
  };

  LIBRATION_DECLARED void insert(double z) noexcept;
  LIBRATION_DECLARED void drop_oldest() noexcept;
  LIBRATION_DECLARED double largest_cut() const noexcept;

  adwin_options options_;
  // Row i holds buckets of 2^i values, the oldest first; the newest values are in row 0.
  std::array<std::array<bucket, most + 1>, largest_rows> buckets_;
  std::array<std::uint8_t, largest_rows> count_{};
  std::size_t rows_ = 1;
  double width_ = 0.0, total_ = 0.0, squares_ = 0.0;
  std::int64_t ticks_ = 0;
};

using adwin_detector = monitor<adwin_rule>;

/// ε of ADWIN's comparison of n0 older and n1 newer values, river's with n - 4 for n.
///
/// \param variance  of the whole window, >= 0
/// \param delta     in (0, 1)
/// \throws argument_error  for fewer than 1 value on a side (river: 5), another variance or delta
LIBRATION_DECLARED double adwin_epsilon(std::int64_t n0, std::int64_t n1, double variance, double delta,
                                        adwin_cuts cuts = adwin_cuts::all);

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/adwin.hpp>
#endif
