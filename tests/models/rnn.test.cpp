// SPDX-License-Identifier: MIT
#include <libration/models/rnn.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Core>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

TEST_CASE("models::rnn: a step is the equation, unit by unit, for each nonlinearity and leak", "[differential]") {
  const Index H = 6;
  const auto layers = random_layers<double>(1, 4, {H});
  const VectorXd h = random_matrix(H, 1, 1.5, 50), x = random_matrix(4, 1, 1.0, 51);
  const VectorXd a = layers[0].input * x + layers[0].input_bias + layers[0].recurrent * h + layers[0].recurrent_bias;
  for (const auto f : {models::nonlinearity::tanh, models::nonlinearity::relu})
    for (const double leak : {1.0, 0.25}) {
      INFO("relu " << (f == models::nonlinearity::relu) << ", leak " << leak);
      const models::rnn<double> net(layers, {.activation = f, .leak = leak});
      auto ws = net.make_workspace(0);
      VectorXd next(H);
      net.step(h, x, next, ws);
      for (Index u = 0; u < H; ++u) {
        const double made = f == models::nonlinearity::tanh ? std::tanh(a[u]) : std::max(a[u], 0.0);
        CHECK(std::abs(next[u] - ((1 - leak) * h[u] + leak * made)) < 1e-14);  // 12 rounded terms of order one
      }
    }
}

TEST_CASE("models::rnn: without recurrent weights and with a leak the map is h' = (1 - a) h + ..., exactly",
          "[oracle]") {
  const double leak = 0.25;
  const models::rnn<double> net({{MatrixXd::Ones(3, 1), MatrixXd::Zero(3, 3), {}, {}}}, {.leak = leak});
  auto ws = net.make_workspace(3);
  VectorXd h = VectorXd::Ones(3), x = VectorXd::Zero(1), next(3);
  MatrixXd J(3, 3);
  net.step(h, x, next, ws);
  net.tangent(MatrixXd::Identity(3, 3), J, ws);
  CHECK(next == 0.75 * h);
  CHECK(J == MatrixXd(0.75 * MatrixXd::Identity(3, 3)));
}

TEST_CASE("models::rnn: a leak that is not above 0 and at most 1 is refused", "[failure]") {
  for (const double leak : {0.0, -0.5, 1.5, std::numeric_limits<double>::quiet_NaN()})
    CHECK(libration_test::message_of<libration::argument_error>([&] {
            models::rnn<double> net(random_layers<double>(1, 4, {3}), {.leak = leak});
          }) == "models::rnn: leak is " + libration::number_text(leak) + ", expected a number in (0, 1]");
}
