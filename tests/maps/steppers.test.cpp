// SPDX-License-Identifier: MIT
/// \file
/// The steppers: euler, rk4, leapfrog, yoshida4.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/maps/add_noise.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/couple.hpp>
#include <libration/maps/euler.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/leapfrog.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/three_body.hpp>

#include "formula_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

// The pendulum, H = p^2/2 - cos q: a separable Hamiltonian that is not linear.
struct pendulum {
  static constexpr int degrees = 1;
  static constexpr int dimension = 2;
  template <class T>
  state<T, 1> velocity(const state<T, 1>& p) const {
    return p;
  }
  template <class T>
  state<T, 1> force(const state<T, 1>& q) const {
    using std::sin;
    return {-sin(q[0])};
  }
  template <class T>
  state<T, 2> derivative(const state<T, 2>& h) const {
    using std::sin;
    return {h[1], -sin(h[0])};
  }
  double energy(const state<double, 2>& h) const { return 0.5 * h[1] * h[1] - std::cos(h[0]); }
};

// A decay towards the input.
struct relaxation {
  static constexpr int dimension = 1;
  static constexpr int input_dimension = 1;
  template <class T>
  state<T, 1> derivative(const state<T, 1>& h, const state<T, 1>& x) const {
    return {x[0] - h[0]};
  }
};

// A pendulum that is pushed, written with the time, and with the phase as a coordinate.
struct pushed {
  static constexpr int degrees = 1;
  static constexpr int dimension = 2;
  template <class T>
  state<T, 1> velocity(const state<T, 1>& p) const {
    return p;
  }
  template <class T>
  state<T, 1> force(double t, const state<T, 1>& q) const {
    using std::sin;
    return {-sin(q[0]) + 0.5 * std::cos(2.0 * t)};
  }
  template <class T>
  state<T, 2> derivative(double t, const state<T, 2>& h) const {
    return {h[1], force(t, state<T, 1>{h[0]})[0]};
  }
};
struct pushed_by_phase {
  static constexpr int dimension = 3;
  template <class T>
  state<T, 3> derivative(const state<T, 3>& h) const {
    using std::cos, std::sin;
    return {h[1], -sin(h[0]) + 0.5 * cos(2.0 * h[2]), T(1.0)};
  }
};
// The same pushed by its input, and one that has both.
struct pushed_by_input {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> derivative(const state<T, 2>& h, const state<T, 1>& x) const {
    using std::sin;
    return {h[1], -sin(h[0]) + x[0]};
  }
};
struct pushed_by_both {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> derivative(double t, const state<T, 2>& h, const state<T, 1>& x) const {
    using std::sin;
    return {h[1], -sin(h[0]) + 0.25 * std::cos(2.0 * t) + 0.5 * x[0]};
  }
};

// What is none.
struct time_last {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> derivative(const state<T, 2>& h, double) const {
    return h;
  }
};
struct only_double {
  static constexpr int dimension = 2;
  state<double, 2> derivative(const state<double, 2>& h) const { return h; }
};
struct timed_velocity : pushed {
  template <class T>
  state<T, 1> velocity(double, const state<T, 1>& p) const {
    return p;
  }
};

// Where the map is after the time `until`; column t of the inputs is read at step t.
template <class M, int n = dimension_of<M>>
state<double, n> after(const M& map, double until, state<double, n> h, const Eigen::MatrixXd& inputs = {}) {
  const int steps = static_cast<int>(std::lround(until / map.time_step()));
  state<double, std::max(1, maps::input_dimension<M>)> x{};
  for (int t = 0; t < steps; ++t) {
    for (int i = 0; i < inputs.rows(); ++i) x[i] = inputs(i, t);
    h = maps::evaluate<M, double>(map, t, h, x);
  }
  return h;
}

// The push at the times (t + shift) dt of so many steps.
Eigen::MatrixXd push(double dt, double until, double shift, double per_step = 1.0) {
  const auto columns = static_cast<Eigen::Index>(std::lround(until / dt * per_step)) + (per_step > 1.0 ? 1 : 0);
  Eigen::MatrixXd x(1, columns);
  for (Eigen::Index t = 0; t < columns; ++t) x(0, t) = 0.5 * std::cos(2.0 * (static_cast<double>(t) / per_step + shift) * dt);
  return x;
}

// log2 of the ratio of errors at dt and dt/2 of what run(dt) comes to, against the phase as a coordinate.
template <class Run>
double pushed_order(const Run& run, double dt) {
  const auto exact = after(maps::rk4(pushed_by_phase{}, 1.0 / 4096), 4.0, state<double, 3>{1.0, 0.5, 0.0});
  const auto error = [&](double size) {
    const state<double, 2> h = run(size);
    return std::hypot(h[0] - exact[0], h[1] - exact[1]);
  };
  return std::log2(error(dt) / error(dt / 2));
}

