// SPDX-License-Identifier: MIT
#include <libration/models/feedback.hpp>

#include "models/networks.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

template <class Loop>
void check_allocations(const Loop& loop) {
  const Index n = loop.state_size();
  const VectorXd h = random_matrix(n, 1, 1.0, 50);
  const MatrixXd V = random_matrix(n, 6, 1.0, 52);
  auto ws = loop.make_workspace(6);
  VectorXd next(n);
  MatrixXd JV(n, 6);
  CHECK(libration_test::allocations_in([&] {
          for (int t = 0; t < 3; ++t) {
            loop.step(h, next, ws);
            loop.tangent(V, JV, ws);
            loop.tangent(V.leftCols(2), JV.leftCols(2), ws);
          }
        }) == 0);
}

template <class Network>
void check_network(const Network& net) {
  const models::readout<double> direct(random_matrix(4, net.hidden_size(), 1.0, 70), VectorXd());
  const models::readout<double> logits(random_matrix(6, net.hidden_size(), 1.0, 70), VectorXd());
  check_allocations(models::close_loop(net, direct));
  check_allocations(
      maps::close_loop(net, models::soft_feedback<double>(net, logits, models::embedding<double>(random_matrix(4, 6, 1.0, 72)))));
  check_allocations(maps::close_loop(net, models::soft_feedback<double>(net, direct, models::embedding<double>::one_hot(4))));
}

}  // namespace

TEST_CASE("models::close_loop: a step and a tangent of a closed loop allocate nothing", "[no-alloc]") {
  check_network(models::rnn<double>(random_layers<double>(1, 4, {6, 5})));
  check_network(models::gru<double>(random_layers<double>(3, 4, {6, 5})));
  check_network(models::gru<double>(random_layers<double>(3, 4, {6, 5}), {.reset_before = true}));
  check_network(models::lstm<double>(random_layers<double>(4, 4, {6, 5})));
}
