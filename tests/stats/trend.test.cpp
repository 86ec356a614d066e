// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include <libration/core/random.hpp>
#include <libration/stats/trend.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using namespace libration::stats;
using libration::argument_error, libration::random_stream;
using namespace libration_test;

namespace {

// x_t = φ x_{t-1} + noise about a line, begun in its stationary law.
std::vector<double> about_a_line(double phi, double slope, std::size_t n, std::uint64_t seed) {
  const random_stream noise(seed, 77);
  std::vector<double> x(n);
  double z = noise.normal(n) / std::sqrt(1.0 - phi * phi);
  for (std::size_t t = 0; t < n; ++t) {
    z = phi * z + noise.normal(t);
    x[t] = 3.0 + slope * (static_cast<double>(t) + 0.5) + z;
  }
  return x;
}

int held(double phi, double slope, std::size_t n, int seeds) {
  int count = 0;
  for (int s = 0; s < seeds; ++s) {
    const auto fit = fit_trend(about_a_line(phi, slope, n, static_cast<std::uint64_t>(s) + 100));
    count += std::abs(fit.slope - slope) <= fit.half_width() ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("stats::fit_trend: of a line, the line", "[oracle]") {
  for (const std::size_t n : {16u, 200u, 5000u}) {
    std::vector<double> x(n);
    for (std::size_t t = 0; t < n; ++t) x[t] = 2.0 + 0.25 * (static_cast<double>(t) + 0.5);
    const trend_estimate fit = fit_trend(x);
    CHECK(std::abs(fit.slope - 0.25) < 1e-12);
    CHECK(fit.standard_error < 1e-6);
    CHECK(std::abs(fit(100.0) - 27.0) < 1e-10);
    CHECK(fit.steps <= static_cast<std::int64_t>(n));
    CHECK(fit.steps > static_cast<std::int64_t>(n) - static_cast<std::int64_t>(n / 100 + 1));
  }
}

TEST_CASE("stats::fit_trend: least squares, and the series' scale and shift", "[law]") {
  const std::vector<double> x = about_a_line(0.5, 0.01, 240, 3);
  const trend_estimate fit = fit_trend(x);
  double products = 0.0, squares = 0.0;
  for (std::size_t t = 0; t < x.size(); ++t) {
    const double place = static_cast<double>(t) - 119.5;
    products += place * x[t];
    squares += place * place;
  }
  CHECK(std::abs(fit.slope - products / squares) < 1e-14);
  CHECK(fit.center == 120.0);
  CHECK(fit.lower() < fit.slope);
  CHECK(fit.upper(0.5) < fit.upper());
  std::vector<double> other = x;
  for (double& value : other) value = 1e200 * (value - 5.0);
  const trend_estimate scaled = fit_trend(other);
  CHECK(std::abs(scaled.slope / fit.slope / 1e200 - 1.0) < 1e-10);
  CHECK(std::abs(scaled.standard_error / fit.standard_error / 1e200 - 1.0) < 1e-10);

  // The later batches alone.
  batch_series<double> series;
  for (std::size_t t = 0; t < 200; ++t) series.add(t < 100 ? 0.0 : static_cast<double>(t));
  CHECK(std::abs(fit_trend(series, 0, 100).slope - 1.0) < 1e-13);
  CHECK(fit_trend(series, 0, 100).center == 150.0);
  CHECK(fit_trend(series, 0, 0).slope > 1.2);
}

TEST_CASE("stats::fit_trend: the interval holds the slope as often as it says", "[stat][heavy]") {
  // Of 200 runs 190 are expected; four standard errors of that count, and 1 % of bias, are 14: a false alarm in 16,000.
  for (const double phi : {-0.8, 0.5, 0.9}) {
    INFO("phi " << phi);
    CHECK(std::abs(held(phi, 1e-3, 1000, 200) - 190) <= 14);
  }
}

TEST_CASE("stats::fit_trend: coverage over many seeds", "[stat][.slow]") {
  for (const double phi : {0.9, 0.99, 0.999, -0.8, 0.0, 0.5})
    for (const std::size_t n : {100u, 300u, 1000u, 10'000u}) {
      const double share = held(phi, 0.0, n, 1000) / 1000.0;
      INFO("phi " << phi << ", " << n << " steps: " << share);
      // 0.95 within four standard errors and 0.01; short runs hold it less often.
      const double memories = static_cast<double>(n) * (1.0 - phi);
      CHECK(share < 0.988);
      CHECK(share > (memories >= 90.0 ? 0.91 : memories >= 9.0 ? 0.75 : 0.3));
    }
}

TEST_CASE("stats::fit_trend: too few values, values that are not finite, another row", "[edge][failure]") {
  CHECK(std::isnan(fit_trend(std::vector<double>(15, 1.0)).slope));
  CHECK(std::isnan(fit_trend(std::vector<double>()).half_width()));
  const trend_estimate constant = fit_trend(std::vector<double>(16, 1.0));
  CHECK(constant.slope == 0.0);
  CHECK(constant.standard_error == 0.0);
  std::vector<double> broken(40, 1.0);
  broken[20] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(fit_trend(broken).slope));
  const batch_series<double> series;
  CHECK(message_of<argument_error>([&] { (void)fit_trend(series, 1); }) == "stats::fit_trend: row 1, expected 0 to 0");
  CHECK(message_of<argument_error>([&] { (void)fit_trend(series, 0, -1); }) ==
        "stats::fit_trend: first is -1 batches, expected >= 0");
  CHECK(fit_trend(series, 0, 5).steps == 0);
}
