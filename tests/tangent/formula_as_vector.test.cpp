// SPDX-License-Identifier: MIT
#include <libration/tangent/formula_as_vector.hpp>

#include <cmath>

#include <libration/maps/logistic_lattice.hpp>
#include <libration/maps/lorenz96.hpp>
#include <libration/maps/rk4.hpp>

#include "maps/formula_laws.hpp"
#include "maps/vector_laws.hpp"
#include "support/catch.hpp"

namespace maps = libration::maps;
using libration::state;
using libration::tangent::formula_as_vector;

namespace {

struct timed_driven {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(std::int64_t t, const state<T, 2>& h, const state<T, 1>& x) const {
    using std::sin;
    return {sin(h[0] * h[1]) + x[0], (1.0 + 0.1 * static_cast<double>(t)) * h[0]};
  }
};

}  // namespace

TEST_CASE("tangent::formula_as_vector: a formula is a vector map with its tangent", "[law]") {
  const maps::logistic_lattice<11> lattice{3.9, 0.2};
  libration_test::check_vector_map(formula_as_vector<maps::logistic_lattice<11>>(lattice));
  const auto flow = maps::rk4(maps::lorenz96<9>{}, 0.05);
  const formula_as_vector<std::decay_t<decltype(flow)>> vector(flow);
  libration_test::check_vector_map(vector);
  CHECK(vector.time_step() == 0.05);
  const timed_driven driven;
  libration_test::check_vector_map(formula_as_vector<timed_driven>(driven), 4);
  STATIC_REQUIRE(maps::driven<formula_as_vector<timed_driven>>);
  STATIC_REQUIRE(!maps::driven<formula_as_vector<maps::logistic_lattice<11>>>);
  STATIC_REQUIRE(formula_as_vector<maps::logistic_lattice<11>>::autonomous);
  STATIC_REQUIRE(!formula_as_vector<timed_driven>::autonomous);
}

TEST_CASE("tangent::formula_as_vector: a block of any width is the Jacobian's product", "[oracle]") {
  const maps::logistic_lattice<11> lattice{3.9, 0.2};
  const formula_as_vector<maps::logistic_lattice<11>> vector(lattice);
  const auto start = maps::logistic_lattice<11>::start();
  const Eigen::MatrixXd J = libration_test::jacobian(lattice, start);
  const Eigen::VectorXd h = start.vector();
  for (const Eigen::Index k : {1, 7, 8, 9, 11}) {
    const Eigen::MatrixXd V = libration_test::normals<double>(11, k, 5);
    Eigen::MatrixXd JV(11, k);
    vector.tangent(0, h, V, JV);
    CHECK((JV - J * V).norm() < 1e-14 * J.norm() * V.norm());
  }
}

TEST_CASE("tangent::formula_as_vector: in float, and the map's ln|det J|", "[oracle]") {
  using lattice = maps::logistic_lattice<9>;
  const lattice map;
  const formula_as_vector<lattice, float> rounded(map);
  const Eigen::VectorXf h = Eigen::VectorXd(lattice::start().vector()).cast<float>();
  Eigen::VectorXf next(9);
  rounded.step(0, h, next);
  const auto image = map(lattice::start());
  for (int i = 0; i < 9; ++i) CHECK(std::abs(static_cast<double>(next[i]) - image[i]) < 1e-5);
  const formula_as_vector<lattice> exact(map);
  const Eigen::VectorXd wide = lattice::start().vector();
  CHECK(exact.log_abs_determinant(wide) == map.log_abs_determinant(lattice::start()));
}
