// SPDX-License-Identifier: MIT
/// \file
/// The three-body problem: its field, its conserved quantities, and its two famous starts under the symplectic
/// steppers.

#include <cmath>

#include <libration/maps/leapfrog.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/three_body.hpp>

#include "formula_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

constexpr double period = 6.32591398;  // of the figure-eight, as published

// A generic place: nothing coincides, nothing is at rest.
template <int d>
state<double, 6 * d> generic() {
  state<double, 6 * d> h = maps::three_body<d>::pythagorean();
  for (int i = 0; i < 6 * d; ++i) h[i] += 0.5 * std::sin(1.0 + 3.0 * i);
  return h;
}

// The figure-eight in the plane z = 0, turned out of it in space.
template <int d>
state<double, 6 * d> figure_eight() {
  auto h = maps::three_body<d>::figure_eight();
  if constexpr (d == 3) {
    const double c = std::cos(0.7), s = std::sin(0.7);
    for (int i = 0; i < 18; i += 3) {
      const double y = h[i + 1];
      h[i + 1] = c * y;
      h[i + 2] = s * y;
    }
  }
  return h;
}

template <class M, int n = dimension_of<M>>
state<double, n> run(const M& map, state<double, n> h, int steps) {
  for (int t = 0; t < steps; ++t) h = map(h);
  return h;
}

template <int n>
double distance(const state<double, n>& a, const state<double, n>& b) {
  return (a.vector() - b.vector()).norm();
}

template <int d>
void check_dynamics() {
  const maps::three_body<d> equal{{1.0, 1.0, 1.0}, 1.0};
  const auto start = figure_eight<d>();
  // One published period closes the orbit to the digits that are published, six of them after the point.
  const auto fine = maps::rk4(equal, period / 4096);
  CHECK(distance(run(fine, start, 4096), start) < 1e-5);

  // Second order: four times smaller an error at half the step, here over a tenth of the period.
  const auto exact = run(maps::rk4(equal, period / 40960), start, 4096);
  const auto error = [&](int steps) {
    return distance(run(maps::leapfrog(equal, 0.1 * period / steps), start, steps), exact);
  };
  CHECK(std::abs(std::log2(error(64) / error(128)) - 2) < 0.1);
  const auto error4 = [&](int steps) {
    return distance(run(maps::yoshida4(equal, 0.1 * period / steps), start, steps), exact);
  };
  CHECK(std::abs(std::log2(error4(16) / error4(32)) - 4) < 0.2);

  // Ten periods: the energy error stays as it was in the first (a drift would make it ten times larger), and the
  // angular momentum is kept to rounding, since each kick is along the lines between the bodies and each drift along
  // the momenta.
  const auto map = maps::leapfrog(equal, period / 512);
  const auto worst_energy = [&](state<double, 6 * d>& h) {
    double worst = 0;
    for (int t = 0; t < 512; ++t) {
      h = map(h);
      worst = std::max(worst, std::abs(equal.energy(h) - equal.energy(start)));
    }
    return worst;
  };
  auto h = start;
  const double first = worst_energy(h);
  double last = 0;
  for (int turn = 1; turn < 10; ++turn) last = worst_energy(h);
  CHECK(last < 1.5 * first);
  const auto momentum = equal.angular_momentum(h), at_start = equal.angular_momentum(start);
  for (int i = 0; i < 2 * d - 3; ++i) CHECK(std::abs(momentum[i] - at_start[i]) < 5120 * 12 * 2.3e-16);
}

