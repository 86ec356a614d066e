// SPDX-License-Identifier: MIT
// The tangent of recurrent networks in their input, which a closed loop needs.
#include <libration/models/stacked.hpp>

#include <limits>

#include <Eigen/Core>

#include <libration/models/reservoir.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::for_each_network;
using libration_test::random_matrix;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

TEST_CASE("models::stacked: the tangent in state and input together is the step's derivative", "[law]") {
  const auto check = [](const char* name, const auto& net) {
    INFO(name);
    const Index n = net.state_size(), m = net.input_size(), k = 4;
    const VectorXd h = random_matrix(n, 1, 1.0, 50), x = random_matrix(m, 1, 1.0, 51);
    const MatrixXd V = random_matrix(n, k, 1.0, 52), VX = random_matrix(m, k, 1.0, 53);
    auto ws = net.make_workspace(k);
    VectorXd next(n);
    MatrixXd JV(n, k), alone(n, k);
    net.step(h, x, next, ws);
    net.tangent(V, VX, JV, ws);
    // Five-point differences: truncation d^4 M_5 / 30 with a fifth derivative along the direction below 1e7 (weights of 0.6,
    // ten of them a row, three layers), and 1.5/d times the rounding of a step, at most 15 terms of order one.
    const double d = 2e-4;
    auto other = net.make_workspace(0);
    const auto at = [&](Index j, double offset) {
      VectorXd result(n);
      net.step(h + offset * V.col(j), x + offset * VX.col(j), result, other);
      return result;
    };
    for (Index j = 0; j < k; ++j) {
      const VectorXd difference = (8 * (at(j, d) - at(j, -d)) - (at(j, 2 * d) - at(j, -2 * d))) / (12 * d);
      CHECK((JV.col(j) - difference).cwiseAbs().maxCoeff() <
            d * d * d * d * 1e7 / 30 + 1.5 * 15 * std::numeric_limits<double>::epsilon() / d);
    }
    // Without an input's direction it is the state's tangent, and it is linear in both together.
    net.tangent(V, MatrixXd::Zero(m, k), alone, ws);
    MatrixXd of_state(n, k), of_input(n, k);
    net.tangent(V, of_state, ws);
    CHECK(alone == of_state);
    net.tangent(MatrixXd::Zero(n, k), VX, of_input, ws);
    CHECK((of_state + of_input - JV).cwiseAbs().maxCoeff() < 1e-13);  // sums of at most 30 terms of order one, three layers
  };
  for_each_network<double>(0.6, check);
  const models::rnn<double> reservoir =
      models::reservoir<double>(random_matrix(12, 12, 0.6, 1), random_matrix(12, 3, 1.0, 2), VectorXd(), 0.3);
  check("reservoir", reservoir);
}
