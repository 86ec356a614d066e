// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Whether an autonomous orbit has fallen onto an unstable cycle in floating point.

#include <algorithm>
#include <cstdint>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/repeats.hpp>
#include <libration/scalar/lane_access.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// Judges one orbit that repeats, from the growth that was counted along it. That the orbit has reached an unstable cycle on which
/// it did not start is an effect of rounding: its exponents are not those of the true orbit.
class unstable_cycle {
 public:
  /// \param system   makes steps along the cycle; its linearisation is overwritten
  /// \param growth   sum of the leading exponent's growth, nats, over `counted` steps
  /// \param now      the run ends: judge by what has been counted; else wait until a whole cycle has been since it was seen
  /// \return         whether the orbit has reached an unstable cycle; true at most once
  template <class System>
  bool fell(const rollout::step_view<System>& view, int lane, System& system, double growth, std::int64_t counted, bool now) {
    if constexpr (!System::autonomous) {
      return false;
    } else {
      if (settled_ || view.cycle.period(lane) == 0) return false;
      if (length_ == 0) {
        length_ = view.cycle.period(lane);
        from_ = counted;
        growth_ = growth;
      }
      if (!now && counted - from_ < length_) return false;
      const bool whole = counted - from_ >= length_;
      const double rate = whole ? (growth - growth_) / static_cast<double>(counted - from_)
                                : growth / static_cast<double>(std::max<std::int64_t>(counted, 1));
      settled_ = true;
      return rate > least_instability && !starts_on_it(view, lane, system);
    }
  }

  /// \return the cycle's length in steps; 0 where none was seen
  std::int64_t length() const { return length_; }

 private:
  static constexpr double least_instability = 1e-9;  // growth a step below which a repeating orbit counts as neutral

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

  std::int64_t length_ = 0, from_ = 0;
  double growth_ = 0.0;
  bool settled_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov
