// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The explicit Euler stepper, which makes a map of a field.

#include <cstdint>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/stepper_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// One step of dt by the explicit Euler method: h + dt f(t, h). Made by `euler(field, dt)`.
template <field Field>
class euler_map : public detail::formula_base<euler_map<Field>, static_cast<int>(Field::dimension),
                                              input_dimension<Field>, timed_field<Field>, lanes_allowed<Field>>,
                  public wrapper<euler_map<Field>, Field> {
  static constexpr int n = static_cast<int>(Field::dimension);

 public:
  euler_map(Field f, double dt) : field_(std::move(f)), dt_(detail::checked_time_step(dt, "maps::euler")) {}

  double time_step() const { return dt_; }
  euler_map with_time_step(double dt) const
    requires(input_dimension<Field> == 0)  // inputs belong to steps of this length
  {
    return euler_map(field_, dt);
  }
  const Field& field() const { return field_; }
  const Field& inner() const { return field_; }

 private:
  friend detail::formula_base<euler_map, n, input_dimension<Field>, timed_field<Field>, lanes_allowed<Field>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t t, const state<T, n>& h, const X& x) const {
    return detail::moved(h, dt_, detail::rate<Field, T>(field_, static_cast<double>(t) * dt_, h, x));
  }

  Field field_;
  double dt_;
};

/// The field as a map over the time dt, by the explicit Euler method: for comparison, and for models
/// that are defined by it.
///
/// \param f    a field; one that depends on time is evaluated at the step's start, t dt; the input of a driven one is held over the
///             step, which costs no order here
/// \param dt   time step, > 0, in the field's unit of time
/// \throws     argument_error unless dt is finite and positive
/// Accuracy:   local error O(dt^2), global error O(dt) (test "maps::euler: order 1")
/// Cost:       1 evaluation of the field a step
template <field Field>
euler_map<Field> euler(Field f, double dt) {
  return {std::move(f), dt};
}
template <class F>
  requires(!field<F>)
void euler(F, double) {
  detail::check_field<F>();
}

}  // namespace libration::inline LIBRATION_ABI::maps
