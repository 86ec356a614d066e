// SPDX-License-Identifier: MIT
#include <libration/maps/sampler.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
using Eigen::VectorXd, Eigen::VectorXf;
using libration::argument_error, libration::random_stream;
using libration_test::Contains, libration_test::message_of;
using maps::sampling, maps::token;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double eps = std::numeric_limits<double>::epsilon();

VectorXd vector(std::initializer_list<double> values) {
  VectorXd result(static_cast<Eigen::Index>(values.size()));
  Eigen::Index i = 0;
  for (const double x : values) result[i++] = x;
  return result;
}

void check_probabilities(const VectorXd& logits, const sampling& how, const VectorXd& expected) {
  const VectorXd p = maps::probabilities(logits, how), l = maps::log_probabilities(logits, how);
  REQUIRE(p.size() == expected.size());
  for (Eigen::Index v = 0; v < p.size(); ++v) {
    INFO("token " << v);
    CHECK(std::abs(p[v] - expected[v]) <= 16 * eps * expected[v]);
    if (expected[v] == 0.0)
      CHECK(l[v] == -infinity);
    else
      CHECK(std::abs(l[v] - std::log(expected[v])) <= 16 * eps * (1.0 + std::abs(std::log(expected[v]))));
  }
}

// P(chi-square with an even number of degrees of freedom > x).
double chi_square_tail(double x, int degrees) {
  double term = std::exp(-0.5 * x), sum = 0.0;
  for (int j = 0; j < degrees / 2; ++j) {
    sum += term;
    term *= 0.5 * x / (j + 1);
  }
  return sum;
}

// The p-value of `draws` choices against the probabilities they should have.
template <class Choose>
double p_value(const VectorXd& p, std::int64_t draws, Choose&& choose) {
  VectorXd counts = VectorXd::Zero(p.size());
  for (std::int64_t t = 0; t < draws; ++t) counts[choose(t)] += 1.0;
  double chi_square = 0.0;
  int kept = 0;
  for (Eigen::Index v = 0; v < p.size(); ++v) {
    if (p[v] == 0.0) {
      CHECK(counts[v] == 0.0);
      continue;
    }
    const double expected = static_cast<double>(draws) * p[v];
    chi_square += (counts[v] - expected) * (counts[v] - expected) / expected;
    ++kept;
  }
  REQUIRE(kept % 2 == 1);
  return chi_square_tail(chi_square, kept - 1);
}

double total_variation(const VectorXd& p, const VectorXd& q) { return 0.5 * (p - q).cwiseAbs().sum(); }

// 1 - sum_v 1/sum_w max(p_w/p_v, q_w/q_v).
double gumbel_disagreement(const VectorXd& p, const VectorXd& q) {
  double agree = 0.0;
  for (Eigen::Index v = 0; v < p.size(); ++v) agree += 1.0 / (p / p[v]).cwiseMax(q / q[v]).sum();
  return 1.0 - agree;
}

// 1 - the length on which the tokens' intervals overlap.
double inverse_cdf_disagreement(const VectorXd& p, const VectorXd& q) {
  double agree = 0.0, a = 0.0, b = 0.0;
  for (Eigen::Index v = 0; v < p.size(); ++v) {
    agree += std::max(0.0, std::min(a + p[v], b + q[v]) - std::max(a, b));
    a += p[v];
    b += q[v];
  }
  return 1.0 - agree;
}

const VectorXd probabilities_of_seven = vector({0.3, 0.02, 0.25, 0.05, 0.2, 0.08, 0.1});

}  // namespace

