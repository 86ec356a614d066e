// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include <libration/stats/quantiles.hpp>

#include "support/catch.hpp"

using namespace libration::stats;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

TEST_CASE("stats::quantiles: mean and standard deviation", "[oracle]") {
  const std::vector<double> x = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
  CHECK(mean(x) == 5.0);
  CHECK(standard_deviation(x) == std::sqrt(32.0 / 7.0));
  const std::vector<double> far = {1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0};
  CHECK(standard_deviation(far) == std::sqrt(30.0));
}

TEST_CASE("stats::quantiles: linear interpolation at (n - 1) p", "[oracle]") {
  const std::vector<double> x = {4.0, 1.0, 3.0, 2.0};  // R: quantile(c(4, 1, 3, 2), type = 7)
  CHECK(quantile(x, 0.0) == 1.0);
  CHECK(quantile(x, 0.25) == 1.75);
  CHECK(median(x) == 2.5);
  CHECK(quantile(x, 0.75) == 3.25);
  CHECK(quantile(x, 1.0) == 4.0);
  CHECK(quantiles(x, std::vector<double>{0.25, 0.5}) == std::vector<double>{1.75, 2.5});
  CHECK(quantile_of_sorted(std::vector<double>{0.0, 10.0}, 0.1) == 1.0);
}

TEST_CASE("stats::quantiles: a quantile rises with p and mirrors with the sample", "[law]") {
  std::vector<double> x, mirrored;
  for (int i = 0; i < 101; ++i) x.push_back(std::sin(12.9898 * i)), mirrored.push_back(-x.back());
  double before = -infinity;
  for (int k = 0; k <= 64; ++k) {
    const double p = k / 64.0;
    const double q = quantile(x, p);
    CHECK(q >= before);
    CHECK(std::abs(q + quantile(mirrored, 1.0 - p)) <= 2.0 * std::numeric_limits<double>::epsilon());
    before = q;
  }
}

TEST_CASE("stats::quantiles: small, infinite and unordered samples", "[edge][failure]") {
  const std::vector<double> none, one = {3.0}, ends = {-infinity, -infinity, 1.0, infinity};
  CHECK(std::isnan(mean(none)));
  CHECK(std::isnan(standard_deviation(one)));
  CHECK(std::isnan(quantile(none, 0.5)));
  CHECK(quantile(one, 0.3) == 3.0);
  CHECK(quantile(ends, 0.1) == -infinity);
  CHECK(quantile(ends, 0.5) == -infinity);
  CHECK(quantile(ends, 2.0 / 3.0) == 1.0);
  CHECK(quantile(ends, 1.0) == infinity);
  CHECK(std::isnan(quantile(std::vector<double>{1.0, std::nan(""), 2.0}, 0.5)));
  CHECK_THROWS_AS(quantile(one, 1.5), libration::argument_error);
  CHECK_THROWS_AS(quantile(one, std::nan("")), libration::argument_error);
}

TEST_CASE("stats::quantiles: mean, deviation and quantiles of 1e-300 to 1e308", "[law][edge]") {
  const std::vector<double> x = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
  for (const int exponent : {-1000, -600, 600, 1000}) {
    std::vector<double> scaled;
    for (const double v : x) scaled.push_back(std::ldexp(v, exponent));
    CHECK(mean(scaled) == std::ldexp(5.0, exponent));
    CHECK(standard_deviation(scaled) == std::ldexp(std::sqrt(32.0 / 7.0), exponent));
  }
  const std::vector<double> ends = {-1.5e308, 1.5e308}, high = {1.5e308, 1.5e308};
  CHECK(median(ends) == 0.0);
  CHECK(quantile(ends, 0.75) == 0.75e308);
  CHECK(mean(high) == 1.5e308);
}
