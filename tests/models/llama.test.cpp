// SPDX-License-Identifier: MIT
#include <libration/models/llama.hpp>

#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/testing/laws.hpp>

#include "models/llama_reference.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;

namespace {

using model = models::llama<double>;
const std::vector<maps::token> text = {3, 1, 4, 1, 5, 6, 2, 6, 5, 3, 5, 0, 2, 6, 4, 3, 3, 1, 0, 2};

// The variants that configs can ask for, each with what it needs.
std::vector<models::llama_config> variants() {
  std::vector<models::llama_config> all(4, small_llama());
  all[1].query_bias = true;  // qwen2
  all[2].query_bias = all[2].output_bias = all[2].mlp_bias = true;
  all[2].key_heads = 4;
  all[3].tied_head = true;
  all[3].key_heads = 1;
  all[3].layers = 3;
  return all;
}

VectorXd state_after(const model& net, std::size_t count) {
  auto ws = net.make_workspace();
  VectorXd h = VectorXd::Zero(net.state_size());
  for (std::size_t t = 0; t < count; ++t) net.read(text[t], h, ws);
  return h;
}

// Directions in every component, so that what must not be looked at would show.
MatrixXd directions(const model& net, Index count) { return random_matrix(net.state_size(), count, 1.0, 90); }

}  // namespace

TEST_CASE("models::llama: what is read token by token is the equations on all positions at once", "[differential]") {
  for (const auto& c : variants()) {
    const auto weights = small_weights<double>(c);
    for (const Index window : {Index(5), Index(20)}) {
      INFO("window " << window << ", key heads " << c.key_heads);
      const model net(c, weights, {.window = window});
      // A token sees keys up to `window` - 1 before it, which were made of what they saw: the same as a sliding window.
      const llama_run expected = run_llama(c, weights, {text.begin(), text.end()}, window);
      auto ws = net.make_workspace();
      VectorXd h = VectorXd::Zero(net.state_size()), logits(c.vocabulary_size);
      double worst = 0;
      int rows = 0;
      for (std::size_t t = 0; t < text.size(); ++t) {
        const auto now = static_cast<Index>(t);
        net.read(text[t], h, ws, [&](const models::attention_row<double>& row) {
          ++rows;
          CHECK(row.position == static_cast<std::int64_t>(t));
          const MatrixXd& P = expected.attention[static_cast<std::size_t>(row.layer)][static_cast<std::size_t>(row.head)];
          for (Index slot = 0; slot < row.weights.size(); ++slot) {
            const double weight = row.weights[slot];
            worst = std::max(worst, std::abs(weight - P(now - row.distance(slot), now)));
            worst = std::max(worst, std::abs(weight - std::exp(row.logits[slot]) / row.logits.exp().sum()));
          }
        });
        net.logits(h, logits);
        worst = std::max(worst, (logits - expected.logits.col(now)).cwiseAbs().maxCoeff());
      }
      CHECK(rows == static_cast<int>(text.size()) * c.layers * c.query_heads);
      CHECK(net.tokens_read(h) == static_cast<std::int64_t>(text.size()));
      CHECK(worst < 1e-12);  // logits of order 10, some hundred operations deep: 1e3 eps 10 is 2e-12
    }
  }
}

TEST_CASE("models::llama: prefill is reading token by token", "[law]") {
  for (const auto& c : variants()) {
    const model net(c, small_weights<double>(c), {.window = 20});
    const VectorXd expected = state_after(net, text.size());
    for (const std::size_t before : {std::size_t(0), std::size_t(3)}) {
      VectorXd h = state_after(net, before);
      int rows = 0;
      net.prefill(std::span(text).subspan(before), h, [&](const models::attention_row<double>& row) {
        ++rows;
        CHECK(row.weights.size() == row.position + 1);
      });
      CHECK(rows == static_cast<int>(text.size() - before) * c.layers * c.query_heads);
      CHECK((h - expected).cwiseAbs().maxCoeff() < 1e-12);
    }
  }
  // More than one block of columns.
  auto c = small_llama();
  c.max_positions = 150;
  const model net(c, small_weights<double>(c));
  std::vector<maps::token> longer;
  for (int t = 0; t < 150; ++t) longer.push_back(text[static_cast<std::size_t>(t) % text.size()]);
  VectorXd at_once = VectorXd::Zero(net.state_size()), one_by_one = at_once;
  net.prefill(longer, at_once);
  auto ws = net.make_workspace();
  for (const maps::token v : longer) net.read(v, one_by_one, ws);
  CHECK((at_once - one_by_one).cwiseAbs().maxCoeff() < 1e-11);
}

