// SPDX-License-Identifier: MIT
#include <libration/rollout/inputs.hpp>

#include <string>
#include <vector>

#include <libration/scalar/scalar.hpp>
#include <libration/scalar/state.hpp>

#include "support/catch.hpp"

namespace rollout = libration::rollout;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("rollout::matrix_inputs: column t drives step t", "[oracle]") {
  const MatrixXd X = (MatrixXd(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  const rollout::matrix_inputs<double> inputs(X, 2, "who");
  CHECK(inputs.length() == 3);
  VectorXd x(2);
  inputs.read(1, x);
  CHECK(x == Eigen::Vector2d(2, 5));
  libration::state<double, 2> s;
  inputs.read(2, s);
  CHECK(s[0] == 3.0);
  CHECK(s[1] == 6.0);
}

TEST_CASE("rollout::matrix_inputs: a matrix of the scalar is viewed, another is converted", "[edge]") {
  MatrixXd X = MatrixXd::Ones(1, 4);
  const rollout::matrix_inputs<double> viewed(X, 1, "who");
  const rollout::matrix_inputs<float> converted(X, 1, "who");
  const rollout::matrix_inputs<double> of_an_expression(2.0 * X, 1, "who");
  const rollout::matrix_inputs<double> of_a_block(X.middleCols(1, 2), 1, "who");
  X(0, 1) = 7.0;
  VectorXd x(1);
  viewed.read(1, x);
  CHECK(x[0] == 7.0);
  of_a_block.read(0, x);
  CHECK(x[0] == 7.0);
  of_an_expression.read(1, x);
  CHECK(x[0] == 2.0);
  Eigen::VectorXf y(1);
  converted.read(1, y);
  CHECK(y[0] == 1.0f);
}

TEST_CASE("rollout::matrix_inputs: other rows than the map's inputs", "[failure]") {
  CHECK_THROWS_AS(rollout::matrix_inputs<double>(MatrixXd::Zero(3, 4), 2, "who"), argument_error);
  CHECK_THROWS_WITH(rollout::matrix_inputs<double>(MatrixXd::Zero(3, 4), 2, "who"),
                    Contains("who: inputs") && Contains("3 rows, expected 2"));
}

TEST_CASE("rollout::function_inputs: called once a step, for any state", "[oracle]") {
  std::vector<std::int64_t> times;
  auto ramp = [&](std::int64_t t, libration::vector_span<double> out) {
    times.push_back(t);
    out.setConstant(static_cast<double>(t));
    out[1] += 0.5;
  };
  auto inputs = rollout::make_inputs<double>(ramp, 2, "who");
  CHECK(inputs.length() == rollout::no_inputs::unbounded);
  VectorXd x(2);
  inputs.read(3, x);
  CHECK(x == Eigen::Vector2d(3.0, 3.5));
  libration::state<double, 2> s;
  inputs.read(4, s);
  CHECK(s[1] == 4.5);
  CHECK(times == std::vector<std::int64_t>{3, 4});
  libration::state<libration::single, 2> less;
  inputs.read(5, less);
  CHECK(static_cast<float>(less[1]) == 5.5f);
}

TEST_CASE("rollout::lane_inputs: each lane reads its own matrix, as long as the shortest", "[oracle]") {
  using packet = libration::lanes<double, 8>;
  std::vector<MatrixXd> trials;
  std::vector<const MatrixXd*> sources;
  for (int i = 0; i < 8; ++i) trials.push_back(MatrixXd::Constant(1, 5 + i, i));
  for (const auto& trial : trials) sources.push_back(&trial);
  const rollout::lane_inputs<packet, double> inputs(sources);
  CHECK(inputs.length() == 5);
  libration::state<packet, 1> x;
  inputs.read(4, x);
  for (int i = 0; i < 8; ++i) CHECK(x[0][i] == i);
}

TEST_CASE("rollout::is_matrix: matrices and expressions, not callables", "[edge]") {
  STATIC_REQUIRE(rollout::is_matrix<const Eigen::MatrixBase<MatrixXd>&>);  // was taken for a callable that writes nothing
  static_assert(rollout::is_matrix<MatrixXd> && rollout::is_matrix<const Eigen::MatrixXf&>);
  static_assert(rollout::is_matrix<decltype(MatrixXd().leftCols(1))>);
  static_assert(!rollout::is_matrix<rollout::no_inputs>);
  const auto callable = [](std::int64_t, libration::vector_span<double>) {};
  static_assert(!rollout::is_matrix<decltype(callable)>);
  static_assert(rollout::input_function<decltype(callable), double>);
  CHECK(rollout::make_inputs<double>(rollout::no_inputs{}, 0, "who").length() == rollout::no_inputs::unbounded);
}
