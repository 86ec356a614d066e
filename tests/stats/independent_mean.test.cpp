// SPDX-License-Identifier: MIT
#include <libration/stats/independent_mean.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/stats/student_t.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace stats = libration::stats;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("stats::independent_mean: mean, error and interval of a few numbers", "[oracle]") {
  const std::vector<double> values = {1.0, 2.0, 3.0, 6.0};
  const auto m = stats::independent_mean(values);
  CHECK(m.mean == 3.0);
  // Squared deviations 4 + 1 + 0 + 9 = 14 over 3 · 4.
  CHECK(std::abs(m.standard_error - std::sqrt(14.0 / 12.0)) < 1e-15);
  CHECK(m.degrees_of_freedom == 3.0);
  CHECK(m.steps == 4);
  CHECK(std::abs(m.half_width() - 3.182446305284 * std::sqrt(14.0 / 12.0)) < 1e-10);

  const auto one = stats::independent_mean(std::vector<double>{5.0});
  CHECK(one.mean == 5.0);
  CHECK(std::isnan(one.half_width()));
  CHECK(std::isnan(stats::independent_mean(std::vector<double>{}).mean));
  CHECK(stats::independent_mean(std::vector<double>{2.0, 2.0, 2.0}).standard_error == 0.0);
  CHECK(std::isnan(stats::independent_mean(std::vector<double>{2.0, std::nan("")}).standard_error));
}

TEST_CASE("stats::independent_mean: how often the interval holds the mean of normal and of exponential values", "[stat]") {
  constexpr int samples = 4000, n = 20;
  int normal = 0, exponential = 0, below = 0, above = 0;
  std::vector<double> values(n);
  for (int s = 0; s < samples; ++s) {
    libration::random_stream numbers(11, static_cast<std::uint64_t>(s));
    for (double& v : values) v = numbers.next_normal();
    auto m = stats::independent_mean(values);
    normal += m.lower() <= 0.0 && m.upper() >= 0.0;
    for (double& v : values) v = -std::log(numbers.next_uniform());
    m = stats::independent_mean(values);
    below += m.upper() < 1.0;
    above += m.lower() > 1.0;
    exponential += m.lower() <= 1.0 && m.upper() >= 1.0;
  }
  // Four standard deviations of a count: 1 in 16,000.
  const auto near = [&](int count, double p) { return std::abs(count - samples * p) < 4.0 * std::sqrt(samples * p * (1.0 - p)); };
  CHECK(near(normal, 0.95));
  CHECK(near(exponential, 0.92));
  CHECK(near(below, 0.07));
  CHECK(above < 0.025 * samples);
}

TEST_CASE("stats::ratio_of_means: Fieller's interval is where Student's test of x - s y does not reject", "[law]") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    libration::random_stream numbers(21, seed);
    std::vector<double> x(7), y(7);
    for (std::size_t j = 0; j < x.size(); ++j) {
      y[j] = 2.0 + numbers.next_normal();
      x[j] = 0.5 * y[j] + 0.7 * numbers.next_normal();
    }
    const double level = seed % 2 == 0 ? 0.95 : 0.8;
    const auto r = stats::ratio_of_means(x, y, level);
    const auto statistic = [&](double s) {
      std::vector<double> d(x.size());
      for (std::size_t j = 0; j < x.size(); ++j) d[j] = x[j] - s * y[j];
      const auto m = stats::independent_mean(d);
      return std::abs(m.mean) / m.standard_error;
    };
    const double t = stats::student_t_quantile(0.5 + 0.5 * level, 6.0);
    const auto denominator = stats::independent_mean(y);
    REQUIRE(r.bounded() == (denominator.mean > t * denominator.standard_error));
    CHECK(statistic(r.value) < 1e-12);
    if (!r.bounded()) continue;
    CHECK(r.lower <= r.value);
    CHECK(r.value <= r.upper);
    CHECK(std::abs(statistic(r.lower) - t) < 1e-9 * t);
    CHECK(std::abs(statistic(r.upper) - t) < 1e-9 * t);
  }
}

TEST_CASE("stats::ratio_of_means: the interval holds the ratio, at few pairs and a noisy denominator", "[stat]") {
  constexpr int samples = 4000;
  int held = 0;
  std::vector<double> x(6), y(6);
  for (int s = 0; s < samples; ++s) {
    libration::random_stream numbers(31, static_cast<std::uint64_t>(s));
    for (std::size_t j = 0; j < x.size(); ++j) {
      const double common = numbers.next_normal();
      y[j] = 1.0 + common;
      x[j] = 0.6 + 0.5 * common + 0.5 * numbers.next_normal();
    }
    const auto r = stats::ratio_of_means(x, y);
    // A denominator that is not told from 0 has the whole line here, which holds every ratio: the exact set may leave some out.
    held += r.lower <= 0.6 && r.upper >= 0.6;
  }
  const double p = 0.95;
  CHECK(held > samples * p - 4.0 * std::sqrt(samples * p * (1.0 - p)));
}

TEST_CASE("stats::ratio_of_means: exact ratios, sizes at the range's ends, refusals", "[edge][failure]") {
  const std::vector<double> y = {3.0, 4.0, 6.0}, x = {0.75, 1.0, 1.5};
  const auto exact = stats::ratio_of_means(x, y);
  CHECK(exact.value == 0.25);
  CHECK(exact.lower == 0.25);
  CHECK(exact.upper == 0.25);
  const std::vector<double> large = {1e300, 2e300, 2.5e300}, small = {1e-300, 2e-300, 2.6e-300};
  const auto apart = stats::ratio_of_means(small, small);
  CHECK(apart.value == 1.0);
  const auto big = stats::ratio_of_means(large, std::vector<double>{2.0, 2.2, 2.6});
  CHECK(std::abs(big.value / (5.5e300 / 6.8) - 1.0) < 1e-14);
  CHECK(big.lower < big.value);
  CHECK(std::isfinite(big.upper));
  CHECK(std::isnan(stats::ratio_of_means(x, std::vector<double>{0.0, 0.0, 0.0}).value));
  CHECK(std::isnan(stats::ratio_of_means(std::vector<double>{1.0}, std::vector<double>{2.0}).lower));
  CHECK_FALSE(stats::ratio_of_means(x, std::vector<double>{1.0, -1.0, 0.5}).bounded());

  const auto message = [](const std::vector<double>& a, const std::vector<double>& b, double level) {
    return message_of<argument_error>([&] { (void)stats::ratio_of_means(a, b, level); });
  };
  CHECK_THAT(message(x, {1.0}, 0.95), Contains("3 numerators and 1 denominators"));
  CHECK_THAT(message(x, y, 1.0), Contains("level is 1"));
  CHECK_THAT(message(x, {1.0, std::numeric_limits<double>::infinity(), 1.0}, 0.95), Contains("pair 1 is (1, inf)"));
}
