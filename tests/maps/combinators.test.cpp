// SPDX-License-Identifier: MIT
/// \file
/// compose, iterate, couple.

#include <cmath>

#include <libration/core/error.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/couple.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>
#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/lozi.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>

#include "formula_laws.hpp"
#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using libration::argument_error;

constexpr state<double, 2> place{0.2, 0.1};

struct reset {
  static constexpr int dimension = 3;
  static constexpr bool lanes = false;
  template <class T>
  state<T, 3> operator()(const state<T, 3>& h) const {
    return {h[0], h[1], 0.5 * h[2]};
  }
};

// The same maps on vectors, without a workspace, to compare with.
struct clocked_vector {
  using scalar_type = double;
  Eigen::Index state_size() const { return 2; }
  Eigen::Index input_size() const { return 1; }
  void step(std::int64_t t, libration::vector_view<double> h, libration::vector_view<double> x,
            libration::vector_span<double> next) const {
    const auto image = clocked{}(t, state<double, 2>{h[0], h[1]}, state<double, 1>{x[0]});
    next[0] = image[0];
    next[1] = image[1];
  }
  void tangent(std::int64_t, libration::vector_view<double> h, libration::vector_view<double>,
               libration::matrix_view<double> V, libration::matrix_span<double> JV) const {
    JV.row(0) = 0.5 * V.row(1);
    JV.row(1) = 2 * h[0] * V.row(0);
  }
};

}  // namespace

TEST_CASE("maps::compose: g after f, laws of a formula", "[law]") {
  const auto map = maps::compose(maps::lozi{}, maps::henon{});
  const auto expected = maps::lozi{}(maps::henon{}(place));
  CHECK(map(place) == expected);
  check_formula(map, place);
  CHECK((jacobian(map, place) - jacobian(maps::lozi{}, maps::henon{}(place)) * jacobian(maps::henon{}, place))
            .cwiseAbs()
            .maxCoeff() < 1e-15);
  static_assert(!maps::timed<decltype(map)> && !maps::driven<decltype(map)>);
  CHECK(maps::time_step(map) == 1.0);
  CHECK(maps::compose(maps::henon{}, maps::compose(maps::henon{}, maps::henon{}))(place) ==
        maps::iterate(maps::henon{}, 3)(place));
}

TEST_CASE("maps::compose: the time is the sum of the parts' times, and lanes need both to allow them", "[law]") {
  const auto flow = maps::rk4(maps::lorenz63{}, 0.25);
  CHECK(maps::compose(flow, maps::rk4(maps::lorenz63{}, 0.5)).time_step() == 0.75);
  const auto kicked = maps::compose(reset{}, flow);
  CHECK(kicked.time_step() == 0.25);
  static_assert(maps::lanes_allowed<decltype(flow)> && !maps::lanes_allowed<decltype(kicked)>);
}

TEST_CASE("maps::compose, couple: time and input reach every part that takes them", "[law]") {
  const state<double, 1> x{0.7};
  const auto map = maps::compose(maps::henon{}, clocked{});
  static_assert(maps::timed<decltype(map)> && maps::driven<decltype(map)>);
  CHECK(map(5, place, x) == maps::henon{}(clocked{}(5, place, x)));
  CHECK(maps::compose(clocked{}, clocked{})(5, place, x) == clocked{}(5, clocked{}(5, place, x), x));
  const auto pair = maps::couple(maps::henon{}, clocked{});
  static_assert(maps::timed<decltype(pair)> && maps::driven<decltype(pair)> &&
                maps::input_dimension<decltype(pair)> == 1);
  const auto image = pair(5, state<double, 4>{0.1, 0.2, 0.3, 0.4}, x);
  const auto u = maps::henon{}(state<double, 2>{0.1, 0.2}), v = clocked{}(5, state<double, 2>{0.3, 0.4}, x);
  CHECK(image == state<double, 4>{u[0], u[1], v[0], v[1]});
}

TEST_CASE("maps::iterate: the map so many times, laws of a formula", "[law]") {
  const maps::henon f;
  CHECK(maps::iterate(f, 1)(place) == f(place));
  CHECK(maps::iterate(f, 3)(place) == f(f(f(place))));
  check_formula(maps::iterate(f, 3), place);
  CHECK(maps::iterate(maps::rk4(maps::lorenz63{}, 0.25), 4).time_step() == 1.0);
  CHECK(maps::time_step(maps::iterate(f, 4)) == 1.0);
}

TEST_CASE("maps::iterate: step t is steps t n .. t n + n - 1 of the map, the input held", "[law]") {
  const state<double, 1> x{0.7};
  CHECK(maps::iterate(clocked{}, 2)(3, place, x) == clocked{}(7, clocked{}(6, place, x), x));
}

TEST_CASE("maps::iterate: a count below 1 is refused", "[failure]") {
  CHECK_THROWS_WITH(maps::iterate(maps::henon{}, 0), Contains("maps::iterate: count is 0, expected at least 1"));
  CHECK_THROWS_AS(maps::iterate(maps::linear<>(Eigen::MatrixXd::Identity(2, 2)), -1), argument_error);
}

