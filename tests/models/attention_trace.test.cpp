// SPDX-License-Identifier: MIT
#include <libration/models/attention_trace.hpp>

#include <cmath>
#include <vector>

#include <Eigen/Core>

#include "models/llama_reference.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using namespace libration_test;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXd;

TEST_CASE("models::trace_attention: every statistic is that of the rows computed all at once", "[differential]") {
  const auto c = small_llama();
  const auto weights = small_weights<double>(c);
  const std::vector<libration::maps::token> text = {3, 1, 4, 1, 5, 6, 2, 6, 5, 3, 5, 0, 2, 6};
  for (const Index window : {Index(5), Index(20)}) {  // shorter and longer than the text
    const auto run = run_llama(c, weights, {text.begin(), text.end()}, window);
    const auto r = models::trace_attention(models::llama<double>(c, weights, {.window = window}), text, {.sink = 2});
    CHECK(r.status == libration::status::ok);
    REQUIRE(r.entropy.rows() == c.layers * c.query_heads);
    REQUIRE(r.entropy.cols() == static_cast<Index>(text.size()));
    double worst = 0;
    for (Index i = 0; i < r.entropy.rows(); ++i)
      for (Index t = 0; t < r.entropy.cols(); ++t) {
        const auto& P = run.attention[static_cast<std::size_t>(i / c.query_heads)][static_cast<std::size_t>(i % c.query_heads)];
        double entropy = 0, squares = 0, distance = 0, largest = 0;
        for (Index s = std::max<Index>(0, t - window + 1); s <= t; ++s) {
          const double p = P(s, t);
          entropy -= p * std::log(p);
          squares += p * p;
          distance += p * static_cast<double>(t - s);
          largest = std::max(largest, p);
        }
        CHECK(r.visible(i, t) == std::min(t + 1, window));
        worst = std::max({worst, std::abs(r.entropy(i, t) - entropy), std::abs(r.renyi2(i, t) + std::log(squares)),
                          std::abs(r.mean_distance(i, t) - distance), std::abs(r.largest_weight(i, t) - largest),
                          std::abs(r.sink_mass(i, t) - P.col(t).head(2).sum())});
      }
    CHECK(worst < 1e-11);  // weights within 1e-12 (models::llama), times distances of some tokens
  }
}

TEST_CASE("models::trace_attention: what it refuses", "[failure]") {
  const models::llama<double> net(small_llama(), small_weights<double>(small_llama()));
  const auto complaint = [&](std::vector<libration::maps::token> tokens, models::attention_trace_options options = {}) {
    return message_of<libration::argument_error>([&] { (void)models::trace_attention(net, tokens, options); });
  };
  CHECK(complaint({}) == "models::trace_attention: tokens is empty, expected at least one token");
  CHECK(complaint({1, 7}) == "models::trace_attention: tokens: token 7 at 1, expected 0 to 6");
  CHECK(complaint({1}, {.sink = -1}) == "models::trace_attention: .sink is -1, expected >= 0");
}
