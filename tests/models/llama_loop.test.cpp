// SPDX-License-Identifier: MIT
// A llama among what the library offers to maps and token models: closed loop, few bits, generation.
#include <libration/models/llama.hpp>

#include <vector>

#include <Eigen/Core>

#include <libration/error/token_divergence.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/quantize_tokens.hpp>
#include <libration/models/feedback.hpp>
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
  const auto check = libration::tangent::check(loop, h, VectorXd(), 3, 1);
  INFO("error " << check.error << ", tolerance " << check.tolerance);
  CHECK(check.ok());
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
  const auto coarse = libration::error::token_divergence(net, maps::quantize(net, maps::number_format::dynamic(3)), prompts, options);
  CHECK(same.survival.event_count == 0);
  CHECK(coarse.survival.event_count > 0);
}
