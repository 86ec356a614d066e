// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <libration/core/random.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/select.hpp>
#include <libration/stats/batch_series.hpp>

#include "support/catch.hpp"

using libration::lanes;
using libration::random_stream;
using libration::stats::batch_series;

TEST_CASE("stats::batch_series: batches are consecutive, equal, and all steps are in them or left over", "[law]") {
  // Whole numbers: every sum is exact, and can be told from first principles.
  batch_series<double, 8> series(1, 3);
  std::int64_t n = 0;
  const auto sum_over = [](std::int64_t from, std::int64_t to) {  // of 1 + 2 + ..., steps counted from 0
    return static_cast<double>(to * (to + 1) - from * (from + 1)) / 2.0;
  };
  for (int i = 0; i < 2000; ++i) {
    series.add(static_cast<double>(++n));
    const std::int64_t length = series.batch_length();
    REQUIRE(series.steps() == n);
    REQUIRE(series.count() < 8);
    REQUIRE(series.count() * length + series.leftover_steps() == n);
    REQUIRE(series.room() == length - series.leftover_steps());
    REQUIRE((length == 3 || series.count() >= 4));
    for (Eigen::Index b = 0; b < series.count(); ++b)
      REQUIRE(series.batch_sum(0, b) == sum_over(b * length, (b + 1) * length));
    REQUIRE(series.leftover_sum(0) == sum_over(series.count() * length, n));
    REQUIRE(series.total(0) == sum_over(0, n));
  }
  const std::int64_t doublings = series.batch_length() / 3;
  CHECK(series.batch_length() == 3 * doublings);
  CHECK((doublings & (doublings - 1)) == 0);
  CHECK(series.mean(0) == 1000.5);
  CHECK(series.batch_mean(0, 0) == series.batch_sum(0, 0) * (1.0 / static_cast<double>(series.batch_length())));
}

TEST_CASE("stats::batch_series: adds of any lengths up to the room give the batches of single steps",
          "[differential]") {
  random_stream random(5, 0);
  batch_series<double, 16> single(2, 4), mixed(2, 4);
  for (int i = 0; i < 3000; ++i) {
    const auto wanted = static_cast<std::int64_t>(1 + 9 * random.next_uniform());
    const std::int64_t m = std::min(wanted, mixed.room());
    std::array<double, 2> sums = {0.0, 0.0};
    for (std::int64_t j = 0; j < m; ++j) {
      const auto step = static_cast<std::uint64_t>(single.steps());
      // Multiples of 2^-20 below 2^10: sums are exact.
      const std::array<double, 2> x = {std::floor(random_stream(6, 0).normal(step) * 1024.0) / 1024.0,
                                       static_cast<double>(step % 7)};
      single.add(x);
      sums[0] += x[0];
      sums[1] += x[1];
    }
    mixed.add(sums, m);
  }
  REQUIRE(mixed.steps() == single.steps());
  REQUIRE(mixed.count() == single.count());
  REQUIRE(mixed.batch_length() == single.batch_length());
  CHECK(mixed.adds() == 3000);
  for (Eigen::Index row = 0; row < 2; ++row) {
    for (Eigen::Index b = 0; b < mixed.count(); ++b) CHECK(mixed.batch_sum(row, b) == single.batch_sum(row, b));
    CHECK(mixed.leftover_sum(row) == single.leftover_sum(row));
    CHECK(mixed.total(row) == single.total(row));
  }
}

TEST_CASE("stats::batch_series: lengthened batches are those of a longer run, an odd last one included", "[law]") {
  for (const int steps : {1, 2, 3, 7, 10, 15}) {
    CAPTURE(steps);
    batch_series<double, 16> series(1, 1);
    for (int i = 0; i < steps; ++i) series.add(std::exp2(i));
    series.lengthen(3);
    CHECK(series.batch_length() == 4);
    CHECK(series.count() == steps / 4);
    CHECK(series.leftover_steps() == steps % 4);
    for (Eigen::Index b = 0; b < series.count(); ++b) CHECK(series.batch_sum(0, b) == 15.0 * std::exp2(4 * b));
    CHECK(series.total(0) == std::exp2(steps) - 1.0);
    CHECK(series.room() >= 1);
    series.lengthen(2);
    CHECK(series.batch_length() == 4);
  }
}

