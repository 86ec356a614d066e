// SPDX-License-Identifier: MIT
// What must hold for every recurrent network, whatever its cell.
#include <libration/models/stacked.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::for_each_network;
using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

static_assert(maps::vector_map<models::rnn<double>> && maps::vector_map<models::gru<float>>);
static_assert(maps::driven<models::lstm<double>> && !maps::timed<models::lstm<double>>);
static_assert(maps::differentiable<models::rnn<float>> && maps::differentiable<models::gru<double>> &&
              maps::differentiable<models::lstm<double>>);

TEST_CASE("models::stacked: the tangent is the step's derivative, at ordinary, saturated and zero points", "[law]") {
  struct point {
    const char* name;
    double weights, state;
  };
  for (const auto& [where, weights, size] :
       {point{"ordinary", 0.6, 1.0}, {"saturated", 4.0, 3.0}, {"zero", 0.6, 0.0}}) {
    for_each_network<double>(weights, [&, where = where, size = size](const char* name, const auto& net) {
      INFO(name << ", " << where);
      const Index n = net.state_size();
      const VectorXd h = random_matrix(n, 1, size, 50), x = random_matrix(4, 1, 1.0, 51);
      auto ws = net.make_workspace(n);
      VectorXd next(n);
      MatrixXd J(n, n);
      net.step(h, x, next, ws);
      net.tangent(MatrixXd::Identity(n, n), J, ws);
      // Five-point differences: truncation d^4 M_5 / 30 with a fifth derivative M_5 below 1e6 (tanh's is below 60,
      // weights of size 4 enter to the fifth power), and 1.5/d times the rounding of a step, at most 15 terms of the
      // size of g.
      const double d = 2e-4;
      MatrixXd differences(n, n);
      const auto at = [&](Index j, double offset) {
        VectorXd moved = h, result(n);
        moved[j] += offset;
        net.step(moved, x, result, ws);
        return result;
      };
      for (Index j = 0; j < n; ++j)
        differences.col(j) = (8 * (at(j, d) - at(j, -d)) - (at(j, 2 * d) - at(j, -2 * d))) / (12 * d);
      const double rounding = 15 * std::numeric_limits<double>::epsilon() * std::max(1.0, next.cwiseAbs().maxCoeff());
      CHECK((J - differences).cwiseAbs().maxCoeff() < d * d * d * d * 1e6 / 30 + 1.5 * rounding / d);
    });
  }
}

TEST_CASE("models::stacked: a block of directions is its columns one by one, also with columns apart", "[law]") {
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    const Index n = net.state_size(), k = 5;
    const VectorXd h = random_matrix(n, 1, 1.0, 50), x = random_matrix(4, 1, 1.0, 51);
    const MatrixXd V = random_matrix(n, k, 1.0, 52);
    auto ws = net.make_workspace(k);
    VectorXd next(n);
    net.step(h, x, next, ws);
    MatrixXd block(n, k), wide = MatrixXd::Constant(n + 3, k, 7.0), wide_result = wide;
    net.tangent(V, block, ws);
    wide.topRows(n) = V;
    net.tangent(wide.topRows(n), wide_result.topRows(n), ws);
    CHECK((wide_result.bottomRows(3).array() == 7.0).all());
    for (Index j = 0; j < k; ++j) {
      MatrixXd column(n, 1);
      net.tangent(V.col(j), column, ws);
      // Sums of at most 15 terms of order one, up three layers, in another order.
      CHECK((block.col(j) - column).cwiseAbs().maxCoeff() < 1e-13);
      CHECK((wide_result.col(j).head(n) - column).cwiseAbs().maxCoeff() < 1e-13);
    }
  });
}

TEST_CASE("models::stacked: many states at once are the same as one by one", "[law]") {
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    const Index n = net.state_size(), members = 6;
    const MatrixXd H = random_matrix(n, members, 1.0, 50), X = random_matrix(4, members, 1.0, 51);
    MatrixXd batch(n, members), projected(net.projected_size(), members), from_projected(n, members);
    auto ws = net.make_workspace(0, members);
    net.step_batch(H, X, batch, ws);
    net.project(X, projected);
    net.step_projected(projected, H, from_projected, ws);
    auto single = net.make_workspace(n);
    VectorXd next(n);
    for (Index j = 0; j < members; ++j) {
      net.step(H.col(j), X.col(j), next, single);
      CHECK((batch.col(j) - next).cwiseAbs().maxCoeff() < 1e-13);
      CHECK((from_projected.col(j) - next).cwiseAbs().maxCoeff() < 1e-13);
    }
    // The tangent after a batch is at its first member.
    auto both = net.make_workspace(n, members);
    MatrixXd after_batch(n, n), after_step(n, n);
    net.step_batch(H, X, batch, both);
    net.tangent(MatrixXd::Identity(n, n), after_batch, both);
    net.step(H.col(0), X.col(0), next, single);
    net.tangent(MatrixXd::Identity(n, n), after_step, single);
    CHECK((after_batch - after_step).cwiseAbs().maxCoeff() < 1e-13);
  });
}

