// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How many steps a frame is carried before it is orthonormalised: as many as its measured condition allows.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/config.hpp>
#include <libration/core/saturating.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/scalar.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// The length of the equal stretches in which growth is recorded, at whose ends a frame is orthonormal: at most 64 steps (256 where
/// no interval can become too long), and at least 128 of them in the counted steps where that can be had: a power of two, or a
/// multiple of a forced interval.
///
/// \param steps  that will be counted; \param interval  forced, or 0: automatic
inline std::int64_t stretch_length(std::int64_t steps, std::int64_t interval) {
  std::int64_t length = 1;
  while (length < (interval == 1 ? 256 : 64) && 2 * length * 128 <= steps) length *= 2;
  return interval == 0 ? length : interval * std::max<std::int64_t>(1, length / interval);
}

/// The intervals of one orbit, or of one in each SIMD lane. The condition is the largest ratio of a column's norm to its pivot;
/// rounding is worth eps · condition in the logarithm of a pivot. Its logarithm grows about linearly with the steps.
///
/// An interval is what the largest recent rate of that growth (forgotten with a memory of about 100 orthonormalisations)
/// lets stay below `target` = eps^(-2/5), 1.8e6 in double and 590 in float: a single pivot is right to 4e-10 and 7e-5, with
/// random sign, and the condition may exceed its expectation by a factor of eps^(-1/2) before a column is lost. Derived here.
///
/// In lanes, intervals are powers of two and end at their multiples, so that lanes meet without knowing of each other.
///
/// \tparam Real  double, or lanes of doubles
/// \tparam width lanes of Real
template <class Real, int width>
class interval_control {
  using mask = typename scalar_traits<Real>::mask;

 public:
  /// \param forced  steps, or 0: automatic
  /// \param longest the largest automatic interval
  /// \param eps     of the scalar that the frame is in
  interval_control(std::int64_t forced, std::int64_t longest, double eps)
      : log_target_(-0.4 * std::log(eps)), longest_(static_cast<double>(longest)), automatic_(forced == 0) {
    length_ = Real(forced > 0 ? static_cast<double>(forced) : 1.0);
  }

  /// \param now steps seen
  /// \return    where an interval ends
  mask due(std::int64_t now) const {
    const Real position(static_cast<double>(now));
    if constexpr (width == 1) {
      return position - last_ >= length_;
    } else {
      if (!automatic_) return position - last_ >= length_;
      using std::floor;
      return floor(position / length_) * length_ == position;
    }
  }

  /// \return steps since the last orthonormalisation, in each lane
  Real since(std::int64_t now) const { return Real(static_cast<double>(now)) - last_; }

  /// The first step count, after `now`, at which the interval of some lane among `lanes` ends; now + 1 where there is none.
  std::int64_t next(std::int64_t now, const mask& lanes = everywhere<mask>(true)) const {
    if (!any(lanes)) return now + 1;
    double first = std::numeric_limits<double>::max();
    for (int lane = 0; lane < width; ++lane) {
      if (!lane_of(lanes, lane)) continue;
      const double length = lane_value(length_, lane);
      const double end = width == 1 || !automatic_ ? lane_value(last_, lane) + length
                                                   : (std::floor(static_cast<double>(now) / length) + 1.0) * length;
      first = std::min(first, end);
    }
    return first < 0x1p62 ? static_cast<std::int64_t>(first) : unlimited_steps;
  }

  /// Learns, where the mask holds, from an orthonormalisation that found `condition`.
  void adapt(const mask& where, std::int64_t now, const Real& condition) {
    if (automatic_) {
      using std::log;
      const Real measured = log(condition) / select(where, since(now), Real(1.0));
      const Real faded = 0.99 * rate_;
      rate_ = select(where, select(measured > faded, measured, faded), rate_);
      Real length = select(rate_ > Real(1e-9), log_target_ / rate_, Real(longest_));
      const Real most = select(1.5 * length_ + 0.5 < Real(longest_), 1.5 * length_ + 0.5, Real(longest_));
      length = select(length < most, length, width == 1 ? most : min_of(2.0 * length_, Real(longest_)));
      length_ = select(where, rounded(length), length_);
    }
    last_ = select(where, Real(static_cast<double>(now)), last_);
  }

  /// After an interval in which a column was lost, and which was replayed. Columns that leave the range of numbers together have no
  /// condition: the rate becomes at least the one that allows half of that interval, and fades from there as any other, so that
  /// such an interval is tried again after some 70 orthonormalisations.
  void shorten(int lane, std::int64_t now) {
    const double lost = lane_value(since(now), lane), length = lost > 0.0 ? lost : lane_value(length_, lane);
    set_lane_value(rate_, lane, std::max(2.0 * lane_value(rate_, lane), log_target_ / std::max(1.0, 0.5 * length)));
    set_lane_value(length_, lane, std::max(1.0, std::floor(0.5 * lane_value(length_, lane))));
    set_lane_value(last_, lane, static_cast<double>(now));
  }

 private:
  static Real min_of(const Real& a, const Real& b) { return select(a < b, a, b); }

  // Down to a whole number; in lanes to a power of two.
  static Real rounded(const Real& length) {
    using std::floor;
    if constexpr (width == 1) {
      return std::max(1.0, floor(length));
    } else {
      Real power(1.0);
      for (double p = 2.0; p <= 64.0; p *= 2.0) power = select(length >= Real(p), Real(p), power);
      return power;
    }
  }

  double log_target_;
  double longest_;
  bool automatic_;
  Real length_ = Real(1.0);
  Real last_ = Real(0.0);
  Real rate_ = Real(0.0);  // growth of the condition's logarithm a step
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
