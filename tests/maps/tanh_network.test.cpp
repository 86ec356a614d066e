// SPDX-License-Identifier: MIT

#include <cmath>
#include <limits>

#include <libration/core/error.hpp>
#include <libration/maps/tanh_network.hpp>

#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

}  // namespace

TEST_CASE("maps::tanh_network: laws of a vector map, the tangent against central differences", "[law]") {
  check_vector_map(maps::tanh_network<>(20, 2.0, 5));
  check_vector_map(maps::tanh_network<>(1, 2.0));
  check_last_step(maps::tanh_network<>(20, 2.0, 5));
  static_assert(maps::differentiable<maps::tanh_network<float>> && !maps::driven<maps::tanh_network<>> &&
                !maps::timed<maps::tanh_network<>>);
}

TEST_CASE("maps::tanh_network: the formula, entry by entry", "[oracle]") {
  Eigen::MatrixXd J(2, 2);
  J << 1, -2, 0.5, 3;
  const maps::tanh_network<> map(J);
  const Eigen::VectorXd h = Eigen::Vector2d(0.3, -1.2), next = stepped(map, 0, h, h);
  CHECK(std::abs(next[0] - (std::tanh(0.3) + 2 * std::tanh(1.2))) < 1e-15);
  CHECK(std::abs(next[1] - (0.5 * std::tanh(0.3) - 3 * std::tanh(1.2))) < 1e-15);
  // At 0 every slope is 1: the tangent is J.
  const Eigen::VectorXd zero = Eigen::Vector2d::Zero();
  const Eigen::MatrixXd identity = Eigen::Matrix2d::Identity();
  CHECK(tangent_of(map, 0, zero, zero, identity) == J);
}

TEST_CASE("maps::tanh_network: saturated units pass nothing on", "[edge]") {
  const maps::tanh_network<> map(3, 2.0);
  const Eigen::VectorXd far = Eigen::Vector3d(50, -50, 400);
  const Eigen::MatrixXd V = Eigen::Matrix3d::Identity();
  CHECK(tangent_of(map, 0, far, far, V).cwiseAbs().maxCoeff() == 0.0);
}

TEST_CASE("maps::tanh_network: the matrix is a function of the seed, with variance g^2 / n", "[oracle][stat]") {
  const Eigen::Index n = 200;
  const maps::tanh_network<> map(n, 3.0, 11);
  CHECK(map.matrix() == maps::tanh_network<>(n, 3.0, 11).matrix());
  CHECK(map.matrix() != maps::tanh_network<>(n, 3.0, 12).matrix());
  // The normal numbers and their scale are rounded, and their product: three half units.
  constexpr float eps = std::numeric_limits<float>::epsilon();
  CHECK(map.matrix().cast<float>().isApprox(maps::tanh_network<float>(n, 3.0, 11).matrix(), 1.5f * eps));
  CHECK(map.start(1) != map.start(2));
  // n^2 = 40'000 independent entries: four standard errors of the second moment (fails once in 16'000 seeds).
  CHECK(std::abs(map.matrix().squaredNorm() / (9.0 * n) - 1) < 4 * std::sqrt(2.0) / n);
}

TEST_CASE("maps::tanh_network: single precision follows double over a step", "[law]") {
  const maps::tanh_network<> map(30, 2.0, 5);
  const maps::tanh_network<float> rounded(map.matrix().cast<float>());
  const Eigen::VectorXf h = rounded.start(4);
  const Eigen::VectorXd wide = h.cast<double>();
  const Eigen::VectorXd image = stepped(map, 0, wide, wide);
  // Each sum of 30 products rounds by at most 30 eps of its terms' sizes.
  const Eigen::VectorXd bound = map.matrix().cwiseAbs() * Eigen::VectorXd::Ones(30) * 34 * 1.2e-7;
  CHECK(((stepped(rounded, 0, h, h).cast<double>() - image).cwiseAbs().array() <= bound.array()).all());
}

TEST_CASE("maps::tanh_network: a wrong size, gain or matrix is refused", "[failure]") {
  CHECK_THROWS_AS(maps::tanh_network<>(0, 2.0), libration::argument_error);
  CHECK_THROWS_AS(maps::tanh_network<>(3, -1.0), libration::argument_error);
  CHECK_THROWS_WITH(maps::tanh_network<>(Eigen::MatrixXd::Zero(2, 3)),
                    Contains("maps::tanh_network: J is 2 x 3, expected a square matrix"));
}
