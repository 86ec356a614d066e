// SPDX-License-Identifier: MIT
#include <libration/attention/entropy.hpp>

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
using libration::attention::entropy, libration::attention::entropy_options, libration::attention::entropy_result,
    libration::attention::heads_view;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

bool same(const MatrixXd& a, const MatrixXd& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         ((a.array() == b.array()) || (a.array() != a.array() && b.array() != b.array())).all();
}

bool same(const entropy_result& a, const entropy_result& b) {
  return same(a.entropy, b.entropy) && same(a.varentropy, b.varentropy) && same(a.renyi2, b.renyi2) &&
         same(a.log_sum_exp, b.log_sum_exp) && same(a.largest_weight, b.largest_weight) && a.visible == b.visible &&
         same(a.sink_mass, b.sink_mass) && same(a.top_mass, b.top_mass) && same(a.mean_distance, b.mean_distance) &&
         a.bad_rows == b.bad_rows && a.empty_rows == b.empty_rows && a.status == b.status;
}

// Every row of the result against the definitions, in doubles from the same Q and K. An error e of the logits moves each number
// by e times its derivative; rounding of the sums comes on top.
template <class T, class Bias>
void check_rows(const Eigen::Matrix<T, -1, -1>& Q, const Eigen::Matrix<T, -1, -1>& K, const entropy_options& options,
                const entropy_result& result, const Bias& bias) {
  const Index query_heads = std::max<Index>(1, options.query_heads);
  const Index key_heads = options.key_heads == 0 ? query_heads : options.key_heads;
  const Index d = K.rows() / key_heads, keys = K.cols();
  const double scale = options.scale == 0.0 ? 1.0 / std::sqrt(static_cast<double>(d)) : options.scale;
  REQUIRE(result.entropy.rows() == query_heads);
  REQUIRE(result.entropy.cols() == Q.cols());
  int wrong = 0;
  for (Index h = 0; h < query_heads; ++h) {
    const MatrixXd q = Q.middleRows(h * d, d).template cast<double>();
    const MatrixXd k = K.middleRows(h * key_heads / query_heads * d, d).template cast<double>();
    for (Index t = 0; t < Q.cols(); ++t) {
      const Index position = t + (options.causal ? keys - Q.cols() : 0), end = options.causal ? position + 1 : keys;
      const Index begin = options.window == 0 ? 0 : std::max<Index>(0, end - options.window), n = end - begin;
      VectorXd logits = scale * (k.middleCols(begin, n).transpose() * q.col(t));
      double largest_bias = 0.0;
      for (Index j = 0; j < n; ++j) {
        const double b = bias(h, t, begin + j);
        if (std::isfinite(b)) largest_bias = std::max(largest_bias, std::abs(b));
        logits[j] += b;
      }
      const row_by_definition row = by_definition(logits);
      const double e = (static_cast<double>(d) + 4) * rounding<T> *
                       (scale * (k.middleCols(begin, n).cwiseAbs().transpose() * q.col(t).cwiseAbs()).maxCoeff() + largest_bias);
      const double r = row_rounding<T>, deviation = std::sqrt(std::max(0.0, row.varentropy));
      const Eigen::ArrayXd far = (logits.array() - logits.maxCoeff()).max(-1e3);
      const auto near = [&](double x, double expected, double tolerance) { wrong += std::abs(x - expected) <= tolerance ? 0 : 1; };
      near(result.entropy(h, t), row.entropy, r * row.entropy + e * deviation + 2 * e * e);
      near(result.varentropy(h, t), row.varentropy,
           4 * r * (row.weights.array() * far * far).sum() + e * (2 * row.varentropy + 2 * deviation) + 4 * e * e + 1e-15);
      near(result.renyi2(h, t), row.renyi2, 4 * r * row.renyi2 + 4 * e);
      near(result.log_sum_exp(h, t), row.log_sum_exp, r + e);
      near(result.largest_weight(h, t), row.largest_weight, (r + 2 * e) * row.largest_weight);
      near(static_cast<double>(result.visible(h, t)), static_cast<double>((logits.array() > -infinity).count()), 0);
      if (options.sink > 0) {
        const double mass = row.weights.head(std::clamp<Index>(options.sink - begin, 0, n)).sum();
        near(result.sink_mass(h, t), mass, (r + 2 * e) * mass);
      }
      if (options.top > 0) {
        VectorXd sorted = row.weights;
        std::sort(sorted.begin(), sorted.end(), std::greater<>());
        const double mass = sorted.head(std::min(options.top, n)).sum();
        near(result.top_mass(h, t), mass, (r + 2 * e) * mass);
      }
      if (options.distance) {
        const Eigen::ArrayXd distance = (Eigen::ArrayXd::LinSpaced(n, 0.0, static_cast<double>(n - 1)) -
                                         static_cast<double>(position - begin))
                                            .abs();
        const double mean = (row.weights.array() * distance).sum();
        const double spread = std::sqrt((row.weights.array() * (distance - mean).square()).sum());
        near(result.mean_distance(h, t), mean, 2 * r * mean + e * spread + 2 * e * e * distance.maxCoeff());
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(result.status == status::ok);
  CHECK(result.bad_rows == 0);
  CHECK(result.empty_rows == 0);
}

using bias_function = double (*)(Index head, Index query, Index key);

constexpr bias_function nothing = [](Index, Index, Index) { return 0.0; };

struct attention_case {
  Index d, queries, keys;
  double size;  // deviation of an entry of Q
  entropy_options options;
};

const std::vector<attention_case>& cases() {
  static const std::vector<attention_case> list = {
      {.d = 1, .queries = 1, .keys = 1, .size = 1.0, .options = {}},
      {.d = 64, .queries = 150, .keys = 150, .size = 2.0, .options = {.causal = true, .sink = 3, .top = 4, .distance = true}},
      {.d = 5, .queries = 37, .keys = 101, .size = 1.0, .options = {.query_heads = 2, .sink = 200, .top = 1}},
      {.d = 7, .queries = 30, .keys = 131, .size = 3.0, .options = {.causal = true, .scale = 0.5, .top = 1000, .distance = true}},
      {.d = 16, .queries = 210, .keys = 210, .size = 2.0,
       .options = {.causal = true, .query_heads = 6, .key_heads = 2, .window = 70, .sink = 40, .top = 5, .distance = true}},
      {.d = 8, .queries = 70, .keys = 70, .size = 8.0, .options = {.query_heads = 3, .key_heads = 1, .distance = true}},
  };
  return list;
}

}  // namespace

TEMPLATE_TEST_CASE("attention::entropy: every row against the definitions in double", "[differential]", float, double) {
  for (const attention_case& c : cases()) {
    const Index query_heads = std::max<Index>(1, c.options.query_heads);
    const Index key_heads = c.options.key_heads == 0 ? query_heads : c.options.key_heads;
    const auto Q = (static_cast<TestType>(c.size) * normal<TestType>(query_heads * c.d, c.queries, 1)).eval();
    const auto K = normal<TestType>(key_heads * c.d, c.keys, 2);
    INFO("d " << c.d << ", " << c.queries << " queries, " << c.keys << " keys");
    check_rows<TestType>(Q, K, c.options, entropy(Q, K, c.options), nothing);
  }
}

TEST_CASE("attention::entropy: one key ahead, collapsed and offset rows included", "[oracle]") {
  // Logits are exact: the gap, and an offset that all keys share.
  for (const double offset : {0.0, 3000.0})
    for (const Index n : {2, 3, 64, 65, 128})
      for (const Index ahead : {Index{0}, n / 2, n - 1}) {
        MatrixXf Q(2, 29), K(2, n);
        for (Index gap = 2; gap <= 30; ++gap) Q.col(gap - 2) << static_cast<float>(gap), static_cast<float>(offset);
        K.row(0).setZero();
        K.row(1).setOnes();
        K(0, ahead) = 1.0f;
        const entropy_result r = entropy(Q, K, {.scale = 1.0, .distance = false});
        for (Index q = 0; q < 29; ++q) {
          const row_by_definition row = one_key_ahead(n, static_cast<double>(q + 2), offset + static_cast<double>(q + 2));
          INFO(n << " keys, one ahead by " << q + 2 << ", offset " << offset);
          CHECK(within(r.entropy(0, q), row.entropy, row_rounding<float>));
          CHECK(within(r.varentropy(0, q), row.varentropy,
                       4 * row_rounding<float> * (1 + static_cast<double>(n) * std::exp(-2.0))));
          CHECK(within(r.renyi2(0, q), row.renyi2, 4 * row_rounding<float>));
        }
      }
}

TEST_CASE("attention::entropy: equal keys spread evenly over all that are visible", "[oracle]") {
  const Index n = 130;
  const entropy_result r = entropy(normal<float>(4, n, 1), MatrixXf::Zero(4, n).eval(),
                                   {.causal = true, .window = 100, .sink = 4, .top = 10, .distance = true});
  for (Index i = 0; i < n; ++i) {
    const Index visible = std::min<Index>(i + 1, 100);
    const auto keys = static_cast<double>(visible);
    CHECK(r.visible(0, i) == visible);
    CHECK(std::abs(r.entropy(0, i) - std::log(keys)) <= 1e-15 * keys);
    CHECK(r.varentropy(0, i) == 0.0);
    CHECK(std::abs(r.mean_distance(0, i) - (keys - 1) / 2) <= row_rounding<float> * keys);
    CHECK(std::abs(r.top_mass(0, i) - std::min(1.0, 10 / keys)) <= 1e-15);
    const Index sinks = std::clamp<Index>(4 - std::max<Index>(0, i - 99), 0, visible);
    CHECK(std::abs(r.sink_mass(0, i) - std::min(1.0, static_cast<double>(sinks) / keys)) <= 1e-15);
  }
  CHECK(std::abs(r.normalised_entropy()(0, 50) - 1.0) <= 1e-15);
  CHECK(std::abs(r.effective_support()(0, 50) - 51.0) <= 1e-12);
  const entropy_result plain = entropy(normal<float>(4, 3, 1), MatrixXf::Zero(4, 5).eval());
  CHECK(plain.sink_mass.size() == 0);
  CHECK(plain.top_mass.size() == 0);
  CHECK(plain.mean_distance.size() == 0);
}

TEST_CASE("attention::entropy: the same digits on any number of threads", "[law]") {
  const MatrixXf Q = normal<float>(3 * 8, 500, 1), K = normal<float>(3 * 8, 500, 2);
  entropy_options options{.causal = true, .query_heads = 3, .window = 300, .sink = 2, .top = 3, .distance = true, .threads = 1};
  const entropy_result one = entropy(Q, K, options);
  for (const int threads : {2, 3, 0}) {
    options.threads = threads;
    CHECK(same(entropy(Q, K, options), one));
  }
}

TEST_CASE("attention::entropy: a dump (heads, tokens, d) and a part of a matrix are taken as they lie", "[law]") {
  const Index heads = 4, tokens = 50, d = 6;
  const MatrixXf Q = normal<float>(heads * d, tokens, 1), K = normal<float>(2 * d, tokens, 2);
  const auto dumped = [&](const MatrixXf& m) {
    std::vector<float> data;
    for (Index h = 0; h < m.rows() / d; ++h)
      for (Index t = 0; t < tokens; ++t)
        for (Index i = 0; i < d; ++i) data.push_back(m(h * d + i, t));
    return data;
  };
  const auto q = dumped(Q), k = dumped(K);
  const entropy_result expected = entropy(Q, K, {.causal = true, .query_heads = heads, .key_heads = 2});
  const auto queries = heads_view<float>::dump(q.data(), heads, tokens, d), keys = heads_view<float>::dump(k.data(), 2, tokens, d);
  CHECK(same(entropy(queries, keys, {.causal = true}), expected));
  CHECK(same(entropy(queries, keys, {.causal = true, .query_heads = heads, .key_heads = 2}), expected));

  MatrixXf wide(heads * d + 9, tokens + 5);
  wide.setConstant(static_cast<float>(not_a_number));
  wide.block(4, 2, heads * d, tokens) = Q;
  CHECK(same(entropy(wide.block(4, 2, heads * d, tokens), K, {.causal = true, .query_heads = heads, .key_heads = 2}), expected));
  CHECK(same(entropy((2.0f * Q).eval(), K, {.query_heads = heads, .key_heads = 2}),
             entropy(2.0f * Q, K, {.query_heads = heads, .key_heads = 2})));

  // Two sequences of a batch are heads one after another.
  auto q2 = q, k2 = k;
  for (const float x : dumped(0.5f * Q)) q2.push_back(x);
  for (const float x : dumped(3.0f * K)) k2.push_back(x);
  const entropy_result batch = entropy(heads_view<float>::dump(q2.data(), 2 * heads, tokens, d),
                                       heads_view<float>::dump(k2.data(), 4, tokens, d), {.causal = true});
  CHECK(same(MatrixXd(batch.entropy.topRows(heads)), expected.entropy));
  CHECK(same(MatrixXd(batch.entropy.bottomRows(heads)),
             entropy(MatrixXf(0.5f * Q), MatrixXf(3.0f * K), {.causal = true, .query_heads = heads, .key_heads = 2}).entropy));
}

TEST_CASE("attention::entropy: a bias that is added, a bias that masks", "[differential]") {
  const Index heads = 2, n = 140, d = 8;
  const MatrixXf Q = normal<float>(heads * d, n, 1), K = normal<float>(heads * d, n, 2);
  entropy_options options{.causal = true, .query_heads = heads, .sink = 2, .top = 3, .distance = true};
  const bias_function alibi = [](Index head, Index query, Index key) {
    return -static_cast<double>(query - key) / static_cast<double>(4 << head);
  };
  check_rows<float>(Q, K, options, entropy(Q, K, alibi, options), alibi);

  MatrixXf shared = normal<float>(n, n, 3), each = normal<float>(n, heads * n, 4);
  for (Index i = 1; i < n; ++i) shared(i / 2, i) = -std::numeric_limits<float>::infinity();
  each.col(n + 77).head(70).setConstant(-std::numeric_limits<float>::infinity());
  check_rows<float>(Q, K, options, entropy(Q, K, shared, options),
                    [&](Index, Index q, Index k) { return static_cast<double>(shared(k, q)); });
  check_rows<float>(Q, K, options, entropy(Q, K, each, options),
                    [&](Index h, Index q, Index k) { return static_cast<double>(each(k, h * n + q)); });

  // A mask by a bias is the mask by an option, to the digit; zeros are no bias.
  const bias_function mask = [](Index, Index query, Index key) { return key <= query ? 0.0 : -infinity; };
  options.causal = false;
  entropy_result by_bias = entropy(Q, K, mask, options);
  options.causal = true;
  CHECK(same(by_bias, entropy(Q, K, options)));
  CHECK(same(entropy(Q, K, nothing, options), entropy(Q, K, options)));
}

TEST_CASE("attention::entropy: NaN spoils the rows that see it, and no other", "[edge]") {
  const Index n = 120, d = 4;
  const MatrixXf Q = normal<float>(d, n, 1), K = normal<float>(d, n, 2);
  const entropy_options options{.causal = true, .sink = 1, .top = 2, .distance = true};
  const entropy_result good = entropy(Q, K, options);
  const auto rows_from = [&](const entropy_result& r, Index first, Index end) {
    for (Index i = 0; i < n; ++i) {
      const bool spoiled = i >= first && i < end;
      for (const MatrixXd* m : {&r.entropy, &r.varentropy, &r.renyi2, &r.log_sum_exp, &r.largest_weight, &r.sink_mass, &r.top_mass,
                                &r.mean_distance})
        CHECK(std::isnan((*m)(0, i)) == spoiled);
      if (!spoiled) CHECK(r.entropy(0, i) == good.entropy(0, i));
      CHECK(r.visible(0, i) == i + 1);
    }
    CHECK(r.bad_rows == end - first);
    CHECK(r.empty_rows == 0);
    CHECK(r.status == (end > first ? status::diverged : status::ok));
  };
  rows_from(good, 0, 0);
  MatrixXf bad = K;
  bad(1, 70) = static_cast<float>(not_a_number);
  rows_from(entropy(Q, bad, options), 70, n);
  bad(1, 70) = static_cast<float>(infinity);  // an infinite logit of either sign: either is no number beside the others
  const entropy_result infinite = entropy(Q.cwiseAbs(), bad, options);
  CHECK(infinite.bad_rows == n - 70);
  bad = Q;
  bad(3, 20) = static_cast<float>(not_a_number);
  rows_from(entropy(bad, K, options), 20, 21);

  // Not where it is masked.
  bad = K;
  bad.col(70).setConstant(static_cast<float>(not_a_number));
  const bias_function mask = [](Index, Index, Index key) { return key == 70 ? -infinity : 0.0; };
  const entropy_result masked = entropy(Q, bad, mask, options);
  CHECK(masked.bad_rows == 0);
  CHECK(masked.visible(0, 100) == 100);
  CHECK(masked.entropy.leftCols(70) == good.entropy.leftCols(70));
}

TEST_CASE("attention::entropy: nothing to see", "[edge]") {
  const MatrixXf Q = normal<float>(4, 3, 1), none(4, 0);
  const entropy_result blind = entropy(Q, none, {.sink = 1, .top = 1});
  CHECK(blind.entropy.cols() == 3);
  CHECK(blind.entropy.array().isNaN().all());
  CHECK((blind.log_sum_exp.array() == -infinity).all());
  CHECK(blind.empty_rows == 3);
  CHECK(blind.bad_rows == 0);
  CHECK(blind.status == status::ok);
  const entropy_result idle = entropy(none, Q);
  CHECK(idle.entropy.rows() == 1);
  CHECK(idle.entropy.cols() == 0);
  CHECK(idle.status == status::ok);
  const bias_function all = [](Index, Index query, Index) { return query == 1 ? -infinity : 0.0; };
  const entropy_result masked = entropy(Q, Q, all, {.sink = 1, .top = 1, .distance = true});
  CHECK(masked.empty_rows == 1);
  CHECK(masked.bad_rows == 0);
  CHECK(std::isnan(masked.entropy(0, 1)));
  CHECK(std::isnan(masked.sink_mass(0, 1)));
  CHECK(std::isnan(masked.top_mass(0, 1)));
  CHECK(std::isnan(masked.mean_distance(0, 1)));
  CHECK(masked.entropy(0, 2) == entropy(Q, Q).entropy(0, 2));
  CHECK(entropy_result().status == status::not_run);
}

TEST_CASE("attention::entropy: refusals", "[failure]") {
  const MatrixXf Q = MatrixXf::Zero(12, 5), K = MatrixXf::Zero(12, 4);
  const auto refusal = [](const MatrixXf& q, const MatrixXf& k, const entropy_options& options) {
    return message_of<argument_error>([&] { (void)entropy(q, k, options); });
  };
  CHECK(refusal(Q, K, {.query_heads = 3}).empty());
  CHECK(refusal(MatrixXf::Zero(3, 5), MatrixXf::Zero(128, 5), {.query_heads = 2}) ==
        "attention::entropy: Q has 3 rows, expected 128 (2 heads of 64)");
  CHECK(refusal(MatrixXf::Zero(3, 5), K, {}) == "attention::entropy: Q has 3 rows, expected 12 (1 head of 12)");
  CHECK(refusal(Q, K, {.query_heads = 5}) == "attention::entropy: K has 12 rows, expected a multiple of 5 (its heads)");
  CHECK(refusal(Q, MatrixXf(), {}) == "attention::entropy: K has 0 rows, expected a multiple of 1 (its heads)");
  CHECK(refusal(Q, MatrixXf::Zero(6, 4), {.query_heads = 4, .key_heads = 3}) ==
        "attention::entropy: Q has 12 rows, expected 8 (4 heads of 2)");
  CHECK(refusal(MatrixXf::Zero(8, 4), MatrixXf::Zero(6, 4), {.query_heads = 4, .key_heads = 3}) ==
        "attention::entropy: 4 query heads to 3 key heads, expected a multiple");
  CHECK(refusal(Q, K, {.causal = true}) ==
        "attention::entropy: 5 queries to 4 keys, expected at most as many with .causal "
        "(the last query is aligned with the last key)");
  CHECK(refusal(Q, K, {.distance = true}) ==
        "attention::entropy: 5 queries to 4 keys, expected as many for .distance without .causal");
  CHECK(refusal(Q, K, {.window = 3}) == "attention::entropy: .window is 3, expected 0 (all keys) without .causal");
  CHECK_THAT(refusal(Q, K, {.window = -1}), Contains(".window is -1, expected >= 0"));
  CHECK_THAT(refusal(Q, K, {.scale = not_a_number}),
             Contains(".scale is nan, expected finite in the scalar of Q and K (0: 1/sqrt d)"));
  CHECK_THAT(refusal(Q, K, {.query_heads = -1}), Contains(".query_heads is -1, expected >= 0 (0: one)"));
  CHECK_THAT(refusal(Q, K, {.key_heads = -1}), Contains(".key_heads is -1, expected >= 0"));
  CHECK_THAT(refusal(Q, K, {.sink = -1}), Contains(".sink is -1, expected >= 0"));
  CHECK_THAT(refusal(Q, K, {.top = -1}), Contains(".top is -1, expected >= 0"));
  CHECK_THAT(refusal(Q, K, {.threads = -1}), Contains(".threads is -1, expected >= 0 (0: one per hardware thread)"));
  CHECK(message_of<argument_error>([&] { (void)entropy(Q, K, MatrixXf::Zero(5, 4).eval()); }) ==
        "attention::entropy: bias is 5 x 4, expected 4 x 5 (keys, queries), or x 5 (a matrix a head)");

  const auto view = heads_view<float>::dump(Q.data(), 2, 5, 6), other = heads_view<float>::dump(K.data(), 4, 4, 3);
  const auto of_views = [](const heads_view<float>& q, const heads_view<float>& k, const entropy_options& options) {
    return message_of<argument_error>([&] { (void)entropy(q, k, options); });
  };
  CHECK(of_views(view, view, {.query_heads = 3}) == "attention::entropy: .query_heads is 3, expected 2 (Q's)");
  CHECK(of_views(view, view, {.key_heads = 3}) == "attention::entropy: .key_heads is 3, expected 2 (K's)");
  CHECK(of_views(other, view, {}) == "attention::entropy: Q's vectors have size 3, K's 6, expected the same");
  CHECK_THAT(of_views(view, heads_view<float>{}, {}), Contains("2 query heads to 0 key heads, expected a multiple"));
  CHECK(message_of<argument_error>([&] { (void)heads_view<float>::dump(Q.data(), 2, 5, 0); }) ==
        "attention::heads_view: d is 0, expected >= 1");
  CHECK_THAT(message_of<argument_error>([&] { (void)heads_view<float>::stacked(Q, 0); }), Contains("0 heads, expected at least 1"));
}
