// SPDX-License-Identifier: MIT
/// \file
/// The vector fields of one formula each: lorenz63, rossler, lorenz96.

#include <cmath>

#include <libration/maps/lorenz63.hpp>
#include <libration/maps/lorenz96.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/rossler.hpp>

#include "formula_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

template <class F, int n = dimension_of<F>>
void check_field(const F& field, const state<double, n>& h) {
  check_formula(field, h);
  const Eigen::MatrixXd J = jacobian(field, h);
  // A sum of n entries rounds n times.
  const double tolerance = n * 2.3e-16 * (1 + J.diagonal().cwiseAbs().sum());
  CHECK(std::abs(field.divergence(h) - J.trace()) <= tolerance);
}

}  // namespace

TEST_CASE("maps::lorenz63: laws of a formula, the divergence is the Jacobian's trace", "[law]") {
  check_field(maps::lorenz63{}, state<double, 3>{1.0, 1.0, 20.0});
  check_field(maps::lorenz63{16.0, 45.92, 4.0}, state<double, 3>{-12.0, 7.0, 31.0});
  check_sweep(
      [](auto rho) {
        return maps::basic_lorenz63<decltype(rho)>{10.0, rho, 8.0 / 3.0};
      },
      20.0, 30.0, state<double, 3>{1.0, 2.0, 20.0});
}

TEST_CASE("maps::lorenz63: its three steady states", "[oracle]") {
  const maps::lorenz63 field;
  const double r = std::sqrt(8.0 / 3.0 * 27.0);
  for (const auto& h :
       {state<double, 3>{0.0, 0.0, 0.0}, state<double, 3>{r, r, 27.0}, state<double, 3>{-r, -r, 27.0}}) {
    const auto rate = field.derivative(h);
    for (int i = 0; i < 3; ++i) CHECK(std::abs(rate[i]) < 1e-13);
  }
}

TEST_CASE("maps::rossler: laws of a formula, the divergence is the Jacobian's trace", "[law]") {
  check_field(maps::rossler{}, state<double, 3>{1.0, 1.0, 0.0});
  check_field(maps::rossler{}, state<double, 3>{9.0, -4.0, 17.0});
  check_sweep(
      [](auto c) {
        return maps::basic_rossler<decltype(c)>{0.2, 0.2, c};
      },
      2.0, 5.7, state<double, 3>{1.0, 2.0, 3.0});
}

TEST_CASE("maps::rossler: its steady states", "[oracle]") {
  const double a = 0.2, b = 0.2, c = 5.7;
  for (const double sign : {1.0, -1.0}) {
    const double z = (c + sign * std::sqrt(c * c - 4 * a * b)) / (2 * a);
    const auto rate = maps::rossler{}.derivative(state<double, 3>{a * z, -z, z});
    for (int i = 0; i < 3; ++i) CHECK(std::abs(rate[i]) < 1e-12);
  }
}

TEST_CASE("maps::lorenz96: laws of a formula, the divergence is the Jacobian's trace", "[law]") {
  state<double, 4> small{1.0, -2.0, 8.0, 3.0};
  check_field(maps::lorenz96<4>{}, small);
  state<double, 9> h = maps::lorenz96<9>::start();
  for (int i = 0; i < 9; ++i) h[i] += std::sin(i + 1.0);
  check_field(maps::lorenz96<9>{7.5}, h);
  check_sweep([](auto F) { return maps::basic_lorenz96<4, decltype(F)>{F}; }, 2.0, 8.0, small);
}

TEST_CASE("maps::lorenz96: the ring's formula, site by site", "[oracle]") {
  constexpr int n = 7;
  state<double, n> h;
  for (int i = 0; i < n; ++i) h[i] = std::cos(3.0 * i);
  const auto rate = maps::lorenz96<n>{}.derivative(h);
  const auto at = [&](int i) { return h[(i + n) % n]; };
  for (int i = 0; i < n; ++i) CHECK(rate[i] == (at(i + 1) - at(i - 2)) * at(i - 1) - at(i) + 8.0);
}

TEST_CASE("maps::lorenz96: the products conserve the energy sum x^2 / 2", "[law]") {
  constexpr int n = 12;
  state<double, n> h;
  double size = 0, work = 0, expected = 0;
  for (int i = 0; i < n; ++i) h[i] = 3 * std::cos(5.0 * i);
  const auto rate = maps::lorenz96<n>{}.derivative(h);
  for (int i = 0; i < n; ++i) {
    work += h[i] * rate[i];
    expected += h[i] * (8.0 - h[i]);
    size += std::abs(h[i]) * (18 + std::abs(h[i]) + 8);
  }
  CHECK(std::abs(work - expected) < 4 * n * 2.3e-16 * size);
}

TEST_CASE("maps::lorenz96: the steady state x_i = F stays, and a push away from it grows at F = 8", "[oracle]") {
  const auto map = maps::rk4(maps::lorenz96<12>{}, 0.05);
  state<double, 12> steady;
  for (int i = 0; i < 12; ++i) steady[i] = 8.0;
  const auto next = map(steady);
  for (int i = 0; i < 12; ++i) CHECK(next[i] == 8.0);
  auto h = maps::lorenz96<12>::start();
  for (int t = 0; t < 200; ++t) h = map(h);
  double largest = 0;
  for (int i = 0; i < 12; ++i) largest = std::max(largest, std::abs(h[i] - 8.0));
  CHECK(largest > 1.0);
}
