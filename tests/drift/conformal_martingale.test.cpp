// SPDX-License-Identifier: MIT
#include <libration/drift/conformal_martingale.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "drift/run_lengths.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using drift::conformal_bet, drift::e_form;
using libration::argument_error;
using namespace libration_test;

namespace {

double capital_after(conformal_bet bet, std::initializer_list<double> ps, double exponent = 0.92) {
  drift::betting_capital capital(bet, exponent);
  for (const double p : ps) (void)capital.update(p);
  return std::exp(capital.log_capital());
}

// ∫₀¹ Π ε p^{ε-1} dε by the midpoint rule, scaled by its largest value.
double log_mixture_by_quadrature(double n, double surprise) {
  constexpr int points = 400'000;
  const auto log_value = [&](double e) { return n * std::log(e) + surprise * (1.0 - e); };
  const double top = log_value(std::min(1.0, n / surprise));
  double sum = 0.0;
  for (int i = 0; i < points; ++i) sum += std::exp(log_value((i + 0.5) / points) - top);
  return top + std::log(sum / points);
}

}  // namespace

TEST_CASE("drift::conformal_p: published values", "[oracle]") {
  drift::score_bag bag(10);
  for (const double x : {1.0, 2.0, 3.0}) (void)bag.insert(x);
  CHECK(drift::conformal_p(bag.insert(2.5), 0.5) == 0.375);
  bag.clear();
  for (const double x : {1.0, 2.0, 2.0}) (void)bag.insert(x);
  CHECK(drift::conformal_p(bag.insert(2.0), 0.5) == 0.375);
}

TEST_CASE("drift::betting_capital: published values", "[oracle]") {
  CHECK(std::abs(capital_after(conformal_bet::power, {0.01}) - 1.3298045891) < 1e-10);
  CHECK(std::abs(capital_after(conformal_bet::mixture, {0.01}) - 4.4509922601) < 1e-10);
  CHECK(std::abs(capital_after(conformal_bet::mixture, {0.01, 0.02, 0.5}) - 8.1852920624) < 1e-9);
  CHECK(std::abs(capital_after(conformal_bet::jumper, {0.01, 0.02, 0.5}) - 1.155232) < 1e-12);
  CHECK(std::abs(capital_after(conformal_bet::jumper, {0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01, 0.01}) -
                 17.5336752672) < 1e-9);
}

TEST_CASE("drift::betting_capital: the mixture of many p-values, and of very small ones", "[differential][edge]") {
  // p-values below, at and above what is expected of uniform ones: both forms of the integral, and where they meet.
  for (const int n : {1, 2, 15, 16, 17, 300, 3000})
    for (const double each : {1e-3, 0.5, 0.99, 1.0, 1.01, 2.0, 20.0}) {
      drift::betting_capital capital(conformal_bet::mixture);
      for (int i = 0; i < n; ++i) (void)capital.update(std::exp(-each));
      const double expected = log_mixture_by_quadrature(n, n * each);
      INFO(n << " times p = e^-" << each);
      CHECK(std::abs(capital.log_capital() - expected) < 1e-6 * (1.0 + std::abs(expected)));
    }
  drift::betting_capital capital(conformal_bet::mixture);
  for (int i = 0; i < 100; ++i) (void)capital.update(0x1p-53);
  CHECK(std::isfinite(capital.log_capital()));
  for (int i = 0; i < 100; ++i) (void)capital.update(1.0);
  CHECK(std::isfinite(capital.log_capital()));
}

TEST_CASE("drift::betting_capital: the mean of a bet on a uniform p-value is 1", "[law]") {
  // A martingale: after some bets, the next one's mean, ∫ bet(e^{-t}) e^{-t} dt by the midpoint rule, whose error is h²/24 of the
  // slope's change. Beyond t = 700 the mixture's integrand leaves (12/712)⁵.
  constexpr double h = 0.01;
  for (const auto bet : {conformal_bet::jumper, conformal_bet::power, conformal_bet::mixture}) {
    drift::betting_capital capital(bet, 0.7, 0.1);
    for (const double p : {0.3, 0.001, 0.9, 0.02}) (void)capital.update(p);
    double mean = 0.0;
    for (int i = 0; i < 70'000; ++i) {
      const double t = h * (i + 0.5);
      drift::betting_capital next = capital;
      mean += h * std::exp(next.update(std::exp(-t)) - t);
    }
    CHECK(std::abs(mean - 1.0) < 1e-5);
  }
}

