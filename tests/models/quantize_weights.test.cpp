// SPDX-License-Identifier: MIT
#include <libration/models/quantize_weights.hpp>

#include <cmath>
#include <limits>
#include <set>
#include <type_traits>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include "models/networks.hpp"
#include "support/catch.hpp"

namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;
using libration::argument_error;
using models::quantize_weights;
using namespace libration_test;

namespace {

template <class Network>
models::character_model<Network> model_over(Network network, bool one_hot = false) {
  using Scalar = typename Network::scalar_type;
  using matrix = typename models::layer_weights<Scalar>::matrix;
  using vector = typename models::layer_weights<Scalar>::vector;
  const Index hidden = network.hidden_size();
  return models::character_model<Network>(
      std::move(network),
      one_hot ? models::embedding<Scalar>::one_hot(4)
              : models::embedding<Scalar>(matrix(random_matrix(4, 4, 1.0, 90).template cast<Scalar>())),
      models::readout<Scalar>(matrix(random_matrix(4, hidden, 1.0, 91).template cast<Scalar>()),
                              vector(random_matrix(4, 1, 1.0, 92).template cast<Scalar>())),
      models::vocabulary(U"abcd"));
}

template <class Model>
VectorXd logits_of(const Model& model) {
  using vector = typename Model::vector;
  auto ws = model.make_workspace();
  vector h = vector::Zero(model.state_size()), next = h, y(model.vocabulary_size());
  for (const models::token v : {2, 0, 1, 3, 3, 1}) {
    model.step(v, h, next, ws);
    h.swap(next);
  }
  model.logits(h, y);
  return y.template cast<double>();
}

template <class Network>
Network rebuilt(const Network& network) {
  return Network(network.weights(), network.options());
}

}  // namespace

TEST_CASE("models::quantize_weights: small cases by hand", "[oracle]") {
  MatrixXd w(4, 4);
  w << 1.0, -0.6, 0.4, 0.0,  //
      -3.0, 1.4, -1.6, 3.0,  //
      0.0, 0.0, 0.0, 0.0,    //
      7.0, 3.4, -0.6, 0.4;
  MatrixXd two(4, 4), four(4, 4);
  two << 1.0, -1.0, 0.0, 0.0,  //
      -3.0, 0.0, -3.0, 3.0,    //
      0.0, 0.0, 0.0, 0.0,      //
      7.0, 0.0, 0.0, 0.0;
  CHECK(quantize_weights(w, 2) == two);
  four << 1.0, -4.0 / 7.0, 3.0 / 7.0, 0.0,           //
      -3.0, 3.0 / 7.0 * 3.0, -4.0 / 7.0 * 3.0, 3.0,  //
      0.0, 0.0, 0.0, 0.0,                            //
      7.0, 3.0, -1.0, 0.0;
  CHECK((quantize_weights(w, 4) - four).cwiseAbs().maxCoeff() < 1e-15);
  // Rounding is symmetric: signs do not matter.
  CHECK(quantize_weights(MatrixXd(-w), 3) == -quantize_weights(w, 3));
}

TEST_CASE("models::quantize_weights: within half a step, few levels, and the same again", "[law]") {
  const MatrixXd w = random_matrix(20, 400, 2.5, 60);
  for (const int bits : {2, 3, 4, 8, 12, 16}) {
    const MatrixXd q = quantize_weights(w, bits);
    const double levels = std::pow(2.0, bits - 1) - 1.0;
    for (Index i = 0; i < w.rows(); ++i) {
      const double scale = w.row(i).cwiseAbs().maxCoeff() / levels;
      CHECK((w.row(i) - q.row(i)).cwiseAbs().maxCoeff() <= 0.5 * scale + 1e-15);
      CHECK(q.row(i).cwiseAbs().maxCoeff() == w.row(i).cwiseAbs().maxCoeff());
      std::set<double> different(q.row(i).begin(), q.row(i).end());
      CHECK(static_cast<double>(different.size()) <= 2.0 * levels + 1.0);
    }
    CHECK(quantize_weights(q, bits) == q);
    const MatrixXf single = quantize_weights(MatrixXf(w.cast<float>()), bits);
    CHECK(quantize_weights(single, bits) == single);
    CHECK((single.cast<double>() - q).cwiseAbs().maxCoeff() <= 2.5 * std::numeric_limits<float>::epsilon());
  }
  // The ends of the range.
  Eigen::RowVector3d tiny(4.9e-324, 0.0, -9.8e-324), huge(1.7e308, -1.7e308, 1e300);
  CHECK(quantize_weights(tiny, 2)[2] == -9.8e-324);
  CHECK(quantize_weights(huge, 8) == Eigen::RowVector3d(1.7e308, -1.7e308, 0.0));
}

TEST_CASE("models::quantize_weights: a network made of a network's weights and options is the same", "[law]") {
  for_each_network<double>(0.9, [](const char* name, const auto& network) {
    INFO(name);
    const auto again = rebuilt(network);
    auto ws = network.make_workspace(0), other = again.make_workspace(0);
    const VectorXd h = random_matrix(network.state_size(), 1, 1.0, 70), x = random_matrix(4, 1, 1.0, 71);
    VectorXd next(h.size()), next_again(h.size());
    network.step(h, x, next, ws);
    again.step(h, x, next_again, other);
    CHECK(next == next_again);
  });
  // Other gate orders are turned into one.
  const auto layers = random_layers<double>(4, 4, {5, 3});
  const models::lstm<double> turned(layers, {.gate_order = "gofi"});
  auto ws = turned.make_workspace(0), other = ws;
  const VectorXd h = random_matrix(turned.state_size(), 1, 1.0, 72), x = random_matrix(4, 1, 1.0, 73);
  VectorXd next(h.size()), next_again(h.size());
  turned.step(h, x, next, ws);
  rebuilt(turned).step(h, x, next_again, other);
  CHECK(next == next_again);
}