TEST_CASE("maps::probabilities: temperature, top-k and top-p on small cases", "[oracle]") {
  // exp(logit) = 4, 2, 1, 1.
  const VectorXd logits = vector({std::log(4.0), std::log(2.0), 0.0, 0.0});
  check_probabilities(logits, {}, vector({0.5, 0.25, 0.125, 0.125}));
  CHECK(maps::probabilities(vector({1003.0, 1001.0, 1000.0})) == maps::probabilities(vector({3.0, 1.0, 0.0})));
  check_probabilities(logits, {.temperature = 0.5}, vector({16.0, 4.0, 1.0, 1.0}) / 22.0);
  check_probabilities(logits, {.temperature = 2.0}, vector({2.0, std::sqrt(2.0), 1.0, 1.0}) / (4.0 + std::sqrt(2.0)));
  check_probabilities(logits, {.top_k = 2}, vector({2.0, 1.0, 0.0, 0.0}) / 3.0);
  check_probabilities(logits, {.top_k = 4}, vector({0.5, 0.25, 0.125, 0.125}));
  check_probabilities(logits, {.top_k = 9}, vector({0.5, 0.25, 0.125, 0.125}));
  check_probabilities(logits, {.top_p = 0.4}, vector({1.0, 0.0, 0.0, 0.0}));
  check_probabilities(logits, {.top_p = 0.6}, vector({2.0, 1.0, 0.0, 0.0}) / 3.0);
  check_probabilities(logits, {.top_p = 0.99}, vector({0.5, 0.25, 0.125, 0.125}));
  check_probabilities(logits, {.top_p = 1e-300}, vector({1.0, 0.0, 0.0, 0.0}));
  // After the temperature: 16/22 alone reaches 0.7. After top-k: 2/3 and 1/3 are left, and the first reaches 0.6.
  check_probabilities(logits, {.temperature = 0.5, .top_p = 0.7}, vector({1.0, 0.0, 0.0, 0.0}));
  check_probabilities(logits, {.top_k = 2, .top_p = 0.6}, vector({1.0, 0.0, 0.0, 0.0}));
  check_probabilities(logits, {.temperature = 0.0}, vector({1.0, 0.0, 0.0, 0.0}));
}

TEST_CASE("maps::probabilities: among equals the first are kept", "[edge]") {
  const VectorXd equal = VectorXd::Zero(5);
  check_probabilities(equal, {.top_k = 3}, vector({1.0, 1.0, 1.0, 0.0, 0.0}) / 3.0);
  check_probabilities(equal, {.top_p = 0.35}, vector({1.0, 1.0, 0.0, 0.0, 0.0}) / 2.0);
  check_probabilities(equal, {.top_k = 4, .top_p = 0.7}, vector({1.0, 1.0, 1.0, 0.0, 0.0}) / 3.0);
  check_probabilities(equal, {.temperature = 0.0}, vector({1.0, 0.0, 0.0, 0.0, 0.0}));
  check_probabilities(equal, {.top_k = 1}, vector({1.0, 0.0, 0.0, 0.0, 0.0}));
  check_probabilities(vector({0.0, 2.0, 1.0, 2.0}), {.temperature = 0.0}, vector({0.0, 1.0, 0.0, 0.0}));
  CHECK(maps::greedy_choice(vector({0.0, 2.0, 1.0, 2.0})) == 1);
}

TEST_CASE("maps::probabilities: one token, extreme temperatures, single precision, logits that are not finite", "[edge]") {
  check_probabilities(vector({-3.0}), {}, vector({1.0}));
  check_probabilities(vector({-3.0}), {.top_k = 1, .top_p = 0.1}, vector({1.0}));
  CHECK(maps::probabilities(vector({1.0, 0.0, 1.0}), {.temperature = 1e-300})[0] == 0.5);
  CHECK(std::abs(maps::probabilities(vector({5.0, 0.0}), {.temperature = 1e300})[1] - 0.5) <= eps);
  // e^-2000 underflows; its logarithm does not.
  CHECK(maps::log_probabilities(vector({0.0, -2000.0}))[1] == -2000.0);
  CHECK(maps::log_probabilities(vector({0.0, -2000.0, -1.0}), {.top_k = 2})[1] == -infinity);
  const VectorXf single = VectorXf::LinSpaced(9, -2.0f, 1.0f);
  CHECK(maps::probabilities(single, {.top_k = 4}) == maps::probabilities(single.cast<double>(), {.top_k = 4}));
  for (const double bad : {infinity, -infinity, std::numeric_limits<double>::quiet_NaN()}) {
    const VectorXd logits = vector({0.0, bad, 1.0});
    VectorXd out(3);
    std::vector<token> order;
    for (const sampling how : {sampling{}, sampling{.temperature = 0.0}, sampling{.top_k = 2}, sampling{.top_p = 0.5}}) {
      CHECK(!maps::probabilities(logits, how, out, order));
      CHECK(out.array().isNaN().all());
      CHECK(!maps::log_probabilities(logits, how, out, order));
      CHECK(out.array().isNaN().all());
    }
    CHECK(maps::greedy_choice(logits) == -1);
  }
}

