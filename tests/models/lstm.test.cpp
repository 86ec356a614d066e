// SPDX-License-Identifier: MIT
#include <libration/models/lstm.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <Eigen/Core>

#include "models/finite_time.hpp"
#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

}  // namespace

TEST_CASE("models::lstm: a step is the equations, unit by unit, in PyTorch's order of gates", "[differential]") {
  const Index H = 6;
  const auto layers = random_layers<double>(4, 4, {H});
  const models::lstm<double> net(layers);
  const VectorXd state = random_matrix(2 * H, 1, 1.5, 50), x = random_matrix(4, 1, 1.0, 51);
  const VectorXd h = state.head(H), c = state.tail(H);
  auto ws = net.make_workspace(0);
  VectorXd next(2 * H);
  net.step(state, x, next, ws);
  const VectorXd a = layers[0].input * x + layers[0].input_bias + layers[0].recurrent * h + layers[0].recurrent_bias;
  for (Index u = 0; u < H; ++u) {
    const double i = sigmoid(a[u]), f = sigmoid(a[H + u]), g = std::tanh(a[2 * H + u]), o = sigmoid(a[3 * H + u]);
    const double cell = f * c[u] + i * g;
    CHECK(std::abs(next[H + u] - cell) < 1e-14);  // 12 terms of order one, each rounded: 12 eps
    CHECK(std::abs(next[u] - o * std::tanh(cell)) < 1e-14);
  }
}

TEST_CASE("models::lstm: any order of gates in the file is the same network", "[law]") {
  const Index H = 3;
  const auto layers = random_layers<double>(4, 4, {H, H});
  const models::lstm<double> reference(layers);
  const VectorXd h = random_matrix(12, 1, 1.0, 50), x = random_matrix(4, 1, 1.0, 51);
  auto ws = reference.make_workspace(0);
  VectorXd expected(12), next(12);
  reference.step(h, x, expected, ws);
  std::string order = "fgio";
  do {
    auto permuted = layers;
    for (std::size_t l = 0; l < layers.size(); ++l)
      for (Index gate = 0; gate < 4; ++gate) {
        const Index from = static_cast<Index>(std::string("ifgo").find(order[static_cast<std::size_t>(gate)]));
        permuted[l].input.middleRows(gate * H, H) = layers[l].input.middleRows(from * H, H);
        permuted[l].recurrent.middleRows(gate * H, H) = layers[l].recurrent.middleRows(from * H, H);
        permuted[l].input_bias.segment(gate * H, H) = layers[l].input_bias.segment(from * H, H);
        permuted[l].recurrent_bias.segment(gate * H, H) = layers[l].recurrent_bias.segment(from * H, H);
      }
    INFO(order);
    models::lstm<double>(permuted, {.gate_order = order}).step(h, x, next, ws);
    CHECK(next == expected);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("models::lstm: with zero weights the exponents are ln sigmoid(forget bias), and -infinity", "[oracle]") {
  const Index H = 4;
  for (const double bias : {-1.0, 1.0, 40.0}) {
    const VectorXd zero = VectorXd::Zero(4 * H);
    VectorXd forget = zero;
    forget.segment(H, H).setConstant(bias);
    const models::lstm<double> net({{MatrixXd::Zero(4 * H, 2), MatrixXd::Zero(4 * H, H), forget, zero}});
    auto ws = net.make_workspace(2 * H);
    const VectorXd h = random_matrix(2 * H, 1, 1.0, 50), x = VectorXd::Ones(2);
    VectorXd next(2 * H);
    MatrixXd J(2 * H, 2 * H);
    net.step(h, x, next, ws);
    net.tangent(MatrixXd::Identity(2 * H, 2 * H), J, ws);
    CHECK(J.leftCols(H).cwiseAbs().maxCoeff() == 0);  // nothing remembers h: H exponents of minus infinity

    // From c: dc' = f dc and dh' = k dc', with k = o = 1/2 at c = 0. The pivots' product telescopes to f^T sqrt(1 +
    // k^2).
    const int steps = 50;
    const MatrixXd frame = MatrixXd::Identity(2 * H, 2 * H).rightCols(H);
    const auto run = libration_test::run_finite_time(
        net, frame, steps, [](auto, auto& out) { out.setZero(); }, [](auto, const auto&) {});
    const double expected = -std::log1p(std::exp(-bias)) + 0.5 * std::log(1.25) / steps;
    CHECK((run.exponents().array() - expected).abs().maxCoeff() < 1e-15 * (1 + std::abs(bias)));
  }
}

TEST_CASE("models::lstm: an order of gates that is none is refused", "[failure]") {
  for (const char* order : {"ifg", "ifgg", "ijfo", "ifgox"})
    CHECK(libration_test::message_of<libration::argument_error>(
              [&] { models::lstm<double> net(random_layers<double>(4, 4, {3}), {.gate_order = order}); }) ==
          "models::lstm: gate_order is \"" + std::string(order) + "\", expected the letters of \"ifgo\" in some order");
}
