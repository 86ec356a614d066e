// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Any map given the time that one of its steps covers.

#include <type_traits>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/stepper_base.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// A map M and the time that its step covers; in all else it is M, whose members it has. Made by `with_time_step`.
template <class M>
class map_with_time_step : public M {
 public:
  /// The step is the map itself, not a stepper's approximation of a flow.
  static constexpr bool exact_steps = true;

  map_with_time_step(M map, double dt) : M(std::move(map)), dt_(detail::checked_time_step(dt, "maps::with_time_step")) {}

  double time_step() const { return dt_; }

 private:
  double dt_;
};

/// The same map with a time step: a step covers the time dt, and exponents, growth and horizons are per unit of time.
///
///     maps::with_time_step(gru, 0.02)                                        // a network that reads a signal at 50 Hz
///     models::close_loop(maps::with_time_step(gru, 0.02), readout)           // the loop has it too
///     maps::with_time_step(models::close_loop(character_model), 0.2)         // or is given one itself
///
/// What comes back is a map of every kind that M is (with inputs, on vectors, a token model). A flow has its time step from its
/// stepper, where another one makes another map: `flow.with_time_step(dt)`.
///
/// \param dt  finite, > 0, in any unit of time
/// \throws argument_error otherwise
template <class M>
map_with_time_step<M> with_time_step(M map, double dt) {
  static_assert(!has_time_step<M>,
                "libration: this map has a time step; of a flow, map.with_time_step(dt) makes the map for another one");
  static_assert(!std::is_final_v<M>, "libration: with_time_step derives from the map's type, which is final");
  return {std::move(map), dt};
}

}  // namespace libration::inline LIBRATION_ABI::maps