TEST_CASE("models::quantize_weights: a network of rounded weights is the rounded network", "[differential]") {
  const auto check = [](auto network, const auto& layers, const auto& options, int bits) {
    using network_type = decltype(network);
    auto rounded = layers;
    for (auto& layer : rounded) {
      const auto before = layer;
      layer = quantize_weights(layer, bits);
      CHECK(layer.input == quantize_weights(before.input, bits));
      CHECK(layer.recurrent == quantize_weights(before.recurrent, bits));
      CHECK(layer.input_bias == before.input_bias);
      CHECK(layer.recurrent_bias == before.recurrent_bias);
    }
    const network_type expected(rounded, options), got = quantize_weights(network, bits);
    auto ws = expected.make_workspace(0), other = got.make_workspace(0);
    const VectorXd h = random_matrix(network.state_size(), 1, 1.0, 74), x = random_matrix(4, 1, 1.0, 75);
    VectorXd next(h.size()), next_got(h.size());
    expected.step(h, x, next, ws);
    got.step(h, x, next_got, other);
    CHECK((next - next_got).cwiseAbs().maxCoeff() < 1e-15);
  };
  for (const int bits : {3, 8}) {
    const auto plain = random_layers<double>(1, 4, {5, 3});
    const models::rnn_options leaky{.activation = models::nonlinearity::relu, .leak = 0.3};
    check(models::rnn<double>(plain, leaky), plain, leaky, bits);
    const auto three = random_layers<double>(3, 4, {5, 3});
    for (const models::gru_options& options : {models::gru_options{}, models::gru_options{.reset_before = true},
                                               models::gru_options{.swapped_update = true, .gate_order = "znr"}})
      check(models::gru<double>(three, options), three, options, bits);
    const auto four = random_layers<double>(4, 4, {5, 3});
    for (const models::lstm_options& options : {models::lstm_options{}, models::lstm_options{.gate_order = "oifg"}})
      check(models::lstm<double>(four, options), four, options, bits);
  }
}

TEST_CASE("models::quantize_weights: whole models, from 16 bits, hardly changed, to 2", "[law]") {
  const auto check = [](const auto& model) {
    const VectorXd exact = logits_of(model);
    double before = 0.0;
    for (const int bits : {16, 8, 4, 2}) {
      const auto rounded = quantize_weights(model, bits);
      static_assert(std::is_same_v<std::remove_const_t<decltype(rounded)>, std::remove_cvref_t<decltype(model)>>);
      const double off = (logits_of(rounded) - exact).cwiseAbs().maxCoeff();
      INFO(bits << " bits: " << off);
      CHECK(off > before);  // 16 times coarser each time, or more
      if (bits == 16) CHECK(off < 1e-3);
      before = off;
      CHECK(rounded.readout().bias() == model.readout().bias());
      CHECK(rounded.embedding().is_one_hot() == model.embedding().is_one_hot());
      // Rounding twice is rounding once.
      CHECK(logits_of(quantize_weights(rounded, bits)) == logits_of(rounded));
    }
  };
  check(model_over(models::rnn<double>(random_layers<double>(1, 4, {6, 5}))));
  check(model_over(models::gru<double>(random_layers<double>(3, 4, {6, 5}), {.swapped_update = true})));
  check(model_over(models::lstm<double>(random_layers<double>(4, 4, {6, 5})), true));
  check(model_over(models::rnn<float>(random_layers<float>(1, 4, {6}))));
  const models::gru<double> gru(random_layers<double>(3, 4, {6}));
  const auto hidden = model_over(models::recurrent_network<double>(gru));
  CHECK(logits_of(quantize_weights(hidden, 5)) == logits_of(quantize_weights(model_over(gru), 5)));
  // A token's embedding is a row of its file: scaled by its own largest number.
  MatrixXd table(2, 3);
  table << 1.0, 100.0, 0.0, 0.2, 60.0, 0.0;
  const auto rounded = quantize_weights(models::embedding<double>(table), 2);
  MatrixXd expected(2, 3);
  expected << 1.0, 100.0, 0.0, 0.0, 100.0, 0.0;
  CHECK(rounded.table() == expected);
}

TEST_CASE("models::quantize_weights: refusals", "[failure]") {
  MatrixXd w = MatrixXd::Ones(2, 3);
  const auto refusal = [&](int bits) { return message_of<argument_error>([&] { (void)quantize_weights(w, bits); }); };
  CHECK(refusal(1) == "models::quantize_weights: bits is 1, expected 2 to 16");
  CHECK(refusal(17) == "models::quantize_weights: bits is 17, expected 2 to 16");
  w(1, 2) = std::nan("");
  CHECK(refusal(8) == "models::quantize_weights: the weight holds a number that is not finite, at row 1, column 2");
  CHECK(quantize_weights(MatrixXd(0, 3), 8).size() == 0);
}
