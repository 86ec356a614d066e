// SPDX-License-Identifier: MIT
#include <libration/attention/from_logits.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include "attention/rows.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;
using libration::argument_error, libration::status;
using libration::attention::entropy_from_logits, libration::attention::recorded_options;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// What each row of a matrix (keys, heads·queries) must give, by the definitions.
template <class T>
void check_rows(const Eigen::Matrix<T, -1, -1>& S, const recorded_options& options) {
  const auto r = entropy_from_logits(S, options);
  const Index queries = S.cols() / options.heads, keys = S.rows();
  REQUIRE(r.entropy.rows() == options.heads);
  REQUIRE(r.entropy.cols() == queries);
  CHECK(r.status == status::ok);
  for (Index h = 0; h < options.heads; ++h) {
    for (Index t = 0; t < queries; ++t) {
      const Index position = t + (options.causal ? keys - queries : 0), end = options.causal ? position + 1 : keys;
      const Index begin = options.window == 0 ? 0 : std::max<Index>(0, end - options.window), n = end - begin;
      const VectorXd logits = S.col(h * queries + t).segment(begin, n).template cast<double>();
      const row_by_definition row = by_definition(logits);
      const double r1 = row_rounding<T>;
      INFO("head " << h << ", query " << t);
      CHECK(within(r.entropy(h, t), row.entropy, r1));
      CHECK(within(r.renyi2(h, t), row.renyi2, 4 * r1));
      CHECK(std::abs(r.log_sum_exp(h, t) - row.log_sum_exp) <= r1);
      CHECK(within(r.largest_weight(h, t), row.largest_weight, r1));
      CHECK(r.visible(h, t) == n);
      CHECK(within(r.sink_mass(h, t), row.weights.head(std::clamp<Index>(options.sink - begin, 0, n)).sum(), r1));
      VectorXd sorted = row.weights;
      std::sort(sorted.begin(), sorted.end(), std::greater<>());
      CHECK(within(r.top_mass(h, t), sorted.head(std::min(options.top, n)).sum(), r1));
      double distance = 0.0;
      for (Index j = 0; j < n; ++j) distance += row.weights[j] * std::abs(static_cast<double>(position - begin - j));
      CHECK(within(r.mean_distance(h, t), distance, 2 * r1));
    }
  }
}

}  // namespace

TEST_CASE("attention::entropy_from_logits: every row against the definitions", "[differential]") {
  check_rows<float>(3.0f * normal<float>(70, 70, 1), {.sink = 2, .top = 3, .distance = true});
  check_rows<float>(normal<float>(530, 2 * 20, 2), {.causal = true, .heads = 2, .sink = 4, .top = 1000, .distance = true});
  check_rows<float>(normal<float>(60, 3 * 60, 3), {.causal = true, .heads = 3, .window = 9, .sink = 5, .top = 2, .distance = true});
  check_rows<double>(2.0 * normal<double>(60, 3 * 60, 3), {.causal = true, .heads = 3, .sink = 5, .top = 2, .distance = true});
}

TEST_CASE("attention::entropy_from_logits: a dump (heads, queries, keys) is the matrix (keys, heads·queries)", "[law]") {
  const Index heads = 2, queries = 3, keys = 4;
  std::vector<float> dump;
  for (Index i = 0; i < heads * queries * keys; ++i) dump.push_back(static_cast<float>(i * i % 11));
  const Eigen::Map<const MatrixXf> S(dump.data(), keys, heads * queries);
  const auto r = entropy_from_logits(S, {.causal = true, .heads = heads});
  for (Index h = 0; h < heads; ++h) {
    for (Index q = 0; q < queries; ++q) {
      VectorXd row(q + 2);
      for (Index j = 0; j < q + 2; ++j) row[j] = dump[static_cast<std::size_t>((h * queries + q) * keys + j)];
      CHECK(within(r.entropy(h, q), by_definition(row).entropy, row_rounding<float>));
    }
  }
  // A part of a matrix, and an expression.
  MatrixXf wide = MatrixXf::Constant(keys + 3, 10, 99.0f);
  wide.block(2, 1, keys, 6) = S;
  CHECK(entropy_from_logits(wide.block(2, 1, keys, 6), {.causal = true, .heads = heads}).entropy == r.entropy);
  CHECK(entropy_from_logits(1.0f * S, {.causal = true, .heads = heads}).entropy == r.entropy);
}