template <int d>
void check_conservation() {
  const maps::three_body<d> bodies{{1.0, 2.5, 0.3}, 0.7};
  const auto h = generic<d>();
  state<dual<double, 1>, 6 * d> moving;
  const auto rate = bodies.derivative(h);
  double size = 1;
  for (int i = 0; i < 6 * d; ++i) {
    moving[i] = h[i];
    moving[i].derivative[0] = rate[i];
    size = std::max(size, std::abs(rate[i]));
  }
  // d/dt of a conserved quantity along the field: 0 to rounding.
  CHECK(std::abs(bodies.energy(moving).derivative[0]) < 1e-14 * size * size);
  const auto momentum = bodies.angular_momentum(moving);
  for (int i = 0; i < 2 * d - 3; ++i) CHECK(std::abs(momentum[i].derivative[0]) < 1e-14 * size * size);
  // Hamilton's equations: dH/dq = -dp/dt, dH/dp = dq/dt.
  constexpr int N = 3 * d;
  state<dual<double, 2 * N>, 2 * N> seeded;
  for (int i = 0; i < 2 * N; ++i) seeded[i] = dual<double, 2 * N>::variable(h[i], i);
  const auto energy = bodies.energy(seeded);
  for (int i = 0; i < N; ++i) {
    CHECK(std::abs(energy.derivative[i] + rate[N + i]) < 1e-14 * size);
    CHECK(std::abs(energy.derivative[N + i] - rate[i]) < 1e-14 * size);
  }
  CHECK(bodies.divergence(h) == 0.0);
  CHECK(std::abs(jacobian(bodies, h).trace()) < 1e-14);
}

}  // namespace

TEST_CASE("maps::three_body: laws of a formula in the plane and in space", "[law]") {
  check_formula(maps::three_body<2>{}, generic<2>());
  check_formula(maps::three_body<3>{}, generic<3>());
  check_formula(maps::leapfrog(maps::three_body<2>{}, 0.01), generic<2>());
  check_sweep(
      [](auto G) {
        return maps::basic_three_body<2, decltype(G)>{{3.0, 4.0, 5.0}, G};
      },
      0.5, 2.0, generic<2>());
}

TEST_CASE("maps::three_body: the field is the Hamiltonian's and conserves energy and angular momentum", "[law]") {
  check_conservation<2>();
  check_conservation<3>();
}

TEST_CASE("maps::three_body: the Pythagorean start", "[oracle]") {
  const maps::three_body<2> plane;
  const maps::three_body<3> space;
  CHECK(std::abs(plane.energy(plane.pythagorean()) + 769.0 / 60) < 1e-14);
  CHECK(std::abs(space.energy(space.pythagorean()) + 769.0 / 60) < 1e-14);
  CHECK(plane.angular_momentum(plane.pythagorean())[0] == 0.0);
  for (int i = 0; i < 3; ++i) CHECK(space.angular_momentum(space.pythagorean())[i] == 0.0);
  // At rest, with the centre of mass at the origin.
  const auto h = plane.pythagorean();
  for (int c = 0; c < 2; ++c) CHECK(3 * h[c] + 4 * h[2 + c] + 5 * h[4 + c] == 0.0);
  for (int i = 6; i < 12; ++i) CHECK(h[i] == 0.0);
}

TEST_CASE("maps::three_body: the Pythagorean bodies keep energy and angular momentum up to the first close encounter",
          "[law]") {
  // To t = 1 no pair is closer than 2.4; at t = 1.88 two of them pass at 0.01.
  const maps::three_body<2> bodies;
  auto h = bodies.pythagorean();
  const auto map = maps::leapfrog(bodies, 1.0 / 4096);
  h = run(map, h, 4096);
  CHECK(std::abs(bodies.energy(h) + 769.0 / 60) < 1e-5);
  CHECK(std::abs(bodies.angular_momentum(h)[0]) < 4096 * 12 * 2.3e-16 * 10);
  const auto exact = run(maps::rk4(bodies, 1.0 / 8192), bodies.pythagorean(), 8192);
  CHECK(distance(h, exact) < 1e-5);
}

TEST_CASE("maps::three_body: the figure-eight closes, and leapfrog keeps its energy and angular momentum",
          "[oracle][order]") {
  check_dynamics<2>();
  check_dynamics<3>();
}