// log2 of the ratio of errors at dt and dt/2, against a run of rk4 whose own error is far smaller.
template <class Make>
double order(const Make& make, double dt) {
  const state<double, 2> start{1.0, 0.5};
  const double until = 4.0;
  const auto exact = after(maps::rk4(pendulum{}, 1.0 / 4096), until, start);
  const auto error = [&](double size) {
    const auto h = after(make(size), until, start);
    return std::hypot(h[0] - exact[0], h[1] - exact[1]);
  };
  return std::log2(error(dt) / error(dt / 2));
}

}  // namespace

// The order's own correction falls as dt: at these steps the slopes are within 0.1 of it.
TEST_CASE("maps::euler: order 1", "[order]") {
  CHECK(std::abs(order([](double dt) { return maps::euler(pendulum{}, dt); }, 1.0 / 1024) - 1) < 0.1);
}
TEST_CASE("maps::rk4: order 4", "[order]") {
  CHECK(std::abs(order([](double dt) { return maps::rk4(pendulum{}, dt); }, 1.0 / 32) - 4) < 0.1);
}
TEST_CASE("maps::leapfrog: order 2", "[order]") {
  CHECK(std::abs(order([](double dt) { return maps::leapfrog(pendulum{}, dt); }, 1.0 / 64) - 2) < 0.1);
}
TEST_CASE("maps::yoshida4: order 4", "[order]") {
  CHECK(std::abs(order([](double dt) { return maps::yoshida4(pendulum{}, dt); }, 1.0 / 32) - 4) < 0.1);
}

// A stage at another time than its own would cost the order.
TEST_CASE("maps::rk4, euler, leapfrog, yoshida4: a field that depends on time, at the same orders", "[order]") {
  const state<double, 2> start{1.0, 0.5};
  CHECK(std::abs(pushed_order([&](double dt) { return after(maps::euler(pushed{}, dt), 4.0, start); }, 1.0 / 1024) - 1) < 0.1);
  CHECK(std::abs(pushed_order([&](double dt) { return after(maps::rk4(pushed{}, dt), 4.0, start); }, 1.0 / 64) - 4) < 0.1);
  CHECK(std::abs(pushed_order([&](double dt) { return after(maps::leapfrog(pushed{}, dt), 4.0, start); }, 1.0 / 64) - 2) < 0.1);
  CHECK(std::abs(pushed_order([&](double dt) { return after(maps::yoshida4(pushed{}, dt), 4.0, start); }, 1.0 / 64) - 4) < 0.1);
}

TEST_CASE("maps::rk4: the time of a field is that of its steps, in the units of dt", "[differential]") {
  const state<double, 2> h{0.3, -0.2};
  const auto map = maps::rk4(pushed{}, 0.05);
  static_assert(maps::timed<std::remove_const_t<decltype(map)>> && !maps::repeats_itself<std::remove_const_t<decltype(map)>>);
  static_assert(maps::timed<maps::leapfrog_map<pushed>> && !maps::repeats_itself<maps::leapfrog_map<pushed>>);
  const auto by_phase = maps::rk4(pushed_by_phase{}, 0.05)(state<double, 3>{h[0], h[1], 7 * 0.05});
  CHECK(std::abs(map(7, h)[0] - by_phase[0]) < 1e-15);
  CHECK(std::abs(map(7, h)[1] - by_phase[1]) < 1e-15);
  // Twice as many steps of half the length, an iterate of it, and an input beside the time.
  CHECK(std::abs(maps::iterate(map.with_time_step(0.025), 2)(7, h)[1] - by_phase[1]) < 1e-6);
  const auto both = maps::rk4(pushed_by_both{}, 0.05);
  static_assert(maps::timed<std::remove_const_t<decltype(both)>> && maps::driven<std::remove_const_t<decltype(both)>>);
  CHECK(std::abs(both(7, h, state<double, 1>{0.5 * std::cos(2.0 * 7.5 * 0.05)})[1] - by_phase[1]) < 1e-4);
  check_formula(map, h, {64});
}