TEST_CASE("models::llama: it keeps the laws of a map before and after its ring is full", "[law]") {
  STATIC_REQUIRE(maps::vector_map<model> && maps::differentiable_in_input<model> && !maps::timed<model>);
  STATIC_REQUIRE(maps::token_model<model> && maps::reads_in_place<model>);
  for (const auto& c : variants()) {
    const model net(c, small_weights<double>(c), {.window = 5});
    const VectorXd x = random_matrix(c.hidden_size, 1, 1.0, 80);
    for (const std::size_t read : {std::size_t(0), std::size_t(2), std::size_t(5), std::size_t(13)}) {
      const auto report = libration::testing::check_laws(net, state_after(net, read), x);
      INFO(report.text());
      CHECK(report.ok());
    }
  }
}

TEST_CASE("models::llama: reading a token is a step with its embedding, and so are the tangents", "[law]") {
  for (const auto& c : variants()) {
    const model net(c, small_weights<double>(c), {.window = 5});
    for (const std::size_t read : {std::size_t(0), std::size_t(3), std::size_t(8)}) {
      const VectorXd h = state_after(net, read);
      const MatrixXd V = directions(net, 7);
      auto ws = net.make_workspace(7);
      VectorXd in_place = h, next(h.size()), x(c.hidden_size);
      MatrixXd carried = V, JV(V.rows(), V.cols());
      net.read(6, in_place, ws);
      net.read_tangent(in_place, carried, ws);
      net.embedding().write(6, x);
      net.step(h, x, next, ws);
      net.tangent(V, JV, ws);
      CHECK(next == in_place);
      CHECK(JV == carried);
    }
  }
}

TEST_CASE("models::llama: the tangent in the input agrees with central differences", "[differential]") {
  const double step = 1e-5;
  for (const auto& c : variants()) {
    const model net(c, small_weights<double>(c), {.window = 4});
    const VectorXd h = state_after(net, 7), x = random_matrix(c.hidden_size, 1, 1.0, 80);
    const MatrixXd VX = random_matrix(c.hidden_size, 3, 1.0, 81), V = MatrixXd::Zero(h.size(), 3);
    auto ws = net.make_workspace(3);
    VectorXd up(h.size()), down(h.size());
    MatrixXd JV(h.size(), 3);
    net.step(h, x, up, ws);
    net.tangent(V, VX, JV, ws);
    for (Index j = 0; j < 3; ++j) {
      net.step(h, x + step * VX.col(j), up, ws);
      net.step(h, x - step * VX.col(j), down, ws);
      const VectorXd difference = (up - down) / (2 * step);
      CHECK((JV.col(j) - difference).norm() <
            1e-7 * difference.norm());  // step² third derivatives, 1e-10, eps/step, 2e-11, amplified
    }
  }
}

TEST_CASE("models::llama: along given tokens a perturbation of the cache is gone after a window for each layer", "[law]") {
  const auto c = small_llama();
  const model net(c, small_weights<double>(c), {.window = 4});
  VectorXd h = state_after(net, 6);
  MatrixXd V = directions(net, 2);
  auto ws = net.make_workspace(2);
  std::vector<double> size;
  for (std::size_t t = 0; t < 10; ++t) {
    net.read(text[t], h, ws);
    net.read_tangent(h, V, ws);
    size.push_back(V.cwiseAbs().maxCoeff());
  }
  // The youngest perturbed key of the first layer is seen by the next 3 tokens, and the third one's key in the second layer, which
  // it has changed, by 3 more.
  CHECK(size[5] > 0);
  CHECK(size[6] == 0);
}

