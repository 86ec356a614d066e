// SPDX-License-Identifier: MIT
#include <libration/models/generate.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/models/character_model.hpp>
#include <libration/models/gru.hpp>
#include <libration/models/llama.hpp>

#include "models/llama_reference.hpp"
#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::status, libration::vector_span, libration::vector_view;
using libration_test::message_of, libration_test::random_layers, libration_test::random_matrix;
using maps::token;

namespace {

// A Markov chain: the state is the last token, ln P its logits (and a constant).
struct chain {
  using scalar_type = double;
  struct workspace {};
  MatrixXd P;  // column v: of the token after v
  Index state_size() const { return 1; }
  Index vocabulary_size() const { return P.rows(); }
  workspace make_workspace(Index) const { return {}; }
  void read(token v, vector_span<double> h, workspace&) const { h[0] = v; }
  void logits(vector_view<double> h, vector_span<double> out) const {
    out = (P.col(static_cast<Index>(h[0])).array().log() + 3.0).matrix();
  }
};
chain three() { return {MatrixXd{{0.2, 0.5, 0.1}, {0.3, 0.25, 0.8}, {0.5, 0.25, 0.1}}}; }

models::character_model<models::gru<double>> small_gru() {
  models::vocabulary characters(U"abcdef");
  return {models::gru<double>(random_layers<double>(3, 4, {5, 6}, 1.5)), models::embedding<double>(random_matrix(4, 6, 1.0, 70)),
          models::readout<double>(random_matrix(6, 6, 3.0, 71), VectorXd()), std::move(characters)};
}

}  // namespace

TEST_CASE("models::generate: a Markov chain's tokens, their log-probabilities and entropies", "[oracle]") {
  const chain model = three();
  const std::vector<token> prompt{2, 0};
  const auto text = models::generate(model, prompt, {.tokens = 50, .seed = 4});
  CHECK(text.status == status::ok);
  CHECK_FALSE(text.stopped);
  CHECK(text.seed == 4);
  REQUIRE(text.tokens.size() == 50);
  const libration::random_stream numbers(4, 0x74657874);
  Index last = 0;
  for (std::size_t i = 0; i < 50; ++i) {
    const double u = numbers.uniform(i);
    const VectorXd p = model.P.col(last);
    const token v = u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2;
    CHECK(text.tokens[i] == v);
    CHECK(std::abs(text.log_probability[i] - std::log(p[v])) < 1e-15 * 8);
    CHECK(std::abs(text.sampling_log_probability[i] - std::log(p[v])) < 1e-15 * 8);
    CHECK(std::abs(text.entropy[i] + (p.array() * p.array().log()).sum()) < 1e-15 * 8);
    last = v;
  }
  CHECK(text.final_state[0] == static_cast<double>(last));

  // The model's own numbers do not depend on the sampling; what was drawn from does. Of (0.2, 0.3, 0.5) at T = 1/2 the squares.
  const auto cold = models::generate(model, prompt, {.tokens = 1, .sampling = {.temperature = 0.5, .top_k = 2}});
  const double p = cold.tokens[0] == 2 ? 0.5 : 0.3;
  CHECK(std::abs(cold.log_probability[0] - std::log(p)) < 1e-14);
  CHECK(std::abs(cold.sampling_log_probability[0] - std::log(p * p / 0.34)) < 1e-14);
  const auto greedy = models::generate(model, prompt, {.tokens = 4, .sampling = {.temperature = 0.0}});
  CHECK(greedy.tokens == std::vector<token>{2, 1, 0, 2});
  CHECK(greedy.sampling_log_probability[0] == 0.0);
}

TEST_CASE("models::generate: the entropy of a token that is all but certain keeps its digits", "[oracle]") {
  // p = 1e-20 beside 1 - p: H = p (1 - ln p), up to p itself.
  const double p = 1e-20, expected = p * (1.0 - std::log(p));
  const auto text = models::generate(chain{MatrixXd{{1.0, 1.0}, {p, p}}}, std::vector<token>{0}, {.tokens = 3});
  for (const double entropy : text.entropy) CHECK(std::abs(entropy - expected) < 1e-13 * expected);
}

