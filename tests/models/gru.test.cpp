// SPDX-License-Identifier: MIT
#include <libration/models/gru.hpp>

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

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

VectorXd step_of(const models::gru<double>& net, const VectorXd& h, const VectorXd& x) {
  auto ws = net.make_workspace(0);
  VectorXd next(net.state_size());
  net.step(h, x, next, ws);
  return next;
}

}  // namespace

TEST_CASE("models::gru: a step is the equations, unit by unit, in each convention", "[differential]") {
  const Index H = 6;
  const auto layers = random_layers<double>(3, 4, {H});
  const auto& layer = layers[0];
  const VectorXd h = random_matrix(H, 1, 1.0, 50), x = random_matrix(4, 1, 1.0, 51);
  const VectorXd a = layer.input * x + layer.input_bias, b = layer.recurrent * h + layer.recurrent_bias;
  VectorXd gated(H);
  for (Index u = 0; u < H; ++u) gated[u] = sigmoid(a[u] + b[u]) * h[u];
  const VectorXd after_reset = layer.recurrent.bottomRows(H) * gated + layer.recurrent_bias.tail(H);
  for (const bool reset_before : {false, true})
    for (const bool swapped : {false, true}) {
      INFO("reset_before " << reset_before << ", swapped_update " << swapped);
      const models::gru<double> net(layers, {.reset_before = reset_before, .swapped_update = swapped});
      const VectorXd next = step_of(net, h, x);
      for (Index u = 0; u < H; ++u) {
        const double r = sigmoid(a[u] + b[u]), z = sigmoid(a[H + u] + b[H + u]);
        const double n = std::tanh(a[2 * H + u] + (reset_before ? after_reset[u] : r * b[2 * H + u]));
        const double expected = swapped ? z * n + (1 - z) * h[u] : (1 - z) * n + z * h[u];
        CHECK(std::abs(next[u] - expected) < 1e-14);  // 12 terms of order one, each rounded: 12 eps
      }
    }
}

TEST_CASE("models::gru: any order of gates in the file is the same network", "[law]") {
  const Index H = 4;
  const auto layers = random_layers<double>(3, 4, {H});
  const VectorXd h = random_matrix(H, 1, 1.0, 50), x = random_matrix(4, 1, 1.0, 51);
  for (const bool reset_before : {false, true}) {
    const VectorXd expected = step_of(models::gru<double>(layers, {.reset_before = reset_before}), h, x);
    std::string order = "nrz";
    do {
      auto permuted = layers;
      for (Index gate = 0; gate < 3; ++gate) {
        const Index from = static_cast<Index>(std::string("rzn").find(order[static_cast<std::size_t>(gate)]));
        permuted[0].input.middleRows(gate * H, H) = layers[0].input.middleRows(from * H, H);
        permuted[0].recurrent.middleRows(gate * H, H) = layers[0].recurrent.middleRows(from * H, H);
        permuted[0].input_bias.segment(gate * H, H) = layers[0].input_bias.segment(from * H, H);
        permuted[0].recurrent_bias.segment(gate * H, H) = layers[0].recurrent_bias.segment(from * H, H);
      }
      INFO(order);
      CHECK(step_of(models::gru<double>(permuted, {.reset_before = reset_before, .gate_order = order}), h, x) ==
            expected);
    } while (std::next_permutation(order.begin(), order.end()));
  }
}

TEST_CASE("models::gru: a saturated update gate's slopes keep their relative accuracy", "[edge]") {
  // One unit, no recurrent weights: dh' = z dh with z = sigmoid(-40) = e^-40 to eps, and 1 - z rounds to 1.
  MatrixXd zero = MatrixXd::Zero(3, 1);
  VectorXd bias = VectorXd::Zero(3), none = VectorXd::Zero(3);
  bias[1] = -40;
  VectorXd h = VectorXd::Constant(1, 0.5), x = VectorXd::Zero(1), next(1);
  MatrixXd one = MatrixXd::Identity(1, 1), J(1, 1);
  for (const bool swapped : {false, true}) {
    if (swapped) bias[1] = 40;  // h' = z n + (1 - z) h
    const models::gru<double> net({{zero, zero, bias, none}}, {.swapped_update = swapped});
    auto ws = net.make_workspace(1);
    net.step(h, x, next, ws);
    net.tangent(one, J, ws);
    const double expected = std::exp(-40.0) / (1 + std::exp(-40.0));
    CHECK(std::abs(J(0, 0) / expected - 1) < 8 * std::numeric_limits<double>::epsilon());
    CHECK(std::abs(next[0] / (0.5 * expected) - 1) < 8 * std::numeric_limits<double>::epsilon());
  }
}

TEST_CASE("models::gru: an order of gates that is none is refused", "[failure]") {
  CHECK(libration_test::message_of<libration::argument_error>([&] {
          models::gru<double> net(random_layers<double>(3, 4, {3}), {.gate_order = "rzh"});
        }) == "models::gru: gate_order is \"rzh\", expected the letters of \"rzn\" in some order");
}
