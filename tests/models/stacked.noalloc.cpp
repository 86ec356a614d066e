// SPDX-License-Identifier: MIT
#include <libration/models/stacked.hpp>

#include <cstdint>
#include <utility>

#include "models/networks.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

TEST_CASE("models::stacked: step, batch, tangent and pullback allocate nothing", "[no-alloc]") {
  libration_test::for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    const Eigen::Index n = net.state_size();
    const Eigen::VectorXd h = libration_test::random_matrix(n, 1, 1.0, 50),
                          x = libration_test::random_matrix(4, 1, 1.0, 51);
    const Eigen::MatrixXd V = libration_test::random_matrix(n, 6, 1.0, 52);
    Eigen::MatrixXd X = libration_test::random_matrix(4, 6, 1.0, 53);
    auto ws = net.make_workspace(6, 6);
    Eigen::VectorXd next(n);
    Eigen::MatrixXd JV(n, 6), Next(n, 6);
    CHECK(libration_test::allocations_in([&] {
            net.step(h, x, next, ws);
            net.tangent(V, JV, ws);
            net.tangent(V.leftCols(2), JV.leftCols(2), ws);
            net.pullback(V, JV, ws);
            net.pullback(V, JV, X, ws);
            net.pullback(V.leftCols(1), JV.leftCols(1), ws);
            net.step_batch(V, X, Next, ws);
          }) == 0);
  });
}

TEST_CASE("models::stacked: a tangent allocates only where Eigen packs more than its stack limit of a weight matrix",
          "[no-alloc]") {
  const auto allocations = [](Eigen::Index hidden) {
    const libration::models::lstm<float> net(libration_test::random_layers<float>(4, 16, {hidden, hidden}, 0.1));
    auto ws = net.make_workspace(32);
    const Eigen::Index n = net.state_size();
    const Eigen::VectorXf h = Eigen::VectorXf::Zero(n), x = Eigen::VectorXf::Ones(16);
    const Eigen::MatrixXf V = Eigen::MatrixXf::Identity(n, 32);
    Eigen::VectorXf next(n);
    Eigen::MatrixXf JV(n, 32);
    const auto in_step = libration_test::allocations_in([&] { net.step(h, x, next, ws); });
    const auto in_tangent = libration_test::allocations_in([&] { net.tangent(V, JV, ws); });
    return std::pair(in_step, in_tangent);
  };
  CHECK(allocations(64) == std::pair<std::int64_t, std::int64_t>(0, 0));
  CHECK(allocations(128).first == 0);
  CHECK(allocations(128).second <= 3);  // one a weight matrix in use
}