TEST_CASE("maps::couple: diffusive logistic maps are the lattice of two sites", "[differential]") {
  const double eps = 0.2;
  const auto map = maps::couple(maps::logistic{}, maps::logistic{}, maps::diffusive{eps});
  const state<double, 2> h{0.3, 0.8};
  const auto image = map(h), lattice = maps::logistic_lattice<2>{4.0, eps}(h);
  for (int i = 0; i < 2; ++i) CHECK(std::abs(image[i] - lattice[i]) < 1e-15);
  check_formula(map, h);
  // The synchronised orbit's transversal direction is multiplied by (1 - 2 eps) f'.
  const Eigen::Vector2d across = jacobian(map, state<double, 2>{0.3, 0.3}) * Eigen::Vector2d(1, -1);
  CHECK(std::abs(across[0] - (1 - 2 * eps) * 4 * 0.4) < 1e-15);
}

TEST_CASE("maps::couple: uncoupled maps keep to themselves", "[law]") {
  const auto map = maps::couple(maps::logistic{}, maps::henon{});
  const state<double, 3> h{0.3, 0.2, 0.1};
  check_formula(map, h);
  Eigen::MatrixXd expected = Eigen::MatrixXd::Zero(3, 3);
  expected.topLeftCorner(1, 1) = jacobian(maps::logistic{}, state<double, 1>{0.3});
  expected.bottomRightCorner(2, 2) = jacobian(maps::henon{}, place);
  CHECK(jacobian(map, h) == expected);
}

TEST_CASE("maps::couple: one way, and a coupling of one's own", "[law]") {
  const auto follow = maps::couple(maps::henon{}, maps::henon{}, maps::one_way{1.0});
  const auto image = follow(state<double, 4>{0.2, 0.1, 0.9, -0.4});
  CHECK(std::abs(image[2] - image[0]) < 1e-15);
  CHECK(std::abs(image[3] - image[1]) < 1e-15);
  const auto own = maps::couple(maps::logistic{}, maps::henon{}, [](auto& u, auto& v) { v[0] = v[0] + 0.1 * u[0]; });
  check_formula(own, state<double, 3>{0.3, 0.2, 0.1});
  CHECK(std::abs(jacobian(own, state<double, 3>{0.3, 0.2, 0.1})(1, 0) - 0.1 * 4 * 0.4) < 1e-15);
}

TEST_CASE("maps::couple: parameters in lanes reach the maps and the coupling", "[law]") {
  check_sweep(
      [](auto eps) {
        return maps::couple(maps::basic_logistic<decltype(eps)>{3.9}, maps::logistic{3.8},
                            maps::basic_diffusive<decltype(eps)>{eps});
      },
      0.0, 0.5, state<double, 2>{0.3, 0.8});
}

TEST_CASE("maps::couple: time steps must agree", "[failure]") {
  const auto slow = maps::rk4(maps::lorenz63{}, 0.02), fast = maps::rk4(maps::lorenz63{}, 0.01);
  CHECK(maps::couple(slow, slow, maps::diffusive{0.1}).time_step() == 0.02);
  CHECK(maps::couple(maps::henon{}, slow).time_step() == 0.02);
  CHECK_THROWS_WITH(maps::couple(slow, fast), Contains("maps::couple: the second map's time step is 0.01"));
}

TEST_CASE("maps::compose: vector maps, with and without a workspace", "[law]") {
  const maps::linear<> A(normals<double>(6, 6, 30));
  const maps::tanh_network<> J(6, 2.0, 3);
  check_vector_map(maps::compose(A, J));
  check_vector_map(maps::compose(J, A));
  check_vector_map(
      maps::compose(maps::gaussian_product<>(6, 1), maps::driven_linear<>(A.matrix(), normals<double>(6, 2, 31))));
  check_last_step(maps::compose(A, J));
  const Eigen::VectorXd h = normals<double>(6, 1, 32);
  CHECK(stepped(maps::compose(A, J), 0, h, h) == stepped(A, 0, stepped(J, 0, h, h), h));
  CHECK_THROWS_WITH(maps::compose(A, maps::tanh_network<>(5, 2.0)),
                    Contains("maps::compose: the second map's state has 6 rows"));
}

TEST_CASE("maps::compose, iterate: vector maps agree with formulas", "[differential]") {
  const Eigen::VectorXd h = Eigen::Vector2d(0.2, 0.1), x = Eigen::VectorXd::Constant(1, 0.7);
  const state<double, 1> input{0.7};
  for (const int count : {1, 2, 3, 5}) {
    INFO("count " << count);
    const auto formula = maps::iterate(clocked{}, count);
    const auto vector = maps::iterate(clocked_vector{}, count);
    static_assert(maps::timed<decltype(vector)> && maps::driven<decltype(vector)>);
    CHECK(stepped(vector, 3, h, x) == formula(3, place, input).vector());
    const Eigen::MatrixXd identity = Eigen::Matrix2d::Identity();
    const Eigen::MatrixXd J = tangent_of(vector, 3, h, x, identity);
    state<dual<double, 2>, 2> seeded;
    for (int i = 0; i < 2; ++i) seeded[i] = dual<double, 2>::variable(place[i], i);
    const auto image = formula(3, seeded, state<dual<double, 2>, 1>{0.7});
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) CHECK(std::abs(J(i, j) - image[i].derivative[j]) <= 1e-14 * (1 + std::abs(J(i, j))));
  }
}

TEST_CASE("maps::iterate: vector maps, the tangent at every application", "[law]") {
  for (const int count : {1, 2, 3, 4}) {
    check_vector_map(maps::iterate(maps::tanh_network<>(6, 1.5, 3), count));
    check_vector_map(maps::iterate(maps::gaussian_product<>(4, 1, 0.5), count));
    check_last_step(maps::iterate(maps::tanh_network<>(6, 1.5, 3), count));
  }
}