TEST_CASE("maps::probabilities: top-k and top-p agree with sorting all tokens", "[differential]") {
  const random_stream numbers(31);
  constexpr Eigen::Index size = 200;
  VectorXd logits(size);
  numbers.fill_normal(logits);
  logits = (logits * 4.0).array().round() / 2.0;  // many ties
  std::vector<token> sorted(size);
  for (token v = 0; v < size; ++v) sorted[static_cast<std::size_t>(v)] = v;
  std::stable_sort(sorted.begin(), sorted.end(), [&](token a, token b) { return logits[a] > logits[b]; });
  for (const Eigen::Index k : {0, 1, 3, 7, 50, 199, 250}) {  // a heap up to 3, a partition from there, all
    for (const double p : {1.0, 0.05, 0.5, 0.93}) {
      INFO("top_k " << k << ", top_p " << p);
      VectorXd expected = VectorXd::Zero(size);
      double total = 0.0, sum = 0.0;
      const Eigen::Index most = k == 0 ? size : std::min(size, k);
      for (Eigen::Index i = 0; i < most; ++i) total += std::exp(logits[sorted[static_cast<std::size_t>(i)]]);
      for (Eigen::Index i = 0; i < most && (p == 1.0 || sum < p * total); ++i) {
        const token v = sorted[static_cast<std::size_t>(i)];
        sum += expected[v] = std::exp(logits[v]);
      }
      const VectorXd got = maps::probabilities(logits, {.top_k = k, .top_p = p});
      CHECK((got - expected / sum).cwiseAbs().maxCoeff() <= 4.0 * eps * static_cast<double>(size));
      CHECK(((got.array() > 0.0) == (expected.array() > 0.0)).all());
    }
  }
}

// Each of the six p-values raises a false alarm once in a million seeds.
TEST_CASE("maps: choices come as often as their probabilities say", "[stat]") {
  const random_stream numbers(5, 2);
  constexpr std::int64_t draws = 40'000;
  for (const sampling how : {sampling{}, sampling{.temperature = 0.7, .top_k = 5}, sampling{.top_p = 0.9}}) {
    const VectorXd p = maps::probabilities(probabilities_of_seven.array().log().matrix(), how);
    INFO("kept " << (p.array() > 0.0).count());
    CHECK(p_value(p, draws, [&](std::int64_t t) {
            return maps::inverse_cdf_choice(p, numbers.uniform(static_cast<std::uint64_t>(t)));
          }) > 1e-6);
    CHECK(p_value(p, draws, [&](std::int64_t t) { return maps::gumbel_choice(p, numbers, t); }) > 1e-6);
  }
}

TEST_CASE("maps::inverse_cdf_choice: the first token whose sum exceeds u", "[oracle]") {
  const VectorXd p = vector({0.0, 0.25, 0.0, 0.5, 0.25, 0.0});
  CHECK(maps::inverse_cdf_choice(p, 0x1p-53) == 1);
  CHECK(maps::inverse_cdf_choice(p, 0.25 - 0x1p-53) == 1);
  CHECK(maps::inverse_cdf_choice(p, 0.25) == 3);
  CHECK(maps::inverse_cdf_choice(p, 0.5) == 3);
  CHECK(maps::inverse_cdf_choice(p, 0.75) == 4);
  CHECK(maps::inverse_cdf_choice(p, 1.0 - 0x1p-53) == 4);
  // A sum that rounding leaves below u, and a sum that is nothing.
  CHECK(maps::inverse_cdf_choice(p * 0.99, 0.995) == 4);
  CHECK(maps::inverse_cdf_choice(VectorXd::Zero(3), 0.5) == -1);
}

