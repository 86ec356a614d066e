// SPDX-License-Identifier: MIT
// A llama among what the library offers to maps and token models: closed loop, few bits, generation.
#include <libration/models/llama.hpp>

#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/error/token_divergence.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/models/cross_entropy.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/quantize_weights.hpp>
#include <libration/tangent/check.hpp>

#include "models/llama_reference.hpp"
#include "support/catch.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;

namespace {

using model = models::llama<double>;

model small(Index window = 5) { return model(small_llama(), small_weights<double>(small_llama()), {.window = window}); }

VectorXd state_after(const model& net, std::initializer_list<maps::token> tokens) {
  auto ws = net.make_workspace();
  VectorXd h = VectorXd::Zero(net.state_size());
  for (const maps::token v : tokens) net.read(v, h, ws);
  return h;
}

}  // namespace

TEST_CASE("models::close_loop: a llama that is fed the mean embedding of what it expects, and its tangent", "[differential]") {
  const model net = small();
  const auto loop = models::close_loop(net, {.temperature = 0.8});
  const VectorXd h = state_after(net, {3, 1, 4, 1, 5, 6, 2});
  auto ws = loop.make_workspace(0);
  VectorXd next(h.size()), expected(h.size()), p(7);
  loop.step(h, next, ws);
  net.logits(h, p);
  p = (p / 0.8).array().exp().matrix();
  p /= p.sum();
  auto own = net.make_workspace();
  net.step(h, net.embedding().table() * p, expected, own);
  CHECK((next - expected).cwiseAbs().maxCoeff() < 1e-13);
  STATIC_REQUIRE(maps::counters<std::remove_const_t<decltype(loop)>> == 1);
  const auto check = libration::tangent::check(loop, h, VectorXd(), 3, 1);
  INFO("error " << check.error << ", tolerance " << check.tolerance);
  CHECK(check.ok());
}

TEST_CASE("lyapunov::spectrum: along given inputs every exponent of a llama is minus infinity", "[oracle]") {
  const model net = small(4);
  const MatrixXd inputs = random_matrix(12, 80, 1.0, 82);
  const VectorXd start = VectorXd::Zero(net.state_size());
  const auto r =
      libration::lyapunov::spectrum(net, start, inputs, {.count = 2, .steps = 60, .transient = 20, .frame_transient = 0});
  CHECK(r.status == libration::status::ok);
  CHECK(r.verdict == libration::verdict::stable);
  CHECK((r.exponents.array() == -std::numeric_limits<double>::infinity()).all());
}

TEST_CASE("maps::quantize: a llama's cache is rounded, the number of tokens is not", "[law]") {
  const model net = small(4);
  const auto narrow = maps::quantize(net, maps::number_format::bfloat16());
  using quantized = std::remove_cvref_t<decltype(narrow)>;
  STATIC_REQUIRE(maps::token_model<quantized> && maps::reads_in_place<quantized>);
  STATIC_REQUIRE(maps::vector_map<quantized> && maps::driven<quantized> && maps::differentiable_in_input<quantized>);
  STATIC_REQUIRE(quantized::counters == 1);
  auto ws = narrow.make_workspace(0);
  VectorXd h = VectorXd::Zero(net.state_size()), rounded, x(12), next(h.size());
  for (int t = 0; t < 300; ++t) narrow.read(static_cast<maps::token>(t % 7), h, ws);  // beyond 256 bfloat16 skips whole numbers
  CHECK(net.tokens_read(h) == 300);
  rounded = h.head(h.size() - 1);
  maps::number_format::bfloat16().round(rounded);
  CHECK(rounded == h.head(h.size() - 1));

  VectorXd exact = h;
  net.read(5, exact, ws);
  narrow.read(5, h, ws);
  const double off = (exact - h).cwiseAbs().maxCoeff();
  CHECK(off > 0);
  CHECK(off < 0.05);  // 2^-9 of components of order some units

  // What surrounds the model knows of the count too: a loop that is rounded goes on counting.
  const auto loop = maps::quantize(models::close_loop(net), maps::number_format::bfloat16());
  auto loop_ws = loop.make_workspace(0);
  loop.step(h, next, loop_ws);
  CHECK(net.tokens_read(next) == 302);

  // As a map it does the same; a scale that all components share does not see the count.
  net.embedding().write(3, x);
  const auto scaled = maps::quantize(net, maps::number_format::dynamic(8));
  scaled.step(h, x, next, ws);
  net.read(3, h, ws);
  CHECK(net.tokens_read(next) == 302);
  const double largest = h.head(h.size() - 1).cwiseAbs().maxCoeff();
  CHECK((next - h).cwiseAbs().maxCoeff() < largest / 254 * 1.01);
  CHECK((next - h).cwiseAbs().maxCoeff() > 0);
}

TEST_CASE("error::token_divergence: a llama and the same with a cache of few bits part", "[law]") {
  const model net = small(9);
  const std::vector<std::vector<maps::token>> prompts = {{3, 1, 4}, {2, 0}};
  const libration::error::token_divergence_options options{.runs = 8, .steps = 40, .seed = 3};
  const auto same = libration::error::token_divergence(net, net, prompts, options);
  const auto coarse =
      libration::error::token_divergence(net, maps::quantize(net, maps::number_format::dynamic(3)), prompts, options);
  CHECK(same.survival.event_count == 0);
  CHECK(coarse.survival.event_count > 0);
}

TEST_CASE("models::quantize_weights: a llama of fewer bits is farther from itself, and keeps its norms", "[law]") {
  const model net = small(9);
  const std::vector<maps::token> text = {3, 1, 4, 1, 5, 6, 2, 6, 5};
  const auto after = [&](const model& m) {
    VectorXd h = VectorXd::Zero(m.state_size());
    m.prefill(text, h);
    return h;
  };
  double before = 0;
  for (const int bits : {12, 8, 4}) {
    const model rounded = models::quantize_weights(net, bits);
    const double off = (after(rounded) - after(net)).norm();
    CHECK(off > before);
    CHECK(rounded.weights().layers[0].mlp_norm == net.weights().layers[0].mlp_norm);
    CHECK(rounded.weights().layers[1].up == models::quantize_weights(net.weights().layers[1].up, bits));
    before = off;
  }
  CHECK(before > 0.1);
}

TEST_CASE("models::cross_entropy: a text's mean cost, token by token", "[differential]") {
  const auto c = small_llama();
  const auto weights = small_weights<double>(c);
  const std::vector<maps::token> text = {3, 1, 4, 1, 5, 6, 2};
  const auto logits = run_llama(c, weights, {text.begin(), text.end()}, 9).logits;
  double sum = 0;
  for (std::size_t t = 0; t + 1 < text.size(); ++t) {
    const auto now = static_cast<Index>(t);
    sum += std::log(logits.col(now).array().exp().sum()) - logits(text[t + 1], now);
  }
  CHECK(std::abs(models::cross_entropy(model(c, weights), text) - sum / 6) < 1e-12);
}
