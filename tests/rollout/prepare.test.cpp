// SPDX-License-Identifier: MIT
#include <libration/rollout/prepare.hpp>

#include <limits>
#include <type_traits>

#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic_lattice.hpp>

#include "support/catch.hpp"

namespace maps = libration::maps;
namespace rollout = libration::rollout;
namespace tangent = libration::tangent;
using libration::argument_error;
using libration::state;
using namespace libration_test;

TEST_CASE("rollout::with_system: small formulas on fixed frames, larger ones and vector maps on blocks", "[edge]") {
  rollout::with_system(maps::henon{}, 1, [](auto system) {
    static_assert(decltype(system)::n == 2 && decltype(system)::width == 1);
    CHECK(system.state_size() == 2);
    CHECK(system.make_frame(1).count == 1);
  });
  rollout::with_system(maps::logistic_lattice<8>{}, 3, [](auto system) {
    static_assert(std::is_same_v<decltype(system), tangent::formula_system<maps::logistic_lattice<8>, double>>);
    CHECK(system.make_frame(3).count == 3);
  });
  rollout::with_system(maps::logistic_lattice<9>{}, 3, [](auto system) {
    static_assert(std::is_same_v<typename decltype(system)::scalar, double>);
    CHECK(system.state_size() == 9);
    CHECK(system.make_frame(3).cols() == 3);
  });
  rollout::with_system<libration::single>(maps::logistic_lattice<9>{}, 3, [](auto system) {
    static_assert(std::is_same_v<typename decltype(system)::scalar, float>);
    CHECK(system.make_state().size() == 9);
  });
  rollout::with_system<libration::single>(maps::henon{}, 2, [](auto system) {
    static_assert(std::is_same_v<typename decltype(system)::scalar, libration::single>);
    CHECK(system.input_size() == 0);
  });
}

TEST_CASE("rollout::with_constant: the number as a constant, within 1 .. n", "[edge]") {
  const auto value = [](Eigen::Index columns) {
    return rollout::with_constant<4>(columns, [](auto k) { return static_cast<int>(decltype(k)::value); });
  };
  CHECK(value(0) == 1);
  CHECK(value(1) == 1);
  CHECK(value(3) == 3);
  CHECK(value(4) == 4);
  CHECK(value(9) == 4);
}

TEST_CASE("rollout::state_size: of formulas and of vector maps", "[edge]") {
  CHECK(rollout::state_size(maps::henon{}) == 2);
  CHECK(rollout::state_size(maps::linear<>(Eigen::MatrixXd::Identity(7, 7))) == 7);
}

TEST_CASE("rollout::make_state: a start that does not fit", "[failure]") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const maps::henon map;
  const tangent::formula_system<maps::henon, double> small(map);
  CHECK(rollout::make_state(small, state<double, 2>{0.5, 1.5}, "who")[1] == 1.5);
  CHECK_THROWS_WITH(rollout::make_state(small, state<double, 2>{0.5, inf}, "who"),
                    Contains("who: h0 has a component that is not finite (1)"));
  const maps::linear<> linear(Eigen::MatrixXd::Identity(3, 3));
  const tangent::vector_system<maps::linear<>> block(linear, 1);
  const Eigen::VectorXd h = Eigen::VectorXd::Ones(3), wrong = Eigen::VectorXd::Ones(4);
  CHECK(rollout::make_state(block, libration::vector_view<double>(h), "who") == h);
  CHECK_THROWS_WITH(rollout::make_state(block, libration::vector_view<double>(wrong), "who"),
                    Contains("who: h0 has 4 rows, expected 3 (the map's dimension)"));
  const Eigen::VectorXd bad = Eigen::Vector3d(1.0, inf, 0.0);
  CHECK_THROWS_AS(rollout::make_state(block, libration::vector_view<double>(bad), "who"), argument_error);
}