TEST_CASE("attention::entropy_from_logits: the same digits on any number of threads", "[law]") {
  const MatrixXf S = normal<float>(100, 300, 4);
  const auto one = entropy_from_logits(S, {.heads = 3, .top = 4, .distance = true, .threads = 1});
  for (const int threads : {2, 3, 0}) {
    const auto many = entropy_from_logits(S, {.heads = 3, .top = 4, .distance = true, .threads = threads});
    CHECK(many.entropy == one.entropy);
    CHECK(many.varentropy == one.varentropy);
    CHECK(many.top_mass == one.top_mass);
    CHECK(many.mean_distance == one.mean_distance);
  }
}

TEST_CASE("attention::entropy_from_logits: masked, NaN and infinite logits", "[edge]") {
  MatrixXd S = normal<double>(20, 20, 5);
  const auto good = entropy_from_logits(S, {.causal = true});
  // What the option hides is not looked at.
  MatrixXd hidden = S;
  for (Index i = 0; i < 19; ++i) hidden.col(i).tail(19 - i).setConstant(std::nan(""));
  const auto masked = entropy_from_logits(hidden, {.causal = true});
  CHECK(masked.entropy == good.entropy);
  CHECK(masked.status == status::ok);
  // A mask in the logits is the mask by the option.
  for (Index i = 0; i < 19; ++i) hidden.col(i).tail(19 - i).setConstant(-infinity);
  const auto by_logits = entropy_from_logits(hidden);
  CHECK((by_logits.entropy - good.entropy).cwiseAbs().maxCoeff() <= 5 * row_rounding<double>);
  CHECK(by_logits.visible == good.visible);

  hidden(3, 5) = std::nan("");
  hidden(3, 6) = infinity;
  hidden.col(9).setConstant(-infinity);
  const auto bad = entropy_from_logits(hidden, {.sink = 1, .top = 1, .distance = true});
  CHECK(bad.status == status::diverged);
  CHECK(bad.bad_rows == 2);
  CHECK(bad.empty_rows == 1);
  for (const Index row : {5, 6, 9})
    for (const MatrixXd* m : {&bad.entropy, &bad.varentropy, &bad.renyi2, &bad.largest_weight, &bad.sink_mass, &bad.top_mass,
                              &bad.mean_distance})
      CHECK(std::isnan((*m)(0, row)));
  CHECK(bad.log_sum_exp(0, 9) == -infinity);
  CHECK(bad.entropy(0, 7) == by_logits.entropy(0, 7));
  const auto none = entropy_from_logits(MatrixXd(0, 3));
  CHECK(none.empty_rows == 3);
}

TEST_CASE("attention::entropy_from_logits: refusals", "[failure]") {
  const auto refusal = [](Index keys, Index columns, const recorded_options& options) {
    return message_of<argument_error>([&] { (void)entropy_from_logits(MatrixXd::Zero(keys, columns).eval(), options); });
  };
  CHECK(refusal(4, 12, {.heads = 3}).empty());
  CHECK(refusal(4, 12, {.heads = 5}) == "attention::entropy_from_logits: S has 12 columns, expected a multiple of 5 (.heads)");
  CHECK(refusal(4, 12, {.heads = 0}) == "attention::entropy_from_logits: .heads is 0, expected >= 1");
  CHECK_THAT(refusal(4, 12, {.causal = true}), Contains("12 queries to 4 keys, expected at most as many with .causal"));
  CHECK_THAT(refusal(4, 12, {.distance = true}), Contains("12 queries to 4 keys, expected as many for .distance"));
  CHECK_THAT(refusal(4, 4, {.window = 2}), Contains(".window is 2, expected 0 (all keys) without .causal"));
  CHECK_THAT(refusal(4, 4, {.tolerance = 0.1}), Contains(".tolerance is 0.1, expected 0 (it is for weights)"));
}
