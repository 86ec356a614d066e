// SPDX-License-Identifier: MIT
#include <libration/tangent/first_frame.hpp>

#include <cmath>
#include <limits>

#include <libration/core/error.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/tangent/vector_system.hpp>

#include "support/catch.hpp"

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using Eigen::MatrixXd;
using libration::argument_error;
using namespace libration_test;

namespace {

using system_type = tangent::vector_system<maps::linear<>>;

double defect(const MatrixXd& Q) { return (Q.transpose() * Q - MatrixXd::Identity(Q.cols(), Q.cols())).cwiseAbs().maxCoeff(); }

}  // namespace

TEST_CASE("tangent::random_frame: orthonormal, by seed, its columns the same for any number of them", "[law]") {
  const MatrixXd Q = tangent::random_frame(20, 20, 3);
  // The orthonormaliser may leave a defect of eps times the square of the condition: of random columns about n.
  CHECK(defect(Q) < 20 * 20 * std::numeric_limits<double>::epsilon());
  CHECK(Q == tangent::random_frame(20, 20, 3));
  CHECK(Q != tangent::random_frame(20, 20, 4));
  CHECK((Q.leftCols(4) - tangent::random_frame(20, 4, 3)).norm() < 1e-13);
  CHECK(std::abs(std::abs(tangent::random_frame(1, 1, 0)(0, 0)) - 1.0) < 1e-15);
}

TEST_CASE("tangent::random_frame: rotationally invariant in its second moments", "[oracle][stat]") {
  // E q_i^2 = 1/n, with variance 2 (n - 1) / (n^2 (n + 2)): four standard errors of 500 frames, one alarm in 5,000 seeds.
  Eigen::VectorXd squares = Eigen::VectorXd::Zero(3);
  for (std::uint64_t seed = 0; seed < 500; ++seed) squares += tangent::random_frame(3, 2, seed).col(1).cwiseAbs2();
  const double error = std::sqrt(4.0 / 45.0 / 500.0);
  for (int i = 0; i < 3; ++i) CHECK(std::abs(squares[i] / 500.0 - 1.0 / 3.0) < 4.0 * error);
}

TEST_CASE("tangent::first_frame: coordinates, random, or given and made orthonormal", "[oracle]") {
  const maps::linear<> map(MatrixXd::Identity(3, 3));
  const system_type system(map, 2);
  CHECK(tangent::first_frame(system, 2, true, nullptr, 0) == MatrixXd::Identity(3, 2));
  CHECK(tangent::first_frame(system, 2, false, nullptr, 5) == tangent::random_frame(3, 2, 5));
  const MatrixXd given = (MatrixXd(3, 2) << 0.0, 1.0, 2.0, 5.0, 0.0, 0.0).finished();
  const MatrixXd made = tangent::first_frame(system, 2, false, &given, 0);
  CHECK((made - (MatrixXd(3, 2) << 0.0, 1.0, 1.0, 0.0, 0.0, 0.0).finished()).norm() < 1e-15);
  // The same on a small frame.
  const maps::henon henon;
  const tangent::formula_system<maps::henon, double, 1> small(henon);
  const MatrixXd axis = (MatrixXd(2, 1) << 0.0, -3.0).finished();
  const auto frame = tangent::first_frame(small, 1, false, &axis, 0);
  CHECK(frame.count == 1);
  CHECK(frame.column[0][0] == 0.0);
  CHECK(std::abs(frame.column[0][1] + 1.0) < 1e-15);
  // A formula has its own factorisation: the same frame to rounding.
  const tangent::formula_system<maps::henon, double> whole(henon);
  const auto drawn = tangent::first_frame(whole, 2, false, nullptr, 5);
  const MatrixXd expected = tangent::random_frame(2, 2, 5);
  for (int j = 0; j < 2; ++j)
    for (int i = 0; i < 2; ++i) CHECK(std::abs(drawn.column[j][i] - expected(i, j)) < 1e-14);
  const auto axes = tangent::first_frame(whole, 2, true, nullptr, 0);
  for (int j = 0; j < 2; ++j)
    for (int i = 0; i < 2; ++i) CHECK(axes.column[j][i] == (i == j ? 1.0 : 0.0));
}

TEST_CASE("tangent::first_frame: dependent columns are refused", "[failure]") {
  const maps::linear<> map(MatrixXd::Identity(3, 3));
  const system_type system(map, 2);
  const MatrixXd twice = (MatrixXd(3, 2) << 1.0, 2.0, 1.0, 2.0, 1.0, 2.0).finished(), zero = MatrixXd::Zero(3, 2);
  CHECK_THROWS_AS(tangent::first_frame(system, 2, false, &twice, 0), argument_error);
  CHECK_THROWS_WITH(tangent::first_frame(system, 2, false, &zero, 0), Contains("columns of .frame are linearly dependent"));
  const maps::henon henon;
  const tangent::formula_system<maps::henon, double> formula(henon);
  const MatrixXd parallel = (MatrixXd(2, 2) << 1.0, -3.0, 1.0, -3.0).finished();
  CHECK_THROWS_WITH(tangent::first_frame(formula, 2, false, &parallel, 0), Contains("linearly dependent"));
}
