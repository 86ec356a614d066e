// SPDX-License-Identifier: MIT
#include <libration/tangent/formula_system.hpp>

#include <cmath>

#include <libration/maps/henon.hpp>
#include <libration/maps/ikeda.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>

#include "maps/formula_laws.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using libration::state;

namespace {

struct timed_driven {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h, const state<T, 1>& x) const {
    return {h[0] * h[1] + x[0], static_cast<double>(t) * h[0]};
  }
};

// The frame of the coordinate directions comes back as the Jacobian's columns.
template <class M, class T = double>
void check_columns(const M& map, const state<double, M::dimension>& h) {
  constexpr int n = M::dimension;
  const Eigen::MatrixXd J = libration_test::jacobian(map, h);
  tangent::formula_system<M, T> system(map);
  auto frame = system.make_frame(n);
  state<T, n> start, next;
  for (int i = 0; i < n; ++i) start[i] = T(h[i]);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) frame.column[j][i] = T(i == j ? 1.0 : 0.0);
  system.advance(0, start, {}, next);
  system.tangent(frame);
  const auto image = map(h);
  for (int j = 0; j < n; ++j) {
    CHECK(std::abs(static_cast<double>(next[j]) - image[j]) <= 1e-15 * (1 + std::abs(image[j])));
    for (int i = 0; i < n; ++i) CHECK(std::abs(static_cast<double>(frame.column[j][i]) - J(i, j)) <= 1e-14 * (1 + J.norm()));
  }
  if constexpr (n <= 3) CHECK(std::abs(static_cast<double>(system.determinant()) - J.determinant()) <= 1e-14 * J.squaredNorm());
}

}  // namespace

TEST_CASE("tangent::formula_system: the tangent of the coordinates is the Jacobian", "[oracle]") {
  check_columns(maps::henon{}, {0.3, -0.2});
  check_columns(maps::ikeda{}, {0.3, -0.2});
  check_columns(maps::rk4(maps::lorenz63{}, 0.01), {1.0, 2.0, 20.0});
  check_columns(maps::logistic_lattice<4>{}, maps::logistic_lattice<4>::start());  // the widest dense Jacobian
  check_columns(maps::logistic_lattice<5>{}, maps::logistic_lattice<5>::start());  // carried when asked for: 4 and 1 columns
  check_columns(maps::logistic_lattice<8>{}, maps::logistic_lattice<8>::start());
}

TEST_CASE("tangent::formula_system: a narrow frame, twice through the same linearisation", "[law]") {
  const maps::logistic_lattice<7> map;
  tangent::formula_system<maps::logistic_lattice<7>, double> system(map);
  const auto h = maps::logistic_lattice<7>::start();
  state<double, 7> next;
  system.advance(0, h, {}, next);
  auto frame = system.make_frame(2);
  CHECK(frame.count == 2);
  for (int i = 0; i < 7; ++i) {
    frame.column[0][i] = 1.0;
    frame.column[1][i] = i;
    frame.column[2][i] = 77.0;  // beyond the count
  }
  system.tangent(frame);
  system.tangent(frame);
  const Eigen::MatrixXd J = libration_test::jacobian(map, h);
  const Eigen::VectorXd twice = J * (J * Eigen::VectorXd::Ones(7));
  for (int i = 0; i < 7; ++i) {
    CHECK(std::abs(frame.column[0][i] - twice[i]) < 1e-13 * twice.norm());
    CHECK(frame.column[2][i] == 77.0);
  }
}

TEST_CASE("tangent::formula_system: time and input reach the formula, in the step and in the tangent", "[oracle]") {
  const timed_driven map;
  tangent::formula_system<timed_driven, double, 1> system(map);
  state<double, 2> next;
  system.step(3, {2.0, 5.0}, {0.5}, next);
  CHECK(next[0] == 10.5);
  CHECK(next[1] == 6.0);
  system.advance(4, {2.0, 5.0}, {0.5}, next);
  CHECK(next[1] == 8.0);
  auto frame = system.make_frame(1);
  frame.column[0] = {1.0, 0.0};
  system.tangent(frame);
  CHECK(frame.column[0][0] == 5.0);
  CHECK(frame.column[0][1] == 4.0);
  STATIC_REQUIRE(!decltype(system)::autonomous);
  STATIC_REQUIRE(tangent::formula_system<maps::henon, double>::autonomous);
  CHECK(system.input_size() == 1);
}

TEST_CASE("tangent::formula_system: ln|det J| in the map's own form from four components on", "[oracle]") {
  using lattice = maps::logistic_lattice<6>;
  const lattice map;
  tangent::formula_system<lattice, double> system(map);
  state<double, 6> next;
  system.advance(0, lattice::start(), {}, next);
  const double wanted = std::log(std::abs(libration_test::jacobian(map, lattice::start()).determinant()));
  CHECK(std::abs(system.log_abs_determinant() - wanted) < 1e-12);
}

TEST_CASE("tangent::assign_where: a frame's columns change only in the lanes of the mask", "[edge]") {
  using packet = libration::lanes<double, 8>;
  tangent::small_frame<packet, 2, 2> a{}, b{};
  for (int j = 0; j < 2; ++j)
    for (int i = 0; i < 2; ++i) {
      a.column[j][i] = packet(1.0);
      b.column[j][i] = packet(2.0);
    }
  packet number;
  for (int lane = 0; lane < 8; ++lane) number[lane] = lane;
  tangent::assign_where(number > packet(4.5), a, b);
  for (int lane = 0; lane < 8; ++lane) CHECK(b.column[1][0][lane] == (lane > 4 ? 1.0 : 2.0));
}