TEST_CASE("stats::batch_series: mean and variance are those of the whole, weighted by steps", "[differential]") {
  random_stream random(8, 0);
  batch_series<double> series(1, 4);
  std::vector<double> mean_of_add;
  std::vector<double> weight;
  for (int i = 0; i < 5000; ++i) {
    const auto m = std::min<std::int64_t>(1 + i % 3, series.room());
    const double x = 1e3 + random.next_normal();
    series.add(x * static_cast<double>(m), m);
    mean_of_add.push_back(x);
    weight.push_back(static_cast<double>(m));
  }
  double total = 0.0, steps = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < weight.size(); ++i) total += weight[i] * mean_of_add[i], steps += weight[i];
  const double mean = total / steps;
  for (std::size_t i = 0; i < weight.size(); ++i) squares += weight[i] * std::pow(mean_of_add[i] - mean, 2);
  const double eps = std::numeric_limits<double>::epsilon();
  // The plain reference sums lose n eps; the deviations are of order 1 and known to eps times 1e3.
  CHECK(std::abs(series.mean(0) - mean) < 5000 * eps * mean);
  CHECK(std::abs(series.variance(0) - squares / steps) < 5000 * eps * mean);
}

TEST_CASE("stats::batch_series: a long sum of like terms keeps its digits", "[oracle]") {
  batch_series<double> series;
  constexpr int n = 1 << 21;
  for (int i = 0; i < n; ++i) series.add(0.1);
  CHECK(series.total(0) == n * 0.1);  // 0.1 is a double, n a power of two: exact
  CHECK(series.mean(0) == 0.1);
  CHECK(series.count() == 128);
  CHECK(series.variance(0) < 1e-30);
}

TEST_CASE("stats::batch_series: an infinite term makes its own batch and row infinite", "[edge]") {
  batch_series<double> series(2);
  const double infinity = std::numeric_limits<double>::infinity();
  for (int i = 0; i < 1000; ++i) series.add(std::array<double, 2>{i == 500 ? -infinity : 1.0, 1.0});
  CHECK(series.total(0) == -infinity);
  CHECK(series.mean(0) == -infinity);
  CHECK(std::isnan(series.variance(0)));
  CHECK(series.total(1) == 1000.0);
  int infinite = 0;
  for (Eigen::Index b = 0; b < series.count(); ++b) infinite += series.batch_sum(0, b) == -infinity ? 1 : 0;
  CHECK(infinite == 1);

  const batch_series<double> empty;
  CHECK(empty.total(0) == 0.0);
  CHECK(std::isnan(empty.mean(0)));
  CHECK(std::isnan(empty.variance(0)));
  CHECK(empty.count() == 0);
}

TEST_CASE("stats::batch_series: a lane has the digits of its own record", "[differential]") {
  constexpr int width = 8;
  batch_series<lanes<double, width>, 32> together(2, 2);
  std::vector<batch_series<double, 32>> alone(width, batch_series<double, 32>(2, 2));
  random_stream random(9, 0);
  for (int i = 0; i < 501; ++i) {
    std::array<lanes<double, width>, 2> x = {lanes<double, width>(0.0), lanes<double, width>(0.0)};
    const std::int64_t m = 1 + i % 2 < together.room() ? 1 + i % 2 : together.room();
    for (int lane = 0; lane < width; ++lane) {
      const std::array<double, 2> own = {random.next_normal(), random.next_uniform()};
      x[0][lane] = own[0];
      x[1][lane] = own[1];
      alone[static_cast<std::size_t>(lane)].add(own, m);
    }
    together.add(x, m);
  }
  for (int lane = 0; lane < width; ++lane) {
    const auto& own = alone[static_cast<std::size_t>(lane)];
    REQUIRE(together.count() == own.count());
    for (Eigen::Index row = 0; row < 2; ++row) {
      for (Eigen::Index b = 0; b < own.count(); ++b) CHECK(together.batch_mean(row, b)[lane] == own.batch_mean(row, b));
      CHECK(together.total(row)[lane] == own.total(row));
      CHECK(together.leftover_sum(row)[lane] == own.leftover_sum(row));
      CHECK(together.variance(row)[lane] == own.variance(row));
    }
  }
}

TEST_CASE("stats::batch_series: what is refused, and that it says why", "[failure]") {
  CHECK_THROWS_AS(batch_series<double>(0), libration::argument_error);
  CHECK_THROWS_AS(batch_series<double>(1, 0), libration::argument_error);
  batch_series<double> series(2, 8);
  const std::array<double, 2> two = {1.0, 2.0};
  CHECK_THROWS_AS(series.add(1.0), libration::argument_error);
  CHECK_THROWS_AS(series.add(two, 0), libration::argument_error);
  series.add(two, 5);
  CHECK_THROWS_AS(series.add(two, 4), libration::argument_error);
  try {
    series.add(two, 4);
  } catch (const libration::argument_error& e) {
    const std::string expected =
        "stats::batch_series::add: the sums cover 4 steps, expected 1 to 3 (an add ends at a batch's end)";
    CHECK(e.what() == expected);
  }
  series.add(two, 3);
  CHECK(series.count() == 1);
  CHECK(series.steps() == 8);
}