TEST_CASE("models::llama: single precision is double's within rounding", "[differential]") {
  const auto c = small_llama();
  const models::llama<float> narrow(c, small_weights<float>(c), {.window = 5});
  const model wide(c, small_weights<double>(c), {.window = 5});
  auto ws = narrow.make_workspace(2);
  Eigen::VectorXf h = Eigen::VectorXf::Zero(narrow.state_size());
  for (std::size_t t = 0; t < 9; ++t) narrow.read(text[t], h, ws);
  CHECK((h.cast<double>() - state_after(wide, 9)).cwiseAbs().maxCoeff() < 2e-5);  // 100 operations of order 1 at 6e-8, squared sums
}

TEST_CASE("models::llama: its weights make the same model", "[law]") {
  for (const auto& c : variants()) {
    const auto weights = small_weights<double>(c);
    const model net(c, weights), again(net.config(), net.weights(), net.options());
    CHECK(state_after(net, 6) == state_after(again, 6));
    CHECK(net.weights().layers[1].down == weights.layers[1].down);
    CHECK(net.weights().layers[0].key == weights.layers[0].key);
  }
}

TEST_CASE("models::llama: the window is the config's, the option's, and at most the sliding one", "[edge]") {
  auto c = small_llama();
  const auto weights = small_weights<double>(c);
  CHECK(model(c, weights).window() == 9);
  CHECK(model(c, weights, {.window = 3}).window() == 3);
  c.sliding_window = 4;
  CHECK(model(c, weights).window() == 4);
  CHECK(model(c, weights, {.window = 3}).window() == 3);
  CHECK(model(c, weights).state_size() == 144);  // 2 * 2 * 2 * 4 * 4 + 12 + 1 = 141, and to the next multiple of 16
}

TEST_CASE("models::llama: what a caller gets wrong is said before anything is read", "[failure]") {
  const auto c = small_llama();
  const auto weights = small_weights<double>(c);
  const model net(c, weights);
  VectorXd h = state_after(net, 2);
  const VectorXd before = h;
  const auto refusal = [&](std::vector<maps::token> tokens) { return message_of<argument_error>([&] { net.prefill(tokens, h); }); };
  CHECK(refusal({}) == "models::llama: prefill: tokens is empty, expected at least one token");
  CHECK(refusal({0, 7}) == "models::llama: prefill: tokens: token 7 at 1, expected 0 to 6");
  CHECK(refusal({-1}) == "models::llama: prefill: tokens: token -1 at 0, expected 0 to 6");
  CHECK(refusal(std::vector<maps::token>(8, 1)) ==
        "models::llama: prefill: 8 tokens, expected at most 7 (a window of 9 and 2 read before); longer texts are read token by "
        "token");
  CHECK(h == before);

  const auto complaint = [&](auto change, models::llama_options options = {}) {
    auto changed = weights;
    change(changed);
    return message_of<argument_error>([&] { model(c, changed, options); });
  };
  CHECK(complaint([](auto&) {}, {.window = -1}) ==
        "models::llama: .window is -1, expected >= 0 (0: the config's max_position_embeddings)");
  CHECK(complaint([](auto& w) { w.layers.pop_back(); }) == "models::llama: .layers has 1 rows, expected 2 (the config's layers)");
  CHECK(complaint([](auto& w) { w.layers[1].key.resize(8, 11); }) ==
        "models::llama: model.layers.1.self_attn.k_proj.weight has shape (8, 11), expected (8, 12)");
  CHECK(complaint([](auto& w) { w.norm[3] = std::nan(""); }) ==
        "models::llama: model.norm.weight holds a number that is not finite, at row 3");
}