TEST_CASE("drift::conformal_detector: p-values of exchangeable scores are uniform, seeded and without overflow", "[law][stat]") {
  drift::conformal_detector detector({.threshold = 1e300, .form = e_form::martingale});
  libration::random_stream random(2);
  constexpr int n = 4000;
  double sum = 0.0, squares = 0.0;
  for (int t = 0; t < n; ++t) {
    (void)detector.push(std::round(2.0 * random.next_normal()));  // with ties
    const double p = detector.rule().p();
    CHECK((p > 0.0 && p <= 1.0));
    sum += p / n;
    squares += p * p / n;
  }
  CHECK(std::abs(sum - 0.5) < 4.0 * std::sqrt(1.0 / 12.0 / n));
  CHECK(std::abs(squares - 1.0 / 3.0) < 4.0 * std::sqrt(4.0 / 45.0 / n));

  // The same digits after a reset; other ones with another seed.
  drift::conformal_detector same({.seed = 3}), other({.seed = 4});
  std::string first, second, third;
  for (int t = 0; t < 5; ++t) {
    first += std::to_string(same.push(1.0).statistic);
    third += std::to_string(other.push(1.0).statistic);
  }
  same.reset();
  for (int t = 0; t < 5; ++t) second += std::to_string(same.push(1.0).statistic);
  CHECK(first == second);
  CHECK(first != third);
}

TEST_CASE("drift::conformal_detector: false alarms within 1000 scores, measured elsewhere", "[oracle][stat][heavy]") {
  // Of |x|, threshold 20; the standard error of ours is that of a binomial share, at least as for 1 of n.
  struct known {
    double phi;
    conformal_bet bet;
    double share, error;
  };
  constexpr int runs = 300;
  for (const auto& [phi, bet, share, error] : {known{0.0, conformal_bet::power, 0.033, 0.002},
                                               {0.0, conformal_bet::jumper, 0.042, 0.002},
                                               {0.9, conformal_bet::power, 0.631, 0.005},
                                               {0.9, conformal_bet::jumper, 1.0, 0.001}}) {
    const auto process = drift::autoregressive_scores(phi);
    drift::conformal_detector detector({.threshold = 20.0, .bet = bet, .form = e_form::martingale, .capacity = 1000, .seed = 7});
    int alarmed = 0;
    for (int r = 0; r < runs; ++r) {
      drift::score_simulator scores(process, 1, static_cast<std::uint64_t>(r));
      auto one = detector;
      bool alarm = false;
      for (int t = 0; t < 1000 && !alarm; ++t) alarm = one.push(std::abs(scores.next())).alarm;
      if (alarm) ++alarmed;
    }
    const double found = static_cast<double>(alarmed) / runs;
    INFO(phi << ": " << found);
    CHECK(std::abs(found - share) < 4.0 * std::hypot(error, std::sqrt(std::max(share * (1.0 - share), 1.0 / runs) / runs)));
  }
}

TEST_CASE("drift::conformal_detector: the run length of independent scores is at least the threshold", "[law][stat]") {
  for (const auto bet : {conformal_bet::power, conformal_bet::jumper})
    for (const auto form : {e_form::cusum, e_form::shiryaev_roberts}) {
      const drift::conformal_detector detector({.threshold = 50.0, .bet = bet, .form = form, .capacity = 20'000});
      const run_lengths found = run_lengths_of(detector, drift::autoregressive_scores(0.0), 100, 2);
      INFO(found.mean);
      CHECK(found.mean + 4.0 * found.error > 50.0);
    }
}

TEST_CASE("drift::conformal_detector: a full bag is named, and the detector stays as it was", "[failure][edge]") {
  drift::conformal_detector detector({.capacity = 3});
  for (const double x : {1.0, 2.0, 3.0}) CHECK(detector.push(x).reading == drift::reading::ok);
  const double before = detector.statistic();
  const auto told = detector.push(9.0);
  CHECK(told.reading == drift::reading::full);
  CHECK_FALSE(told);
  CHECK(detector.statistic() == before);
  CHECK(detector.skipped() == 1);
  detector.reset();
  CHECK(detector.push(9.0).reading == drift::reading::ok);

  const auto refusal = [](const drift::conformal_options& options) {
    return message_of<argument_error>([&] { drift::conformal_detector d(options); });
  };
  CHECK(refusal({.threshold = 1.0}) == "drift::conformal_detector: .threshold is 1, expected a number > 1");
  CHECK_THAT(refusal({.exponent = 1.0}), Contains(".exponent is 1, expected a number in (0, 1)"));
  CHECK_THAT(refusal({.jump = 0.0}), Contains(".jump is 0, expected a number in (0, 1]"));
  CHECK_THAT(refusal({.capacity = 0}), Contains("the capacity is 0"));
}
