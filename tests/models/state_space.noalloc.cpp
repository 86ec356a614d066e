// SPDX-License-Identifier: MIT
#include <Eigen/Core>

#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/rwkv7.hpp>
#include <libration/models/sequence_model.hpp>

#include "models/state_space.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace {

namespace models = libration::models;
using libration_test::random_matrix;

template <class Layer, class Config>
Eigen::Index allocations(const Config& config) {
  using body = models::residual_stack<Layer>;
  const Eigen::Index d = config.hidden_size, vocabulary = 7;
  const models::sequence_model<body> net(body(config, libration_test::random_weights<body>(config)),
                                         models::embedding<double>(random_matrix(d, vocabulary, 1.0, 50)),
                                         {random_matrix(vocabulary, d, 1.0, 51), Eigen::VectorXd()});
  const Eigen::Index n = net.state_size();
  const Eigen::VectorXd h = random_matrix(n, 1, 1.0, 52), x = random_matrix(d, 1, 1.0, 53);
  const Eigen::MatrixXd V = random_matrix(n, 6, 1.0, 54);
  Eigen::MatrixXd X = random_matrix(d, 6, 1.0, 55);
  auto ws = net.make_workspace(6, 6);
  Eigen::VectorXd next(n), logits(vocabulary);
  Eigen::MatrixXd JV(n, 6), Next(n, 6);
  return static_cast<Eigen::Index>(libration_test::allocations_in([&] {
    net.step(h, x, next, ws);
    net.tangent(V, JV, ws);
    net.tangent(V.leftCols(2), X.leftCols(2), JV.leftCols(2), ws);
    net.pullback(V, JV, ws);
    net.pullback(V.leftCols(2), JV.leftCols(2), X.leftCols(2), ws);
    net.step(models::token(3), h, next, ws);
    net.logits(next, logits);
    net.step_batch(V, X, Next, ws);
  }));
}

}  // namespace

TEST_CASE("models: a step of a state-space model, its tangent, its adjoint and a batch allocate nothing", "[no-alloc]") {
  models::mamba_config mamba;
  mamba.hidden_size = mamba.time_step_rank = 4;
  mamba.inner_size = 8;
  mamba.state_size = 3;
  mamba.layers = 2;
  CHECK(allocations<models::mamba_layer<double>>(mamba) == 0);

  models::mamba2_config mamba2;
  mamba2.hidden_size = mamba2.heads = 4;
  mamba2.inner_size = 8;
  mamba2.state_size = 3;
  mamba2.head_size = mamba2.layers = 2;
  CHECK(allocations<models::mamba2_layer<double>>(mamba2) == 0);

  models::rwkv7_config rwkv7;
  rwkv7.hidden_size = rwkv7.ffn_size = 6;
  rwkv7.head_size = 3;
  rwkv7.heads = rwkv7.layers = rwkv7.decay_rank = rwkv7.rate_rank = rwkv7.value_rank = rwkv7.gate_rank = 2;
  CHECK(allocations<models::rwkv7_layer<double>>(rwkv7) == 0);
}
