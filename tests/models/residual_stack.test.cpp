// SPDX-License-Identifier: MIT
#include <libration/models/residual_stack.hpp>

#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/models/mamba.hpp>
#include <libration/models/mamba2.hpp>
#include <libration/models/min_gru.hpp>
#include <libration/models/quantize_weights.hpp>
#include <libration/models/rwkv7.hpp>

#include "models/small_configs.hpp"
#include "models/state_space.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using namespace libration_test;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;
using models::quantize_weights;

namespace {

// The matrices of a layer's products, by hand.
template <class Round>
void for_each_product(models::mamba_weights<double>::layer& w, const Round& round) {
  for (MatrixXd* product : {&w.in, &w.x, &w.dt, &w.out}) round(*product);
}
template <class Round>
void for_each_product(models::mamba2_weights<double>::layer& w, const Round& round) {
  for (MatrixXd* product : {&w.in, &w.out}) round(*product);
}
template <class Round>
void for_each_product(models::min_gru_weights<double>::layer& w, const Round& round) {
  for (MatrixXd* product : {&w.in, &w.out, &w.ffn_in, &w.ffn_out}) round(*product);
}
template <class Round>
void for_each_product(models::rwkv7_weights<double>::layer& w, const Round& round) {
  for (auto* part : {&w.w, &w.a, &w.v, &w.g}) {
    round(part->down);
    round(part->up);
  }
  for (MatrixXd* product : {&w.receptance, &w.key, &w.value, &w.output, &w.ffn_key, &w.ffn_value}) round(*product);
}

// The states of two bodies after some inputs, apart by so much.
template <class Body>
double difference(const Body& a, const Body& b) {
  auto wa = a.make_workspace(0), wb = b.make_workspace(0);
  VectorXd ha = VectorXd::Zero(a.state_size()), hb = ha, next(ha.size());
  for (std::uint64_t t = 0; t < 6; ++t) {
    const VectorXd x = random_matrix(a.input_size(), 1, 1.0, 60 + t);
    a.step(ha, x, next, wa);
    ha.swap(next);
    b.step(hb, x, next, wb);
    hb.swap(next);
  }
  return (ha - hb).cwiseAbs().maxCoeff();
}

template <class Body>
void check_rounding(const typename Body::config_type& config) {
  const auto weights = random_weights<Body>(config);
  const Body body(config, weights);
  for (const int bits : {3, 8}) {
    auto rounded = weights;
    for (auto& layer : rounded.layers)
      for_each_product(layer, [bits](MatrixXd& product) { product = quantize_weights(product, bits); });
    const Body expected(config, rounded), got = quantize_weights(body, bits);
    CHECK(difference(expected, got) == 0.0);
    CHECK(difference(body, got) > 1e-4);
  }
  // What is not changed is the same to the last bit, and the first network is left alone.
  CHECK(difference(body, body.with_products([](const MatrixXd& product) { return product; })) == 0.0);
  CHECK(difference(body, Body(config, weights)) == 0.0);

  const Index d = config.hidden_size, tokens = config.vocabulary_size;
  const models::sequence_model<Body> model(body, models::embedding<double>(random_matrix(d, tokens, 1.0, 50)),
                                           {random_matrix(tokens, d, 1.0, 51), VectorXd()});
  const auto small = quantize_weights(model, 4);
  CHECK(difference(small.body(), quantize_weights(body, 4)) == 0.0);
  CHECK(small.embedding().table() == quantize_weights(model.embedding(), 4).table());
  CHECK(small.readout().weight() == quantize_weights(model.readout().weight(), 4));
}

}  // namespace

TEST_CASE("models::quantize_weights: a state-space model of rounded weights is the rounded model", "[differential]") {
  check_rounding<models::mamba<double>>(small_mamba());
  auto grouped = small_mamba2();
  grouped.groups = 2;
  check_rounding<models::mamba2<double>>(grouped);
  check_rounding<models::rwkv7<double>>(small_rwkv7());
  check_rounding<models::min_gru<double>>(small_min_gru());
}

TEST_CASE("models::quantize_weights: a forecaster keeps what it adds", "[law]") {
  models::mamba_config c = small_mamba();
  const models::mamba<double> body(c, random_weights<models::mamba<double>>(c));
  const models::readout<double> input(random_matrix(c.hidden_size, 2, 1.0, 40), random_matrix(c.hidden_size, 1, 1.0, 41)),
      output(random_matrix(2, c.hidden_size, 1.0, 42), random_matrix(2, 1, 1.0, 43));
  for (const bool adds : {true, false}) {
    const auto small = quantize_weights(models::forecaster<models::mamba<double>>(body, input, output, {.adds_input = adds}), 5);
    CHECK(small.adds_input() == adds);
    CHECK(small.input().weight() == quantize_weights(input.weight(), 5));
    CHECK(small.input().bias() == input.bias());
    CHECK(small.readout().weight() == quantize_weights(output.weight(), 5));
    CHECK(difference(small.body(), quantize_weights(body, 5)) == 0.0);
  }
}

TEST_CASE("models::residual_stack: with_products refuses another shape and what is not finite", "[failure]") {
  const models::mamba<double> body(small_mamba(), random_weights<models::mamba<double>>(small_mamba()));
  CHECK(message_of<argument_error>([&] { (void)body.with_products([](const MatrixXd& m) { return MatrixXd(m.topRows(1)); }); }) ==
        "models::mamba: with_products: a matrix of shape (20, 5) became one of shape (1, 5)");
  CHECK(message_of<argument_error>([&] {
          (void)body.with_products([](const MatrixXd& m) { return MatrixXd(m * std::numeric_limits<double>::infinity()); });
        }) == "models::mamba: with_products: a matrix became one that is not finite");
}
