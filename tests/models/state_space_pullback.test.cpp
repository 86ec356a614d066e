// SPDX-License-Identifier: MIT
// The adjoints of state-space models are those of their tangents, in state, input and output.
#include <libration/models/residual_stack.hpp>

#include <cstdint>

#include <Eigen/Core>

#include <libration/maps/concepts.hpp>
#include <libration/models/detail/packed_matrix.hpp>
#include <libration/models/forecaster.hpp>
#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/min_gru.hpp>
#include <libration/models/rwkv7.hpp>
#include <libration/models/sequence_model.hpp>

#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

// ⟨w, J v + B x⟩ = ⟨Jᵀw, v⟩ + ⟨Bᵀw, x⟩ column by column, some steps from the start; twice, since the first must leave nothing
// behind.
template <class Map>
void check_adjoint(const Map& map) {
  static_assert(maps::has_input_pullback<Map>);
  const Index n = map.state_size(), d = map.input_size(), k = 4;
  auto ws = map.make_workspace(k + 1);
  VectorXd h = VectorXd::Zero(n), next(n);
  for (int t = 0; t < 6; ++t) {
    map.step(h, random_matrix(d, 1, 1.0, 90 + static_cast<std::uint64_t>(t)), next, ws);
    h.swap(next);
  }
  const MatrixXd V = random_matrix(n, k, 1.0, 80), X = random_matrix(d, k, 1.0, 81), W = random_matrix(n, k, 1.0, 82);
  MatrixXd JV(n, k), JtW(n, k), BtW(d, k), alone(n, k), one(n, 1);
  for (int repeat = 0; repeat < 2; ++repeat) {
    map.pullback(W, JtW, BtW, ws);
    map.tangent(V, X, JV, ws);
    const VectorXd left = (W.array() * JV.array()).colwise().sum();
    const VectorXd right = (JtW.array() * V.array()).colwise().sum() + (BtW.array() * X.array()).colwise().sum();
    // Each side is a sum of products of the block's entries with weights of order one, of some hundred terms a layer.
    const double scale = 1.0 + JV.norm() * W.norm() + JtW.norm() * V.norm() + BtW.norm() * X.norm();
    CHECK((left - right).cwiseAbs().maxCoeff() <= 1e-13 * scale);
  }
  map.pullback(W, alone, ws);
  CHECK(alone == JtW);
  map.pullback(W.col(2), one, ws);
  CHECK((one - JtW.col(2)).norm() <= 1e-13 * (1.0 + JtW.norm()));
}

template <class Body, class Config>
void check_model(const Config& c) {
  const Body body(c, random_weights<Body>(c));
  check_adjoint(body);
  const MatrixXd table = random_matrix(c.hidden_size, c.vocabulary_size, 1.0, 72);
  check_adjoint(models::sequence_model<Body>(body, models::embedding<double>(table), {table.transpose(), VectorXd()}));
}

}  // namespace

TEST_CASE("models::forecaster: the adjoint is the tangent's, and goes through its loop", "[law]") {
  models::min_gru_config c = small_min_gru();
  const models::min_gru<double> body(c, random_weights<models::min_gru<double>>(c));
  const models::readout<double> input(random_matrix(4, 3, 1.0, 73), VectorXd()), output(random_matrix(3, 4, 1.0, 74), VectorXd());
  check_adjoint(models::forecaster<models::min_gru<double>>(body, input, output, {.adds_input = false}));
  const models::forecaster<models::min_gru<double>> adds(body, input, output, {.adds_input = true});
  check_adjoint(adds);
  STATIC_REQUIRE(maps::has_pullback<decltype(models::close_loop(adds))>);
}

TEST_CASE("models::mamba: the adjoint is the tangent's", "[law]") {
  models::mamba_config c = small_mamba();
  c.layers = 3;
  check_model<models::mamba<double>>(c);
  c.conv_kernel = 1;
  c.projection_bias = true;
  check_model<models::mamba<double>>(c);
  c.conv_kernel = 2;
  c.inner_size = 3;  // fewer rows than a panel of the packed weights
  check_model<models::mamba<double>>(c);
}

TEST_CASE("models::mamba2: the adjoint is the tangent's", "[law]") {
  models::mamba2_config c = small_mamba2();
  check_model<models::mamba2<double>>(c);
  c.groups = 2;
  c.conv_kernel = 1;
  check_model<models::mamba2<double>>(c);
  c.least_time_step = 0.6;  // some of the steps are outside
  c.largest_time_step = 0.9;
  check_model<models::mamba2<double>>(c);
}

TEST_CASE("models::min_gru: the adjoint is the tangent's", "[law]") {
  models::min_gru_config c = small_min_gru();
  check_model<models::min_gru<double>>(c);
  c.forget_gate = true;
  check_model<models::min_gru<double>>(c);
  c.projected = false;
  c.inner_size = 4;
  check_model<models::min_gru<double>>(c);
}

TEST_CASE("models::rwkv7: the adjoint is the tangent's", "[law]") {
  models::rwkv7_config c = small_rwkv7();
  c.layers = 3;
  check_model<models::rwkv7<double>>(c);
  c.pre_norm = false;
  c.norm_bias = false;
  c.layers = 1;
  c.heads = 1;
  c.head_size = 6;
  check_model<models::rwkv7<double>>(c);
}

TEST_CASE("models::packed_matrix: the transposed product of any shape", "[differential]") {
  for (const Index rows : {1, 3, 8, 16, 17, 40})
    for (const Index cols : {1, 3, 4, 9})
      for (const Index count : {1, 5}) {
        const MatrixXd A = random_matrix(rows, cols, 1.0, 1), B = random_matrix(rows + 2, count, 1.0, 2);
        MatrixXd C = MatrixXd::Constant(cols + 1, count, 7.0);
        models::detail::packed_matrix<double>(A).multiply_transposed({B.data(), B.rows()}, count, C.data(), C.rows());
        CHECK((C.topRows(cols) - A.transpose() * B.topRows(rows)).cwiseAbs().maxCoeff() < 1e-13);
        CHECK(C.row(cols) == Eigen::RowVectorXd::Constant(count, 7.0));
      }
}