TEST_CASE("maps::rk4: what a held input costs, and inputs at half steps", "[order]") {
  const state<double, 2> start{1.0, 0.5};
  const double until = 4.0;
  const auto held_at = [&](double shift) {
    return [=](double dt) { return after(maps::rk4(pushed_by_input{}, dt), until, start, push(dt, until, shift)); };
  };
  CHECK(std::abs(pushed_order(held_at(0.0), 1.0 / 256) - 1) < 0.1);
  CHECK(std::abs(pushed_order(held_at(0.5), 1.0 / 64) - 2) < 0.1);
  const auto at_half_steps = [&](double dt) {
    const auto map = maps::rk4<maps::input_sampling::half_step>(pushed_by_input{}, dt);
    static_assert(maps::input_dimension<std::remove_const_t<decltype(map)>> == 3);
    return after(map, until, start, maps::half_step_inputs(push(dt, until, 0.0, 2.0)));
  };
  CHECK(std::abs(pushed_order(at_half_steps, 1.0 / 64) - 4) < 0.1);
}

TEST_CASE("maps::half_step_inputs: three samples over each other for each step", "[law]") {
  Eigen::MatrixXd samples(2, 5);
  samples << 0, 1, 2, 3, 4, 10, 11, 12, 13, 14;
  Eigen::MatrixXd expected(6, 2);
  expected << 0, 2, 10, 12, 1, 3, 11, 13, 2, 4, 12, 14;
  CHECK(maps::half_step_inputs(samples) == expected);
  CHECK_THROWS_WITH(maps::half_step_inputs(samples.leftCols(4)), Contains("samples has 4 columns, expected 2 T + 1"));
  CHECK_THROWS_AS(maps::half_step_inputs(samples.leftCols(1)), libration::argument_error);
}

TEST_CASE("maps::rk4, euler: a driven flow has no other time step, its inputs belong to this one", "[law]") {
  const auto finer = [](const auto& map) { return requires { map.with_time_step(0.1); }; };
  CHECK(finer(maps::rk4(pushed{}, 0.1)));
  CHECK_FALSE(finer(maps::rk4(pushed_by_input{}, 0.1)));
  CHECK_FALSE(finer(maps::euler(pushed_by_input{}, 0.1)));
}

TEST_CASE("maps::with_time_step: combinators forward it where they make the same flow", "[law]") {
  const auto finer = [](const auto& map) { return maps::has_other_time_steps<std::remove_cvref_t<decltype(map)>>; };
  const state<double, 3> h{1.0, 2.0, 20.0};
  const auto flow = maps::rk4(maps::lorenz63{}, 0.01);
  const auto twice = maps::iterate(flow, 2).with_time_step(0.01);
  CHECK(twice.time_step() == 0.01);
  CHECK(twice(h)[0] == maps::iterate(flow.with_time_step(0.005), 2)(h)[0]);
  const auto pair = maps::couple(flow, flow, maps::uncoupled{});
  CHECK(pair.with_time_step(0.005)(state<double, 6>{1.0, 2.0, 20.0, 1.0, 2.0, 20.0})[3] == flow.with_time_step(0.005)(h)[0]);
  // What comes once a step comes more often where steps are shorter.
  CHECK_FALSE(finer(maps::couple(flow, flow, maps::one_way{0.1})));
  CHECK_FALSE(finer(maps::compose(flow, flow)));
  CHECK_FALSE(finer(maps::add_noise(flow, 0.1)));
  CHECK_FALSE(finer(maps::iterate(maps::rk4(pushed_by_input{}, 0.1), 2)));
}

TEST_CASE("maps::explain_field, explain_hamiltonian: say what is missing", "[failure]") {
  CHECK(maps::explain_field<pushed>().empty());
  CHECK(maps::explain_field<pushed_by_both>().empty());
  CHECK_THAT(std::string(maps::explain_field<time_last>()), Contains("the time comes first"));
  CHECK_THAT(std::string(maps::explain_field<only_double>()), Contains("takes no dual numbers"));
  CHECK_THAT(std::string(maps::explain<only_double>()), Contains("takes no dual numbers"));
  CHECK_THAT(std::string(maps::explain<pushed>()), Contains("make it a map with a stepper"));
  CHECK(maps::explain_hamiltonian<pushed>().empty());
  CHECK_THAT(std::string(maps::explain_hamiltonian<timed_velocity>()), Contains("velocity may not depend on time"));
  CHECK_THAT(std::string(maps::explain_hamiltonian<only_double>()), Contains("degrees"));
}

TEST_CASE("maps::rk4, euler, leapfrog, yoshida4: laws of a formula", "[law]") {
  const state<double, 3> h{1.0, 2.0, 20.0};
  check_formula(maps::rk4(maps::lorenz63{}, 0.01), h);
  check_formula(maps::euler(maps::lorenz63{}, 0.01), h);
  check_sweep(
      [](auto rho) {
        return maps::rk4(maps::basic_lorenz63<decltype(rho)>{10.0, rho, 8.0 / 3.0}, 0.01);
      },
      20.0, 30.0, h);
  const state<double, 2> q{0.7, -0.3};
  check_formula(maps::leapfrog(pendulum{}, 0.1), q, {64});
  check_formula(maps::yoshida4(pendulum{}, 0.1), q, {64});
}

