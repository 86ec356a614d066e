// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Finds the step from which an autonomous orbit repeats itself exactly in floating point.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// \return where every component is finite: bool, or a mask of lanes
template <class T, int n>
auto all_finite(const state<T, n>& h) {
  // x - x is 0 for a finite x and NaN otherwise; one comparison serves the whole state.
  T zero = h[0] - h[0];
  for (int i = 1; i < n; ++i) zero += h[i] - h[i];
  return zero == T(0.0);
}
template <class S>
bool all_finite(const Eigen::Matrix<S, Eigen::Dynamic, 1>& h) {
  return h.allFinite();
}

/// \return where every component is equal
template <class T, int n>
auto all_equal(const state<T, n>& a, const state<T, n>& b) {
  auto equal = a[0] == b[0];
  for (int i = 1; i < n; ++i) equal = equal && a[i] == b[i];
  return equal;
}
template <class S>
bool all_equal(const Eigen::Matrix<S, Eigen::Dynamic, 1>& a, const Eigen::Matrix<S, Eigen::Dynamic, 1>& b) {
  return a[0] == b[0] && a == b;
}

/// Watches one orbit (or one a lane) for an exact repetition: the state is compared with one kept from the last step whose
/// number is a power of two, so that a cycle of length p is found at most about max(p, start of the cycle) + p steps in.
///
/// Equal means the same numbers. Two states that are one point of a torus by their `periods` alone are not taken for a repetition:
/// their next states differ by rounding.
///
/// Cost: a comparison a step, of the first component alone while it differs; a copy of the state at each power of two
/// Source: Brent, "An improved Monte Carlo factorization algorithm", BIT 20 (1980) 176-184, section 2 (cycle finding)
template <class System>
class repeats {
 public:
  using state_type = typename System::state_type;
  using mask = typename System::mask;

  explicit repeats(const state_type& start) : start_(start), anchor_(start) {}

  void observe(std::int64_t t, const state_type& next) {
    const mask equal = all_equal(next, anchor_) && !found_;
    if (any(equal)) [[unlikely]] {
      found_ = found_ || equal;
      for (int lane = 0; lane < System::width; ++lane)
        if (lane_of(equal, lane)) period_[lane] = t + 1 - anchored_;
    }
    if (t == renewed_at()) {
      anchor_ = next;
      anchored_ = t + 1;
    }
  }

  /// What the states are compared with, up to that of step `renewed_at()`, which takes its place. Of steps in which the first
  /// component differs from it, the last one alone may be shown.
  const state_type& anchor() const { return anchor_; }
  std::int64_t renewed_at() const { return anchored_ == 0 ? 0 : 2 * anchored_ - 1; }

  /// Where the orbit has been seen to repeat.
  const mask& found() const { return found_; }
  /// \return the cycle's length in steps; 0 where none was found
  std::int64_t period(int lane) const { return period_[lane]; }
  /// The state the orbit began with, before any transient.
  const state_type& start() const { return start_; }

 private:
  state_type start_, anchor_;
  std::int64_t anchored_ = 0;
  mask found_ = everywhere<mask>(false);
  std::int64_t period_[static_cast<std::size_t>(System::width)] = {};
};

}  // namespace libration::inline LIBRATION_ABI::rollout
