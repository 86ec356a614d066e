// SPDX-License-Identifier: MIT
#include <libration/models/llama.hpp>

#include "models/llama_reference.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

using namespace libration_test;
namespace models = libration::models;
using Eigen::MatrixXd, Eigen::VectorXd;

TEST_CASE("models::llama: a token, a step and their tangents allocate nothing", "[no-alloc]") {
  const auto c = small_llama();
  const models::llama<double> net(c, small_weights<double>(c), {.window = 5});
  auto ws = net.make_workspace(6);
  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size()), x(c.hidden_size), logits(c.vocabulary_size);
  MatrixXd V = random_matrix(h.size(), 6, 1.0, 90), JV(V.rows(), V.cols());
  const MatrixXd VX = random_matrix(c.hidden_size, 6, 1.0, 91);
  double seen = 0;
  const models::attention_observer<double> observer = [&seen](const models::attention_row<double>& row) { seen += row.weights[0]; };
  CHECK(allocations_in([&] {
          for (int t = 0; t < 8; ++t) {
            net.read(3, h, ws, observer);
            net.read_tangent(h, V, ws);
            net.logits(h, logits);
            net.embedding().write(2, x);
            net.step(h, x, next, ws);
            net.tangent(V, JV, ws);
            net.tangent(V.leftCols(2), VX.leftCols(2), JV.leftCols(2), ws);
          }
        }) == 0);
  CHECK(seen > 0);
}