TEST_CASE("models::stacked: single precision follows double precision", "[differential]") {
  std::vector<std::pair<VectorXd, MatrixXd>> exact;
  const auto inputs = [](Index n) {
    return std::pair<VectorXd, VectorXd>(random_matrix(n, 1, 1.0, 50), random_matrix(4, 1, 1.0, 51));
  };
  for_each_network<double>(0.6, [&](const char*, const auto& net) {
    const Index n = net.state_size();
    auto ws = net.make_workspace(n);
    const auto [h, x] = inputs(n);
    VectorXd next(n);
    MatrixXd J(n, n);
    net.step(h, x, next, ws);
    net.tangent(MatrixXd::Identity(n, n), J, ws);
    exact.emplace_back(next, J);
  });
  std::size_t i = 0;
  for_each_network<float>(0.6, [&](const char* name, const auto& net) {
    INFO(name);
    const Index n = net.state_size();
    auto ws = net.make_workspace(n);
    const auto [h, x] = inputs(n);
    Eigen::VectorXf next(n);
    Eigen::MatrixXf J(n, n);
    net.step(h.cast<float>(), x.cast<float>(), next, ws);
    net.tangent(Eigen::MatrixXf::Identity(n, n), J, ws);
    // Up to 15 rounded terms of order one a layer, three layers with slopes of order one: 50 eps.
    const double tolerance = 50 * static_cast<double>(std::numeric_limits<float>::epsilon());
    CHECK((next.cast<double>() - exact[i].first).cwiseAbs().maxCoeff() < tolerance);
    CHECK((J.cast<double>() - exact[i].second).cwiseAbs().maxCoeff() < tolerance);
    ++i;
  });
}

TEST_CASE("models::stacked: a step depends on nothing that a workspace holds, and needs no tangent's room", "[law]") {
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    const Index n = net.state_size();
    const VectorXd h = random_matrix(n, 1, 1.0, 50), x = random_matrix(4, 1, 1.0, 51);
    auto used = net.make_workspace(2);
    auto plain = net.make_workspace(0);
    VectorXd first(n), again = VectorXd::Constant(n, std::numeric_limits<double>::quiet_NaN()), without(n), other(n);
    net.step(h, x, first, used);
    net.step(2 * h, -x, other, used);
    net.step(h, x, again, used);
    net.step(h, x, without, plain);
    CHECK(first == again);
    CHECK(first == without);
  });
}

TEST_CASE("models::stacked: a state or input that is not a number shows in the next state", "[edge]") {
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    const Index n = net.state_size();
    auto ws = net.make_workspace(0);
    VectorXd h = VectorXd::Zero(n), x = VectorXd::Zero(4), next(n);
    x[1] = std::numeric_limits<double>::quiet_NaN();
    net.step(h, x, next, ws);
    CHECK(next.hasNaN());
    x.setZero();
    h[0] = std::numeric_limits<double>::quiet_NaN();
    net.step(h, x, next, ws);
    CHECK(next.hasNaN());
  });
}

TEST_CASE("models::stacked: the state is the layers' states from the lowest up", "[oracle]") {
  const models::lstm<double> net(random_layers<double>(4, 4, {5, 7, 3}));
  CHECK(net.state_size() == 30);
  CHECK(net.input_size() == 4);
  CHECK(net.hidden_size() == 3);
  CHECK(net.layer_count() == 3);
  CHECK(net.offset(1) == 10);
  CHECK(net.offset(2) == 24);
  const VectorXd h = VectorXd::LinSpaced(30, 0.0, 29.0);
  CHECK(net.output(h) == Eigen::Vector3d(24.0, 25.0, 26.0));
}

TEST_CASE("models::stacked: wrong weights are refused by layer and name", "[failure]") {
  using libration_test::message_of;
  const auto message = [](auto layers) {
    return message_of<libration::argument_error>([&] { models::lstm<double> net(layers); });
  };
  CHECK(message(std::vector<models::layer_weights<double>>{}) == "models::lstm: no layers, expected at least one");
  auto layers = random_layers<double>(4, 4, {5, 7});
  layers[0].recurrent.resize(19, 5);
  CHECK(message(layers) ==
        "models::lstm: layer 0: recurrent has shape (19, 5), expected (20, 5) (4 times its columns)");
  layers = random_layers<double>(4, 4, {5, 7});
  layers[1].input = random_matrix(28, 6, 1.0, 1);
  CHECK(message(layers) ==
        "models::lstm: layer 1: input has shape (28, 6), expected (28, 5) (the units of the layer below)");
  layers = random_layers<double>(4, 4, {5, 7});
  layers[0].input = random_matrix(28, 4, 1.0, 1);
  CHECK(message(layers) ==
        "models::lstm: layer 0: input has shape (28, 4), expected (20, 4) (as many rows as layer 0: recurrent)");
  layers = random_layers<double>(4, 4, {5, 7});
  layers[1].recurrent_bias.conservativeResize(27);
  CHECK(message(layers) == "models::lstm: layer 1: recurrent_bias has 27 numbers, expected 28");
  layers = random_layers<double>(4, 4, {5, 7});
  layers[1].recurrent(3, 2) = std::numeric_limits<double>::infinity();
  CHECK(message(layers) == "models::lstm: layer 1: recurrent holds a number that is not finite, at row 3, column 2");
  CHECK(message(random_layers<double>(4, 4, {})).find("no layers") != std::string::npos);
}

TEST_CASE("models::stacked: biases may be absent", "[edge]") {
  auto with = random_layers<double>(3, 4, {5}), without = with;
  with[0].input_bias.setZero();
  with[0].recurrent_bias.setZero();
  without[0].input_bias.resize(0);
  without[0].recurrent_bias.resize(0);
  const models::gru<double> a(with), b(without);
  const VectorXd h = random_matrix(5, 1, 1.0, 50), x = random_matrix(4, 1, 1.0, 51);
  auto ws = a.make_workspace(0);
  VectorXd from_a(5), from_b(5);
  a.step(h, x, from_a, ws);
  b.step(h, x, from_b, ws);
  CHECK(from_a == from_b);
}
