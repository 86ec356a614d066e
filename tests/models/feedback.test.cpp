// SPDX-License-Identifier: MIT
#include <libration/models/feedback.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include <Eigen/Core>

#include <libration/maps/close_loop.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/models/reservoir.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration::argument_error;
using libration_test::for_each_network;
using libration_test::message_of;
using libration_test::random_layers;
using libration_test::random_matrix;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

static_assert(maps::differentiable_in_input<models::rnn<double>> && maps::differentiable_in_input<models::gru<float>> &&
              maps::differentiable_in_input<models::lstm<double>> && maps::differentiable_in_input<models::reservoir<float>>);
static_assert(maps::differentiable_feedback<models::direct_feedback<double>> &&
              maps::differentiable_feedback<models::soft_feedback<float>>);

namespace {

// A readout of the topmost layer of a network, and an embedding of as many tokens as it has outputs; entries of order one.
template <class Network>
models::readout<double> readout_for(const Network& net, Index outputs, double size = 1.0) {
  return {random_matrix(outputs, net.hidden_size(), size, 70), random_matrix(outputs, 1, 1.0, 71)};
}
models::embedding<double> embedding_of(Index size, Index tokens) {
  return models::embedding<double>(random_matrix(size, tokens, 1.0, 72));
}

// A loop behind one type, so that the laws are compiled once. Its tangent steps anew, on the workspace of all other calls.
struct any_loop {
  using scalar_type = double;
  Index n;
  std::function<void(const VectorXd&, VectorXd&)> take_step;
  std::function<void(const VectorXd&, const MatrixXd&, MatrixXd&)> apply_tangent;

  Index state_size() const { return n; }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const {
    VectorXd result(n);
    take_step(h, result);
    next = result;
  }
  void tangent(libration::vector_view<double> h, libration::matrix_view<double> V, libration::matrix_span<double> JV) const {
    MatrixXd result(n, V.cols());
    apply_tangent(h, V, result);
    JV = result;
  }
};

void check_laws(const any_loop& loop) {
  for (const double size : {1.0, 0.0}) {
    const auto laws = libration::testing::check_laws(loop, random_matrix(loop.n, 1, size, 60).col(0));
    INFO(laws.text());
    CHECK(laws.ok());
    CHECK(laws.checked == 5);
  }
}

template <class Map>
void check_map(const Map& map) {
  static_assert(maps::vector_map<Map> && maps::differentiable<Map> && !maps::driven<Map> && !maps::timed<Map>);
  auto ws = map.make_workspace(16);
  check_laws({map.state_size(), [&](const VectorXd& h, VectorXd& next) { map.step(h, next, ws); },
              [&](const VectorXd& h, const MatrixXd& V, MatrixXd& JV) {
                VectorXd next(h.size());
                map.step(h, next, ws);
                map.tangent(V, JV, ws);
              }});
}

template <class Map>
VectorXd stepped(const Map& map, const VectorXd& h) {
  auto ws = map.make_workspace(0);
  VectorXd next(map.state_size());
  map.step(h, next, ws);
  return next;
}

}  // namespace

TEST_CASE("models::direct_feedback: closed loops of every cell, the laws of a map", "[law]") {
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    INFO(name);
    const auto readout = readout_for(net, net.input_size());
    const auto loop = models::close_loop(net, readout);
    check_map(loop);
    const Index n = net.state_size();
    const VectorXd h = random_matrix(n, 1, 1.0, 50);
    VectorXd x(net.input_size()), wanted(n);
    readout.evaluate(net.output(h), x);
    auto ws = net.make_workspace(0);
    net.step(h, x, wanted, ws);
    CHECK(stepped(loop, h) == wanted);
  });
  const models::rnn<double> reservoir =
      models::reservoir<double>(random_matrix(12, 12, 0.6, 1), random_matrix(12, 3, 1.0, 2), VectorXd(), 0.3);
  check_map(models::close_loop(reservoir, readout_for(reservoir, 3)));
}

