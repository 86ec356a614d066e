// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The loop under every measurement: one orbit (or one in each SIMD lane), shown step by step to any number of observers.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/status.hpp>
#include <libration/rollout/inputs.hpp>
#include <libration/rollout/repeats.hpp>
#include <libration/scalar/lane_access.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// What an observer sees of a step: h → next under the input x. Linearisations are asked of the system.
template <class System>
struct step_view {
  std::int64_t t;                            ///< the step's number: `first_step`, and one more a step, transient included
  const typename System::state_type& h;      ///< shape (n)
  const typename System::input_type& x;      ///< shape (m)
  const typename System::state_type& next;   ///< shape (n)
  System& system;                            ///< holds this step's linearisation where an observer needs the tangent
  const repeats<System>& cycle;              ///< whether the orbit has begun to repeat itself
};

/// How long to drive, and how to be told and stopped. A number of steps that exceeds the type together with the transients
/// (`unlimited_steps` always does) means: until every observer is done, the orbit diverges, or the run is stopped.
struct drive_options {
  std::int64_t transient = 0;  ///< steps before any observer sees one
  std::int64_t steps = 0;      ///< steps that every observer sees, after its own warm-up
  progress_callback on_progress = {};
  std::stop_token stop = {};
  std::int64_t first_step = 0;  ///< the number of the first step: what a timed map and the inputs are asked for
};

/// \return the largest warm-up among the observers, in steps
template <class... Observers>
std::int64_t longest_warm_up(const Observers&... observers) {
  return std::max({std::int64_t{0}, observers.warm_up()...});
}

namespace detail {
template <class... Observers>
inline constexpr bool takes_steps = false;
template <class Observer>
  requires requires { Observer::takes_steps; }
inline constexpr bool takes_steps<Observer> = Observer::takes_steps;
}  // namespace detail

/// Runs an orbit and shows it to observers.
///
/// An observer has `static constexpr bool needs_tangent`, `warm_up()` (steps it wants to see before those it counts),
/// `observe(step_view)`, `end(mask lanes, status, t, h)` (those lanes are over at step t, which is not taken or has no finite
/// image; h is the state before it, and what was gathered stands), `conclude(step_view)` (the last step is done) and `done()`.
///
/// One that is alone may take the steps of an autonomous orbit itself (`static constexpr bool takes_steps = true`): from the
/// transient on it is asked for `take_steps(t, limit, h, system, cycle)`, which takes 1 to `limit` steps, moves h and tells
/// `cycle`, ends the lanes that diverge, and returns the number of steps. It is not shown any.
///
/// \param h start, one orbit a lane
/// \return  number of steps done, transient included
template <class System, class Inputs, class... Observers>
std::int64_t drive(System& system, typename System::state_type h, Inputs& inputs, const drive_options& options,
                   Observers&... observers) {
  constexpr bool linearise = (Observers::needs_tangent || ...);
  const std::int64_t warm_up = longest_warm_up(observers...);
  const std::int64_t counted_from = saturating_sum(options.transient, warm_up);
  const std::int64_t total = saturating_sum(counted_from, options.steps);
  auto next = system.make_state();
  auto x = system.make_input();
  repeats<System> cycle(h);
  typename System::mask alive = everywhere<typename System::mask>(true);

  constexpr std::int64_t stretch = 256;  // steps between looks at the stop token
  constexpr std::int64_t longest_silence = 1 << 20;
  const std::int64_t report_every = std::clamp<std::int64_t>(total / 1000, stretch, longest_silence);
  std::int64_t reported = 0;
  const std::int64_t first = options.first_step;

  std::int64_t t = 0;
  while (t < total) {
    if (options.stop.stop_requested()) {
      (observers.end(alive, status::cancelled, first + t, h), ...);
      return t;
    }
    if (options.on_progress && t - reported >= report_every) {
      reported = t;
      options.on_progress({t, total});
    }
    for (const std::int64_t until = std::min(total, t + stretch); t < until; ++t) {
      const bool seen = t >= options.transient;
      if constexpr (detail::takes_steps<Observers...>) {
        if (seen) {
          t += (observers.take_steps(t, until - t, h, system, cycle) + ...) - 1;
          if ((observers.done() && ...)) return t + 1;
          continue;
        }
      }
      inputs.read(first + t, x);
      if (linearise && seen)
        system.advance(first + t, h, x, next);
      else
        system.step(first + t, h, x, next);
      if constexpr (System::autonomous) cycle.observe(t, next);

      const auto finite = all_finite(next);
      if (!all(finite || !alive)) [[unlikely]] {
        (observers.end(alive && !finite, status::diverged, first + t, h), ...);
        alive = alive && finite;
        if (!any(alive)) return t;
      }
      if (seen) {
        const step_view<System> view{first + t, h, x, next, system, cycle};
        ((t >= counted_from - observers.warm_up() ? observers.observe(view) : void()), ...);
        if ((observers.done() && ...)) return t + 1;
      }
      std::swap(h, next);
    }
  }
  const step_view<System> last{first + t - 1, next, x, h, system, cycle};
  (observers.conclude(last), ...);
  if (options.on_progress) options.on_progress({total, total});
  return t;
}

}  // namespace libration::inline LIBRATION_ABI::rollout
