// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <Eigen/LU>

#include <libration/core/random.hpp>
#include <libration/memory/recall.hpp>

#include "memory/register_model.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status, libration::maps::token, libration::vector_span, libration::vector_view;
using libration::memory::recall, libration::memory::recall_options, libration::memory::recall_result;
using namespace libration_test;

namespace {

std::vector<token> uniform_tokens(std::size_t count, token vocabulary, std::uint64_t stream) {
  libration::random_stream numbers(12, stream);
  std::vector<token> tokens(count);
  for (token& v : tokens) v = static_cast<token>(numbers.next_uniform() * vocabulary);
  return tokens;
}

// h' = a h + e(v), and noise that is a function of the token's place: what is kept fades.
struct fading {
  using scalar_type = float;
  struct workspace {};
  double a = 0.0;
  Index state_size() const { return 3; }
  Index vocabulary_size() const { return 2; }
  workspace make_workspace(Index) const { return {}; }
  void step(token v, vector_view<float> h, vector_span<float> next, workspace&) const {
    next = h * static_cast<float>(a);
    next[0] += v == 0 ? 1.0f : -1.0f;
    next[2] = h[2] + 1.0f;
    const libration::random_stream noise(4, 4);
    next[1] = static_cast<float>(noise.normal(static_cast<std::uint64_t>(h[2])));
    next[0] += next[1];
  }
  void logits(vector_view<float> h, vector_span<float> out) const { out << h[0], -h[0]; }
};

}  // namespace