TEST_CASE("maps::euler, rk4: a linear field is Taylor's polynomial", "[oracle]") {
  // dh/dt = x - h with the input held: h - x shrinks by 1 - dt, and by the first five terms of e^{-dt}.
  const state<double, 1> h{3.0}, x{1.0};
  const double dt = 0.125;
  CHECK(std::abs(maps::euler(relaxation{}, dt)(h, x)[0] - (1 + 2 * (1 - dt))) < 1e-15);
  const double factor = 1 - dt + dt * dt / 2 - dt * dt * dt / 6 + dt * dt * dt * dt / 24;
  CHECK(std::abs(maps::rk4(relaxation{}, dt)(h, x)[0] - (1 + 2 * factor)) < 1e-15);
}

TEST_CASE("maps::rk4: a driven field gives a driven map, another an autonomous one", "[law]") {
  using driven_map = maps::rk4_map<relaxation>;
  static_assert(maps::formula_map<driven_map> && maps::driven<driven_map> && !maps::timed<driven_map>);
  static_assert(maps::input_dimension<driven_map> == 1);
  using autonomous_map = maps::rk4_map<maps::lorenz63>;
  static_assert(maps::formula_map<autonomous_map> && !maps::driven<autonomous_map> && !maps::timed<autonomous_map>);
  static_assert(maps::lanes_allowed<autonomous_map>);
  static_assert(maps::formula_map<maps::leapfrog_map<pendulum>> && !maps::driven<maps::leapfrog_map<pendulum>>);
  SUCCEED();
}

TEST_CASE("maps::rk4, euler, leapfrog, yoshida4: the time step, another one, and the field", "[law]") {
  const auto check = [](const auto& map) {
    CHECK(maps::time_step(map) == 0.25);
    CHECK(map.with_time_step(0.125).time_step() == 0.125);
  };
  check(maps::rk4(pendulum{}, 0.25));
  check(maps::euler(pendulum{}, 0.25));
  check(maps::leapfrog(pendulum{}, 0.25));
  check(maps::yoshida4(pendulum{}, 0.25));
  CHECK(maps::rk4(maps::lorenz63{10.0, 30.0, 2.0}, 0.01).with_time_step(0.02).field().rho == 30.0);
}

TEST_CASE("maps::rk4, euler, leapfrog, yoshida4: a step that is no positive number is refused", "[failure]") {
  for (const double dt : {0.0, -0.1, std::numeric_limits<double>::infinity(), std::nan("")}) {
    CHECK_THROWS_AS(maps::rk4(pendulum{}, dt), libration::argument_error);
    CHECK_THROWS_AS(maps::euler(pendulum{}, dt), libration::argument_error);
    CHECK_THROWS_AS(maps::leapfrog(pendulum{}, dt), libration::argument_error);
    CHECK_THROWS_AS(maps::yoshida4(pendulum{}, dt), libration::argument_error);
  }
  CHECK_THROWS_WITH(maps::leapfrog(pendulum{}, -1.0), Contains("maps::leapfrog: dt is -1"));
}

TEST_CASE("maps::leapfrog, yoshida4: symplectic and reversible", "[law]") {
  const auto check = [](const auto& map) {
    const state<double, 2> h{0.7, -0.3};
    CHECK(std::abs(jacobian(map, h).determinant() - 1) < 1e-14);
    // Forward, momentum turned round, forward again: back at the start.
    auto back = map(h);
    back[1] = -back[1];
    back = map(back);
    CHECK(std::abs(back[0] - h[0]) < 1e-15);
    CHECK(std::abs(back[1] + h[1]) < 1e-15);
  };
  check(maps::leapfrog(pendulum{}, 0.2));
  check(maps::yoshida4(pendulum{}, 0.2));
}

TEST_CASE("maps::leapfrog: the energy error does not drift; euler's does", "[law]") {
  const pendulum hamiltonian;
  const state<double, 2> start{1.0, 0.5};
  const auto worst = [&](const auto& map, int steps) {
    auto h = start;
    double error = 0;
    for (int t = 0; t < steps; ++t) {
      h = map(h);
      error = std::max(error, std::abs(hamiltonian.energy(h) - hamiltonian.energy(start)));
    }
    return error;
  };
  const auto map = maps::leapfrog(hamiltonian, 0.05);
  const double early = worst(map, 1'000), late = worst(map, 100'000);
  CHECK(late < 1.1 * early);
  CHECK(worst(maps::euler(hamiltonian, 0.05), 1'000) > 100 * early);
}
