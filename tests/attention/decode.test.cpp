// SPDX-License-Identifier: MIT
#include <libration/attention/decode.hpp>

#include <array>
#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/attention/entropy.hpp>

#include "attention/rows.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXf, Eigen::VectorXf;
using libration::argument_error;
using libration::attention::decode_options, libration::attention::decode_rows, libration::attention::entropy,
    libration::attention::heads_view;
using namespace libration_test;

TEST_CASE("attention::decode_rows: token by token it gives the rows of the whole", "[differential]") {
  for (const auto& [heads, key_heads, d] : {std::array<Index, 3>{2, 2, 5}, {6, 2, 16}, {80, 1, 4}}) {
    const Index n = heads > 2 ? 140 : 1000;  // more than fits into the buffer
    const MatrixXf Q = normal<float>(heads * d, n, 1), K = normal<float>(key_heads * d, n, 2);
    const auto whole = entropy(Q, K, {.causal = true, .query_heads = heads, .key_heads = key_heads});
    decode_rows<float> rows({.query_heads = heads, .key_heads = key_heads, .size = d});
    REQUIRE(rows.heads() == heads);
    int wrong = 0;
    for (Index t = 0; t < n; ++t) {
      rows.see(Q.col(t), heads_view<float>::stacked(K.leftCols(t + 1), key_heads));
      for (Index h = 0; h < heads; ++h) {
        // Several queries to a key head: the same sums. One: its products are summed in another order.
        const Index k = h * key_heads / heads;
        const double e = heads > key_heads ? 0.0
                                           : 2 * static_cast<double>(d + 4) * rounding<float> *
                                                 static_cast<double>((K.block(k * d, 0, d, t + 1).cwiseAbs().transpose() *
                                                                      Q.block(h * d, t, d, 1).cwiseAbs())
                                                                         .maxCoeff());
        const double r = heads > key_heads ? 0.0 : 2 * row_rounding<float>;
        const double entropy_of_row = whole.entropy(h, t), deviation = std::sqrt(whole.varentropy(h, t));
        wrong += std::abs(rows[h].entropy() - entropy_of_row) <= r * entropy_of_row + e * deviation + 2 * e * e ? 0 : 1;
        wrong += std::abs(rows[h].log_sum_exp() - whole.log_sum_exp(h, t)) <= r + e ? 0 : 1;
        wrong += rows[h].count() == t + 1 ? 0 : 1;
      }
    }
    INFO(heads << " heads, " << key_heads << " of keys");
    CHECK(wrong == 0);
  }
}

TEST_CASE("attention::decode_rows: a ring that has been turned, and one in two pieces", "[law]") {
  const Index d = 8, n = 100, turn = 37;
  const VectorXf q = 2.0f * normal<float>(2 * d, 1, 3);
  const MatrixXf K = normal<float>(d, n, 4);
  MatrixXf ring(d, n);
  ring << K.rightCols(n - turn), K.leftCols(turn);
  const auto view = [](const auto& keys) { return heads_view<float>::stacked(keys, 1); };
  decode_rows<float> straight({.query_heads = 2, .key_heads = 1, .size = d, .scale = 0.7});
  decode_rows<float> turned = straight, pieces = straight;
  straight.see(q, view(K));
  turned.see(q, view(ring));
  pieces.see(q, view(ring.rightCols(turn)));
  pieces.see_also(view(ring.leftCols(0)));
  pieces.see_also(view(ring.leftCols(n - turn)));
  const auto whole = entropy(q, K, {.scale = 0.7, .query_heads = 2, .key_heads = 1});
  for (Index h = 0; h < 2; ++h) {
    CHECK(straight[h].entropy() == whole.entropy(h, 0));
    for (const auto* other : {&turned, &pieces}) {
      CHECK(within((*other)[h].entropy(), straight[h].entropy(), 2 * row_rounding<float>));
      CHECK((*other)[h].largest_logit() == straight[h].largest_logit());
      CHECK((*other)[h].count() == n);
    }
  }
}

TEST_CASE("attention::decode_rows: no key, a key that is NaN", "[edge]") {
  decode_rows<double> rows({.query_heads = 2, .size = 3});
  const Eigen::VectorXd q = normal<double>(6, 1, 5);
  Eigen::MatrixXd K = normal<double>(6, 4, 6);
  rows.see(q, heads_view<double>::stacked(K.leftCols(0), 2));
  CHECK(rows[1].count() == 0);
  CHECK(std::isnan(rows[1].entropy()));
  K(4, 2) = std::numeric_limits<double>::quiet_NaN();
  rows.see(q, heads_view<double>::stacked(K, 2));
  CHECK(std::isfinite(rows[0].entropy()));
  CHECK(std::isnan(rows[1].entropy()));
  rows.see(q, heads_view<double>::stacked(K.leftCols(2), 2));
  CHECK(std::isfinite(rows[1].entropy()));
}

TEST_CASE("attention::decode_rows: refusals", "[failure]") {
  const auto refusal = [](const decode_options& options) {
    return message_of<argument_error>([&] { decode_rows<float> rows(options); });
  };
  CHECK(refusal({.query_heads = 0, .size = 4}) == "attention::decode_rows: .query_heads is 0, expected >= 1");
  CHECK(refusal({.query_heads = 4, .key_heads = 3, .size = 4}) ==
        "attention::decode_rows: .key_heads is 3, expected a divisor of 4 (.query_heads)");
  CHECK(refusal({}) == "attention::decode_rows: .size is 0, expected >= 1");
  CHECK_THAT(refusal({.size = 4, .scale = std::nan("")}), Contains(".scale is nan, expected finite"));
  decode_rows<float> rows({.query_heads = 2, .key_heads = 1, .size = 4});
  const MatrixXf K = MatrixXf::Zero(4, 3);
  const auto keys = heads_view<float>::stacked(K, 1);
  CHECK(message_of<argument_error>([&] { rows.see(VectorXf::Zero(7), keys); }) ==
        "attention::decode_rows: q has 7 rows, expected 8 (2 heads of 4)");
  CHECK(message_of<argument_error>([&] { rows.see(VectorXf::Zero(8), heads_view<float>::stacked(K, 2)); }) ==
        "attention::decode_rows: keys are of 2 heads of 2, expected 1 of 4");
  CHECK_THAT(message_of<argument_error>([&] { rows.see_also(heads_view<float>::stacked(K, 2)); }), Contains("keys are of 2 heads"));
}