TEST_CASE("memory::recall: a register holds its last tokens whole, and nothing of older ones", "[oracle][stat]") {
  register_model model{.held = 3, .vocabulary = 4};
  const std::vector<token> tokens = uniform_tokens(3000, 4, 1);
  for (const bool mixed : {false, true}) {
    if (mixed) {
      model.mix = MatrixXd::Identity(12, 12);
      for (Index i = 0; i < 12; ++i)
        for (Index j = 0; j < 12; ++j) model.mix(i, j) += 0.5 * std::sin(static_cast<double>(3 * i + 7 * j));
      model.unmix = model.mix.inverse();
    }
    const recall_result r = recall(model, tokens, {.lags = 6});
    REQUIRE(r.status == status::ok);
    CHECK(r.classes == 4);
    CHECK(std::abs(r.entropy - 2.0) < 0.02);
    for (const Index k : {0, 1, 2}) CHECK(std::abs(r.bits[k] - r.entropy) < 0.02);
    // A readout of nothing is the frequencies', or a little worse.
    for (const Index k : {3, 4, 5}) {
      INFO("lag " << k << ": " << r.bits[k] << " +- " << r.standard_error[k]);
      CHECK(std::abs(r.bits[k]) < 4.0 * r.standard_error[k] + 0.01);
    }
    CHECK(std::abs(r.floor) < 0.02);
    CHECK(r.floor_deviation >= 0.0);
    CHECK(std::abs(r.total - 6.0) < 0.08);
    CHECK(r.state_bits == 64.0 * 12.0);
    CHECK(std::abs(r.share_of_state() - r.total / 768.0) < 1e-15);
    CHECK(r.first_below() == 3);
    CHECK(r.first_below(0.0) >= -1);
    // The model is indifferent: 2 bits a token, whatever the context.
    CHECK(std::abs(r.loss - 2.0) < 1e-12);
    CHECK((r.cut_loss.array() - 2.0).abs().maxCoeff() < 1e-12);
    CHECK(r.cut_excess.cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("memory::recall: the loss at a cut context", "[oracle]") {
  // A text of period 3 whose next token is the one three back: a register of three knows it from three tokens on.
  const auto next = [](const std::vector<token>& tokens) { return tokens.size() == 3 ? tokens[2] : token{0}; };
  const register_model model{.held = 3, .vocabulary = 4, .answer = next, .certainty = 40.0};
  std::vector<token> tokens(600);
  for (std::size_t t = 0; t < tokens.size(); ++t) tokens[t] = static_cast<token>(1 + (t * t) % 3);
  for (std::size_t t = 3; t < tokens.size(); ++t) tokens[t] = tokens[t - 3];
  const recall_result r = recall(model, tokens, {.lags = 8, .starts = 20});
  REQUIRE(r.status == status::ok);
  CHECK(r.starts == 20);
  CHECK(r.cut_excess.tail(6).cwiseAbs().maxCoeff() < 1e-12);
  // At the first of the 20 starts there is nothing before.
  CHECK(std::abs(r.cut_excess[0] - 0.95 * 40.0 / std::log(2.0)) < 1e-9);
  CHECK(std::abs(r.cut_loss[1] - 40.0 / std::log(2.0)) < 1e-9);
  CHECK(r.cut_excess_error[0] >= 0.0);
}

TEST_CASE("memory::recall: what fades is recalled less and less, never more than there is", "[law][stat]") {
  const std::vector<token> tokens = uniform_tokens(12'000, 2, 3);
  const recall_result r = recall(fading{0.7}, tokens, {.lags = 12, .samples = 6000});
  REQUIRE(r.status == status::ok);
  CHECK(r.training_samples > 3000);
  CHECK(r.bits[0] > 0.25);
  for (Index k = 1; k < 5; ++k) CHECK(r.bits[k] < r.bits[k - 1]);
  CHECK(std::abs(r.bits[11]) < 4.0 * r.standard_error[11] + 0.005);
  CHECK(r.state_bits == 96.0);
  // h_0 = ± 1 + noise, the noise's own component beside it: one token is known for certain where nothing else is kept.
  const recall_result clean = recall(fading{0.0}, tokens, {.lags = 3, .samples = 3000});
  CHECK(clean.bits[0] > 0.99);
  CHECK(std::abs(clean.bits[1]) < 4.0 * clean.standard_error[1] + 0.005);
  // Another number of threads: the same digits.
  const recall_result two = recall(fading{0.7}, tokens, {.lags = 12, .samples = 6000, .threads = 2});
  CHECK((two.bits - r.bits).norm() == 0.0);
  CHECK(two.floor == r.floor);
  // Fewer classes than tokens can only lower it.
  const std::vector<token> four = uniform_tokens(3000, 4, 4);
  const recall_result merged = recall(register_model{}, four, {.lags = 2, .classes = 2});
  CHECK(merged.classes == 2);
  CHECK(merged.bits[0] < 0.83);  // H(1/4)
  CHECK(merged.bits[0] > 0.78);
}

TEST_CASE("memory::recall: short stretches have states to choose the readout on", "[oracle][edge]") {
  // 16 stretches of 10 states, of which 3 are trained on: 2 to fit to, and 1 to choose on. The register holds the token.
  const std::vector<token> tokens = uniform_tokens(160, 4, 7);
  const recall_result r = recall(register_model{}, tokens, {.lags = 1, .samples = 160, .training = 0.3});
  REQUIRE(r.status == status::ok);
  CHECK(r.training_samples == 48);
  CHECK(r.bits[0] > 0.9 * r.entropy);
  CHECK(message_of<argument_error>([&] { (void)recall(register_model{}, tokens, {.lags = 1, .samples = 160, .training = 0.1}); }) ==
        "memory::recall: 0 training states to fit to and 16 to choose the ridge on, expected at least 1 of each: a longer text, "
        "more .samples or a larger .training");
}

TEST_CASE("memory::recall: the excess at a cut context has the digits of its own spread", "[oracle][edge]") {
  // Excesses of 1e8 + {0, 1, 2}: mean 1e8 + 1, standard error 1/√3.
  const MatrixXd cut = (MatrixXd(1, 3) << 1e8, 1e8 + 1.0, 1e8 + 2.0).finished();
  recall_result r;
  libration::memory::detail::write_cut_losses(cut, MatrixXd::Zero(1, 3), r);
  CHECK(r.cut_excess[0] == 1e8 + 1.0);
  CHECK(std::abs(r.cut_excess_error[0] - 1.0 / std::sqrt(3.0)) < 1e-15);
}

TEST_CASE("memory::recall: what is refused, and a model that diverges", "[failure][edge]") {
  const std::vector<token> tokens = uniform_tokens(400, 4, 5);
  const auto message = [](const std::vector<token>& text, const recall_options& options) {
    return message_of<argument_error>([&] { (void)recall(register_model{}, text, options); });
  };
  CHECK(message(tokens, {.lags = 399}) == "memory::recall: tokens has 400 tokens, expected at least 401 (.lags and two)");
  CHECK(message({0, 1, 2, 4}, {.lags = 2}) == "memory::recall: tokens: token 4 at 3, expected 0 to 3");
  CHECK(message(std::vector<token>(400, 2), {.lags = 2}) == "memory::recall: tokens are all alike: there is nothing to recall");
  CHECK(message(tokens, {.lags = 380}) ==
        "memory::recall: 12 training states for 4 classes of tokens and 12 components, expected at least 16: a longer text, more "
        ".samples or a larger .training");
  CHECK(message(tokens, {.lags = 5, .training = 0.95}).find("memory::recall: 0 held-out states, expected at least 32") == 0);
  CHECK(message(tokens, {.lags = 0}) == "memory::recall: .lags is 0, expected >= 1");
  CHECK(message(tokens, {.classes = 1}) == "memory::recall: .classes is 1, expected >= 2");
  CHECK(message(tokens, {.permutations = 1}) == "memory::recall: .permutations is 1, expected >= 2");
  CHECK(message(tokens, {.threads = -1}) == "memory::recall: .threads is -1, expected >= 0");
  const recall_result away = recall(fading{1e30}, uniform_tokens(400, 2, 6), {.lags = 2});
  CHECK(away.status == status::diverged);
  CHECK(away.bits.size() == 0);
  CHECK(recall_result{}.status == status::not_run);
}