TEST_CASE("maps::gumbel_choice: the largest ln p + G, in both forms", "[differential]") {
  const random_stream numbers(9, 4);
  VectorXd p(300), u(300);
  for (Eigen::Index v = 0; v < p.size(); ++v)
    p[v] = v % 5 == 0 ? 0.0 : std::pow(numbers.uniform(static_cast<std::uint64_t>(v)), 4.0);
  p /= p.sum();
  for (std::int64_t t = 0; t < 200; ++t) {
    maps::token_uniforms(numbers, t, u);
    CHECK(u[7] == numbers.uniform(static_cast<std::uint64_t>(t) * 300 + 7));
    Eigen::Index expected;
    (p.array().log() - (-u.array().log()).log()).maxCoeff(&expected);
    CHECK(maps::gumbel_choice(p, u) == expected);
    CHECK(maps::gumbel_choice(p, numbers, t) == expected);
  }
  CHECK(maps::gumbel_choice(VectorXd::Zero(300), u) == -1);
}

// Rates within 5 standard errors: a false alarm once in 1.7 million seeds.
TEST_CASE("maps: common random numbers couple two nearby distributions", "[oracle][stat][heavy]") {
  const VectorXd p = probabilities_of_seven;
  const VectorXd near = maps::probabilities((p.array().log() + VectorXd::LinSpaced(7, 0.0, 0.4).array()).matrix());
  VectorXd moved = p;  // the first token gives what the last one takes
  moved[0] -= 0.01;
  moved[6] += 0.01;
  const random_stream numbers(77);
  constexpr std::int64_t draws = 100'000;
  for (const VectorXd& q : {near, moved}) {
    std::int64_t by_gumbel = 0, by_inverse = 0;
    VectorXd u(7);
    for (std::int64_t t = 0; t < draws; ++t) {
      maps::token_uniforms(numbers, t, u);
      by_gumbel += maps::gumbel_choice(p, u) != maps::gumbel_choice(q, u);
      by_inverse += maps::inverse_cdf_choice(p, u[0]) != maps::inverse_cdf_choice(q, u[0]);
    }
    const double tv = total_variation(p, q), exact = gumbel_disagreement(p, q), exact_inverse = inverse_cdf_disagreement(p, q);
    const auto agrees = [&](std::int64_t count, double probability) {
      const double rate = static_cast<double>(count) / static_cast<double>(draws);
      return std::abs(rate - probability) < 5.0 * std::sqrt(probability * (1.0 - probability) / static_cast<double>(draws));
    };
    INFO("TV " << tv << ", Gumbel " << exact << ", inverse CDF " << exact_inverse);
    CHECK(exact >= tv);
    CHECK(exact <= 2.0 * tv / (1.0 + tv));
    CHECK(agrees(by_gumbel, exact));
    CHECK(agrees(by_inverse, exact_inverse));
    CHECK(exact_inverse >= tv - eps);
  }
  // The inverse CDF pays for every boundary that moves: 6 TV here, where Gumbel-max pays less than 2 TV.
  CHECK(std::abs(inverse_cdf_disagreement(p, moved) - 6.0 * total_variation(p, moved)) < 16 * eps);
}

TEST_CASE("maps::sampling: what is out of range is refused by name", "[failure]") {
  const auto refusal = [](const sampling& how) {
    return message_of<argument_error>([&] { maps::validate(how, "error::f"); });
  };
  CHECK(refusal({}).empty());
  CHECK(refusal({.temperature = 0.0, .top_k = 3, .top_p = 0.5}).empty());
  CHECK_THAT(refusal({.temperature = -1.0}), Contains("error::f: .sampling.temperature is -1") && Contains("expected >= 0"));
  CHECK_THAT(refusal({.temperature = infinity}), Contains(".sampling.temperature is inf"));
  CHECK_THAT(refusal({.temperature = std::numeric_limits<double>::quiet_NaN()}), Contains(".sampling.temperature"));
  CHECK_THAT(refusal({.top_k = -2}), Contains(".sampling.top_k is -2, expected >= 0"));
  CHECK_THAT(refusal({.top_p = 0.0}), Contains(".sampling.top_p is 0"));
  CHECK_THAT(refusal({.top_p = 1.5}), Contains(".sampling.top_p is 1.5"));
  CHECK_THAT(message_of<argument_error>([] { (void)maps::probabilities(VectorXd()); }), Contains("no logits"));
  CHECK_THAT(message_of<argument_error>([] { (void)maps::log_probabilities(VectorXd::Zero(2), {.top_k = -1}); }),
             Contains("maps::log_probabilities"));
}