TEST_CASE("models::generate: frequencies of the tokens", "[stat]") {
  // 20,000 draws with probability 0.3: four standard errors of the share are 0.013 (false alarm 6e-5).
  const chain model{MatrixXd{{0.7, 0.7}, {0.3, 0.3}}};
  const auto text = models::generate(model, std::vector<token>{0}, {.tokens = 20'000, .seed = 9});
  double ones = 0.0;
  for (const token v : text.tokens) ones += v;
  CHECK(std::abs(ones / 20'000 - 0.3) < 0.013);
}

TEST_CASE("models::generate: a character model writes what a loop written out writes", "[differential]") {
  const auto model = small_gru();
  const std::vector<token> prompt{1, 4, 2};
  const maps::sampling how{.temperature = 0.7, .top_p = 0.9};
  VectorXd h = VectorXd::Zero(model.state_size()), next = h, logits(6);
  auto ws = model.make_workspace();
  const auto read = [&](token v) {
    model.step(v, h, next, ws);
    h.swap(next);
  };
  for (const token v : prompt) read(v);
  std::vector<token> by_hand;
  std::vector<VectorXd> states;
  const libration::random_stream numbers(3, 0x74657874);
  for (std::uint64_t i = 0; i < 40; ++i) {
    model.logits(h, logits);
    states.push_back(h);
    by_hand.push_back(maps::inverse_cdf_choice(maps::probabilities(logits, how), numbers.uniform(i)));
    read(by_hand.back());
  }
  std::size_t seen = 0;
  const auto text = models::generate(model, prompt, {.tokens = 40, .sampling = how, .seed = 3}, [&](const auto& written) {
    CHECK(written.index == static_cast<std::int64_t>(seen));
    CHECK(written.token == by_hand[seen]);
    CHECK(written.state == states[seen]);
    CHECK(std::abs(written.log_probability + models::cross_entropy(written.logits, written.token)) < 1e-14);
    ++seen;
  });
  CHECK(seen == 40);
  CHECK(text.tokens == by_hand);
  CHECK(text.final_state == h);
  CHECK(models::generate(model, prompt, {.tokens = 40, .sampling = how, .seed = 5}).tokens != by_hand);
}

TEST_CASE("models::generate: a + b tokens are a, and b more", "[law]") {
  const auto model = small_gru();
  const std::vector<token> prompt{0};
  const auto whole = models::generate(model, prompt, {.tokens = 30, .seed = 2});
  auto first = models::generate(model, prompt, {.tokens = 11, .seed = 2});
  const auto second = models::generate_from(model, first.final_state, {.tokens = 19, .seed = 2, .first_token = 11});
  first.tokens.insert(first.tokens.end(), second.tokens.begin(), second.tokens.end());
  CHECK(first.tokens == whole.tokens);
  CHECK(second.final_state == whole.final_state);
}

TEST_CASE("models::generate: a llama's prompt is prefilled, its window slides, and its attention is seen", "[differential]") {
  const auto config = libration_test::small_llama();
  const models::llama<double> net(config, libration_test::small_weights<double>(config), {.window = 5});
  const std::vector<token> prompt{3, 1, 4, 1, 5, 6, 2};  // longer than the window
  auto ws = net.make_workspace();
  VectorXd h = VectorXd::Zero(net.state_size()), logits(7);
  for (const token v : prompt) net.read(v, h, ws);
  std::int64_t rows = 0, last = -1;
  double weight = 0.0;
  std::vector<token> by_hand;
  for (int i = 0; i < 12; ++i) {
    net.logits(h, logits);
    by_hand.push_back(maps::greedy_choice(logits));
    net.read(by_hand.back(), h, ws);
  }
  const auto text = models::generate(
      net, prompt, {.tokens = 12, .sampling = {.temperature = 0.0}}, [](const auto&) {},
      [&](const models::attention_row<double>& row) {
        ++rows;
        last = row.position;
        weight += static_cast<double>(row.weights.sum());
      });
  CHECK(text.tokens == by_hand);
  CHECK(rows == 2 * 4 * (7 + 12));
  CHECK(last == 18);
  CHECK(std::abs(weight - static_cast<double>(rows)) < 1e-12 * static_cast<double>(rows));
  CHECK((text.final_state - h).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(models::generate(net, prompt, {.tokens = 12, .sampling = {.temperature = 0.0}}).final_state == text.final_state);
}

TEST_CASE("models::generate: how a text ends", "[failure]") {
  const chain model = three();
  const std::vector<token> prompt{0};
  const auto stopped = models::generate(model, prompt, {.tokens = 1000, .seed = 1, .stop_tokens = {1}});
  CHECK(stopped.stopped);
  CHECK(stopped.status == status::ok);
  CHECK(stopped.tokens.back() == 1);
  CHECK(std::count(stopped.tokens.begin(), stopped.tokens.end(), 1) == 1);

  chain broken = three();
  broken.P(0, 2) = std::numeric_limits<double>::quiet_NaN();
  const auto diverged = models::generate(broken, prompt, {.tokens = 1000, .seed = 1});
  CHECK(diverged.status == status::diverged);
  CHECK(diverged.tokens.back() == 2);
  CHECK(diverged.tokens.size() < 1000);

  std::stop_source source;
  const auto cancelled =
      models::generate(model, prompt, {.tokens = 1000, .stop = source.get_token()}, [&](const auto& written) {
        if (written.index == 6) source.request_stop();
      });
  CHECK(cancelled.status == status::cancelled);
  CHECK(cancelled.tokens.size() == 7);
  CHECK(models::generated_text<chain>{}.status == status::not_run);

  const auto refusal = [&](const std::vector<token>& text, const models::generate_options& options) {
    return message_of<libration::argument_error>([&] { (void)models::generate(model, text, options); });
  };
  CHECK(refusal({}, {}) == "models::generate: the prompt is empty, expected at least one token");
  CHECK(refusal({0, 3}, {}) == "models::generate: the prompt: token 3 at 1, expected 0 to 2");
  CHECK(refusal({0}, {.tokens = 0}) == "models::generate: .tokens is 0, expected >= 1");
  CHECK(refusal({0}, {.stop_tokens = {5}}).find(".stop_tokens: token 5 at 0, expected 0 to 2") != std::string::npos);
  CHECK(refusal({0}, {.sampling = {.top_p = 0.0}}).find(".sampling.top_p is 0") != std::string::npos);
  CHECK(message_of<libration::argument_error>([&] { (void)models::generate_from(model, VectorXd::Zero(2).eval()); }) ==
        "models::generate_from: h has 2 rows, expected 1 (the model's state)");
}
