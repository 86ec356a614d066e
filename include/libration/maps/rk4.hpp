// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The classical Runge-Kutta stepper of order 4, which makes a map of a field.

#include <cstdint>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/stepper_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// One step of dt by the classical Runge-Kutta method. Made by `rk4(field, dt)`.
template <field Field>
class rk4_map : public detail::formula_base<rk4_map<Field>, static_cast<int>(Field::dimension), input_dimension<Field>,
                                            false, lanes_allowed<Field>>,
                public wrapper<rk4_map<Field>, Field> {
  static constexpr int n = static_cast<int>(Field::dimension);

 public:
  rk4_map(Field f, double dt) : field_(std::move(f)), dt_(detail::checked_time_step(dt, "maps::rk4")) {}

  double time_step() const { return dt_; }
  rk4_map with_time_step(double dt) const { return rk4_map(field_, dt); }
  const Field& field() const { return field_; }
  const Field& inner() const { return field_; }

 private:
  friend detail::formula_base<rk4_map, n, input_dimension<Field>, false, lanes_allowed<Field>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t, const state<T, n>& h, const X& x) const {
    const state<T, n> k1 = detail::rate<Field, T>(field_, h, x);
    const state<T, n> k2 = detail::rate<Field, T>(field_, detail::moved(h, 0.5 * dt_, k1), x);
    state<T, n> sum = detail::moved(k1, 2.0, k2);
    const state<T, n> k3 = detail::rate<Field, T>(field_, detail::moved(h, 0.5 * dt_, k2), x);
    sum = detail::moved(sum, 2.0, k3);
    sum += detail::rate<Field, T>(field_, detail::moved(h, dt_, k3), x);
    return detail::moved(h, dt_ / 6.0, sum);
  }

  Field field_;
  double dt_;
};

/// The field as a map over the time dt, by the classical Runge-Kutta method.
///
/// \param f    a field; the input of a driven one is held over the step
/// \param dt   time step, > 0, in the field's unit of time
/// \throws     argument_error unless dt is finite and positive
/// Accuracy:   local error O(dt^5), global error O(dt^4) (test "maps::rk4: order 4"). The tangent is the exact
///             derivative of the discrete map: exponents are those of the map, and their distance from the flow's is
///             the stepper's bias, to be measured by `with_time_step(dt / 2)`
/// Cost:       4 evaluations of the field a step
/// Source:     Kutta, "Beitrag zur näherungsweisen Integration totaler Differentialgleichungen", Z. Math. Phys. 46
///             (1901) 435
template <field Field>
rk4_map<Field> rk4(Field f, double dt) {
  return {std::move(f), dt};
}

}  // namespace libration::inline LIBRATION_ABI::maps
