// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The classical Runge-Kutta stepper of order 4, which makes a map of a field.

#include <cstdint>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/stepper_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// At which times the map that `rk4` makes of a driven field takes inputs. A step goes from t to t + dt.
enum class input_sampling : std::uint8_t {
  step,       ///< one, held over the step: shape (m)
  half_step,  ///< x(t), x(t + dt/2) and x(t + dt) over each other: shape (3 m)
};

/// One step of dt by the classical Runge-Kutta method. Made by `rk4(field, dt)`.
template <field Field, input_sampling sampling = input_sampling::step>
class rk4_map
    : public detail::formula_base<rk4_map<Field, sampling>, static_cast<int>(Field::dimension),
                                  (sampling == input_sampling::step ? 1 : 3) * input_dimension<Field>, timed_field<Field>,
                                  lanes_allowed<Field>>,
      public wrapper<rk4_map<Field, sampling>, Field> {
  static constexpr int n = static_cast<int>(Field::dimension);
  static constexpr int m = input_dimension<Field>;
  static constexpr bool held = sampling == input_sampling::step;
  static_assert(held || m > 0, "libration::maps::rk4: a field without inputs takes none at half steps");

 public:
  rk4_map(Field f, double dt) : field_(std::move(f)), dt_(detail::checked_time_step(dt, "maps::rk4")) {}

  double time_step() const { return dt_; }
  rk4_map with_time_step(double dt) const
    requires(m == 0)  // inputs belong to steps of this length
  {
    return rk4_map(field_, dt);
  }
  const Field& field() const { return field_; }
  const Field& inner() const { return field_; }

 private:
  friend detail::formula_base<rk4_map, n, (held ? 1 : 3) * m, timed_field<Field>, lanes_allowed<Field>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t t, const state<T, n>& h, const X& x) const {
    if constexpr (held) {
      return step<T>(t, h, x, x, x);
    } else {
      state<T, m> part[3];
      for (int k = 0; k < 3; ++k)
        for (int i = 0; i < m; ++i) part[k][i] = x[k * m + i];
      return step<T>(t, h, part[0], part[1], part[2]);
    }
  }
  template <class T, class X>
  LIBRATION_INLINE state<T, n> step(std::int64_t t, const state<T, n>& h, const X& first, const X& middle, const X& last) const {
    const double start = static_cast<double>(t) * dt_, half = (static_cast<double>(t) + 0.5) * dt_;
    const double end = (static_cast<double>(t) + 1.0) * dt_;  // the next step's start, digit by digit
    const state<T, n> k1 = detail::rate<Field, T>(field_, start, h, first);
    const state<T, n> k2 = detail::rate<Field, T>(field_, half, detail::moved(h, 0.5 * dt_, k1), middle);
    state<T, n> sum = detail::moved(k1, 2.0, k2);
    const state<T, n> k3 = detail::rate<Field, T>(field_, half, detail::moved(h, 0.5 * dt_, k2), middle);
    sum = detail::moved(sum, 2.0, k3);
    sum += detail::rate<Field, T>(field_, end, detail::moved(h, dt_, k3), last);
    return detail::moved(h, dt_ / 6.0, sum);
  }

  Field field_;
  double dt_;
};

/// The field as a map over the time dt, by the classical Runge-Kutta method.
///
/// The input of a driven field is held over the step, which is exact for one that is constant over it. Of an input that varies
/// smoothly, x taken at the step's start costs all orders but the first, x at the middle of the step all but the second
/// (test "maps::rk4: what a held input costs"). `rk4<input_sampling::half_step>(field, dt)` keeps order 4: its input is
/// (x(t), x(t + dt/2), x(t + dt)), see `half_step_inputs`.
///
/// \param f    a field; one that depends on time is evaluated at the stages' times, step number s being from s dt to (s + 1) dt
/// \param dt   time step, > 0, in the field's unit of time
/// \throws     argument_error unless dt is finite and positive
/// Accuracy:   local error O(dt^5), global error O(dt^4) (test "maps::rk4: order 4"). The tangent is the exact
///             derivative of the discrete map: exponents are those of the map, and their distance from the flow's is
///             the stepper's bias, to be measured by `with_time_step(dt / 2)`, which a field without inputs has
/// Cost:       4 evaluations of the field a step
/// Source:     Kutta, "Beitrag zur näherungsweisen Integration totaler Differentialgleichungen", Z. Math. Phys. 46
///             (1901) 435
template <input_sampling sampling = input_sampling::step, field Field>
rk4_map<Field, sampling> rk4(Field f, double dt) {
  return {std::move(f), dt};
}
template <input_sampling sampling = input_sampling::step, class F>
  requires(!field<F>)
void rk4(F, double) {
  detail::check_field<F>();
}

/// The inputs of `rk4<input_sampling::half_step>(field, dt)` from samples at half steps.
///
/// \param samples  shape (m, 2 T + 1), columns at the times 0, dt/2, dt, 3 dt/2, ...
/// \return         shape (3 m, T): column t is the samples 2t, 2t + 1 and 2t + 2 over each other
/// \throws         argument_error for another number of columns than 2 T + 1, T >= 1
template <class Derived>
auto half_step_inputs(const Eigen::MatrixBase<Derived>& samples) {
  require(samples.cols() >= 3 && samples.cols() % 2 == 1, "maps::half_step_inputs", [&] {
    return "samples has " + number_text(samples.cols()) + " columns, expected 2 T + 1 (times 0, dt/2, dt, ...), T >= 1";
  });
  const Eigen::Index m = samples.rows(), steps = samples.cols() / 2;
  Eigen::Matrix<typename Derived::Scalar, Eigen::Dynamic, Eigen::Dynamic> inputs(3 * m, steps);
  for (Eigen::Index t = 0; t < steps; ++t)
    for (Eigen::Index k = 0; k < 3; ++k) inputs.col(t).segment(k * m, m) = samples.col(2 * t + k);
  return inputs;
}

}  // namespace libration::inline LIBRATION_ABI::maps
