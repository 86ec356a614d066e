// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Whether an autonomous orbit has fallen onto an unstable cycle in floating point.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/repeats.hpp>
#include <libration/scalar/lane_access.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Judges one orbit that repeats. That the orbit has reached an unstable cycle on which it did not start is an effect of rounding:
/// its exponents are not those of the true orbit.
///
/// The cycle's own exponent decides, by the growth along whole periods that follow, which are no part of the run: what was counted
/// before belongs to the way to the cycle in part, and neither it nor a stretch of the run is a whole number of periods. The
/// direction is carried for at least 64 steps first; then as many are measured, and twice as many again as long as the growth
/// is below 4 nats in size, which a direction that still turns can make up, until it is that of 4096 steps or more.
class unstable_cycle {
 public:
  /// \param system   makes steps along the cycle
  /// \param advance  called as advance(t, h, x, next): takes a step along the cycle, and returns the nats by which the leading
  ///                 direction grows in it
  /// \return         whether the orbit has reached an unstable cycle; true at most once
  /// Cost: at most 4 periods and 16,000 steps, once
  template <class System, class Advance>
  bool fell(const rollout::step_view<System>& view, int lane, System& system, Advance&& advance) {
    if constexpr (!System::autonomous) {
      return false;
    } else {
      if (length_ > 0 || view.cycle.period(lane) == 0) return false;
      length_ = view.cycle.period(lane);
      return !starts_on_it(view, lane, system) && rate(view, system, advance) > least_instability;
    }
  }

  /// \return the cycle's length in steps; 0 where none was seen
  std::int64_t length() const { return length_; }

 private:
  static constexpr double least_instability = 1e-9;  // growth a step below which a repeating orbit counts as neutral
  static constexpr double decisive_growth = 4.0;
  static constexpr std::int64_t fewest_steps = 64, most_steps = 4096;

  // The growth a step along the cycle; NaN where it leaves the range of numbers.
  template <class System, class Advance>
  double rate(const rollout::step_view<System>& view, System& system, Advance&& advance) const {
    typename System::state_type h = view.next, next = h;
    const typename System::input_type x = system.make_input();
    std::int64_t t = view.t + 1;
    std::int64_t steps = length_ * std::max<std::int64_t>(1, (fewest_steps + length_ - 1) / length_);
    const auto growth_of = [&](std::int64_t count) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < count && std::isfinite(sum); ++i, ++t) {
        sum += advance(t, std::as_const(h), x, next);
        std::swap(h, next);
      }
      return sum;
    };
    double growth = growth_of(steps);
    for (;;) {
      if (!std::isfinite(growth)) return growth;
      growth = growth_of(steps);
      if (std::abs(growth) >= decisive_growth || steps >= most_steps) return growth / static_cast<double>(steps);
      steps *= 2;
    }
  }

  template <class System>
  bool starts_on_it(const rollout::step_view<System>& view, int lane, System& system) const {
    typename System::state_type h = view.next, next = h;
    const typename System::input_type x = system.make_input();
    for (std::int64_t i = 0; i < length_; ++i) {
      if (lane_of(rollout::all_equal(h, view.cycle.start()), lane)) return true;
      system.step(view.t + 1 + i, h, x, next);
      std::swap(h, next);
    }
    return false;
  }

  std::int64_t length_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