TEST_CASE("models::soft_feedback: closed loops of every cell, learned and one-hot inputs, the laws of a map", "[law]") {
  for_each_network<double>(0.6, [](const char* name, const auto& net) {
    for (const double temperature : {1.0, 0.3}) {
      INFO(name << ", temperature " << temperature);
      const auto readout = readout_for(net, 6);
      check_map(
          maps::close_loop(net, models::soft_feedback<double>(net, readout, embedding_of(4, 6), {.temperature = temperature})));
      check_map(maps::close_loop(net, models::soft_feedback<double>(net, readout_for(net, 4), models::embedding<double>::one_hot(4),
                                                                    {.temperature = temperature})));
    }
  });
}

TEST_CASE("models::soft_feedback: the mean input under softmax, and its tangent (D(p) - p pᵀ) W V / T", "[oracle]") {
  const models::lstm<double> net(random_layers<double>(4, 4, {5, 3}));
  const auto readout = readout_for(net, 6);
  const auto table = embedding_of(4, 6);
  const double T = 0.7;
  const models::soft_feedback<double> feedback(net, readout, table, {.temperature = T});
  CHECK((feedback.input_size() == 16 && feedback.output_size() == 4 && feedback.temperature() == T));
  const VectorXd h = random_matrix(16, 1, 1.0, 50);
  const MatrixXd V = random_matrix(16, 3, 1.0, 52);
  auto ws = feedback.make_workspace(3);
  VectorXd x(4);
  MatrixXd VX(4, 3);
  feedback.evaluate(h, x, ws);
  feedback.tangent(V, VX, ws);

  const VectorXd logits = (readout.weight() * net.output(h) + readout.bias()) / T;
  const VectorXd p = logits.array().exp() / logits.array().exp().sum();
  CHECK((x - table.table() * p).cwiseAbs().maxCoeff() < 1e-14);
  MatrixXd slope = -p * p.transpose();
  slope.diagonal() += p;
  CHECK((VX - table.table() * slope * readout.weight() * V.middleRows(net.offset(1), 3) / T).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("models::soft_feedback: hot is the mean of all tokens, cold the likeliest alone, and large logits do not overflow",
          "[edge]") {
  const models::rnn<double> net(random_layers<double>(1, 4, {5}));
  const auto table = embedding_of(4, 6);
  const VectorXd h = random_matrix(5, 1, 1.0, 50);
  const auto at = [&](double temperature, double size) {
    const auto readout = readout_for(net, 6, size);
    const models::soft_feedback<double> feedback(net, readout, table, {.temperature = temperature});
    auto ws = feedback.make_workspace(0);
    VectorXd x(4);
    feedback.evaluate(h, x, ws);
    return x;
  };
  const auto likeliest = [&](double size) {
    VectorXd y(6);
    readout_for(net, 6, size).evaluate(h, y);
    Index best;
    y.maxCoeff(&best);
    return VectorXd(table.table().col(best));
  };
  CHECK((at(1e9, 1.0) - table.table().rowwise().mean()).cwiseAbs().maxCoeff() < 1e-8);  // logits of order one over 1e9
  CHECK((at(1e-9, 1.0) - likeliest(1.0)).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((at(1.0, 1e6) - likeliest(1e6)).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("models::close_loop: single precision follows double precision", "[differential]") {
  const auto weights = random_layers<double>(1, 4, {6, 5});
  const auto in_float = random_layers<float>(1, 4, {6, 5});
  const models::rnn<double> net(weights);
  const models::rnn<float> single(in_float);
  const MatrixXd W = random_matrix(6, 5, 1.0, 70), E = random_matrix(4, 6, 1.0, 72), V = random_matrix(11, 3, 1.0, 52);
  const auto loop = maps::close_loop(net, models::soft_feedback<double>(net, {W, VectorXd()}, models::embedding<double>(E)));
  const auto loop_in_float =
      maps::close_loop(single, models::soft_feedback<float>(single, {W.cast<float>(), Eigen::VectorXf()},
                                                            models::embedding<float>(Eigen::MatrixXf(E.cast<float>()))));
  const VectorXd h = random_matrix(11, 1, 1.0, 50);
  auto ws = loop.make_workspace(3);
  auto ws_in_float = loop_in_float.make_workspace(3);
  VectorXd next(11);
  Eigen::VectorXf next_in_float(11);
  MatrixXd JV(11, 3);
  Eigen::MatrixXf JV_in_float(11, 3);
  loop.step(h, next, ws);
  loop.tangent(V, JV, ws);
  loop_in_float.step(h.cast<float>(), next_in_float, ws_in_float);
  loop_in_float.tangent(V.cast<float>(), JV_in_float, ws_in_float);
  const double tolerance = 50 * static_cast<double>(std::numeric_limits<float>::epsilon());  // as for the open network
  CHECK((next_in_float.cast<double>() - next).cwiseAbs().maxCoeff() < tolerance);
  CHECK((JV_in_float.cast<double>() - JV).cwiseAbs().maxCoeff() < tolerance);
}

TEST_CASE("models::close_loop: a character model is its network fed the mean embedding", "[law]") {
  const models::lstm<double> net(random_layers<double>(4, 4, {5, 3}));
  const models::character_model<models::lstm<double>> model(net, embedding_of(4, 6), readout_for(net, 6),
                                                            models::vocabulary(U"abcdef"));
  const auto loop = models::close_loop(model, {.temperature = 0.5});
  check_map(loop);
  const auto same =
      maps::close_loop(net, models::soft_feedback<double>(net, readout_for(net, 6), embedding_of(4, 6), {.temperature = 0.5}));
  const VectorXd h = random_matrix(model.state_size(), 1, 1.0, 50);
  CHECK(stepped(loop, h) == stepped(same, h));

  // A cold loop reads the likeliest token, as a greedy generator does.
  VectorXd y(6), next(model.state_size());
  model.logits(h, y);
  Index best;
  y.maxCoeff(&best);
  auto ws = model.make_workspace();
  model.step(static_cast<models::token>(best), h, next, ws);
  CHECK((stepped(models::close_loop(model, {.temperature = 1e-6}), h) - next).cwiseAbs().maxCoeff() < 1e-13);
}

TEST_CASE("models::feedback: parts that do not fit are refused", "[failure]") {
  const models::gru<double> net(random_layers<double>(3, 4, {6, 5}));
  const models::readout<double> wide(random_matrix(4, 6, 1.0, 1), VectorXd()), right(random_matrix(4, 5, 1.0, 1), VectorXd()),
      three(random_matrix(3, 5, 1.0, 1), VectorXd());
  CHECK(message_of<argument_error>([&] { models::direct_feedback<double>(net, wide); }) ==
        "models::direct_feedback: the readout's input has 6 rows, expected 5 (the top layer's units)");
  CHECK(message_of<argument_error>([&] { (void)models::close_loop(net, three); }) ==
        "maps::close_loop: the feedback's output has 3 rows, expected 4 (the cell's input size)");
  const auto soft = [&](const models::readout<double>& readout, Index tokens, double temperature) {
    return message_of<argument_error>(
        [&] { models::soft_feedback<double>(net, readout, embedding_of(4, tokens), {.temperature = temperature}); });
  };
  CHECK(soft(wide, 4, 1.0) == "models::soft_feedback: the readout's input has 6 rows, expected 5 (the top layer's units)");
  CHECK(soft(right, 7, 1.0) == "models::soft_feedback: the readout's output has 4 rows, expected 7 (the embedding's tokens)");
  CHECK(soft(right, 4, 0.0).find(".temperature is 0, expected a finite number > 0") != std::string::npos);
  CHECK(soft(right, 4, std::numeric_limits<double>::infinity()).find(".temperature is inf") != std::string::npos);
}
