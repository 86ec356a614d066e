// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <vector>

#include <libration/core/random.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/select.hpp>
#include <libration/stats/compensated_sum.hpp>

#include "support/catch.hpp"

using libration::lanes;
using libration::stats::compensated_sum;

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();

compensated_sum<double> sum_of(std::initializer_list<double> terms) {
  compensated_sum<double> sum;
  for (const double x : terms) sum.add(x);
  return sum;
}
}  // namespace

TEST_CASE("stats::compensated_sum: what a plain sum loses is kept", "[oracle]") {
  CHECK(compensated_sum<double>().value() == 0.0);
  CHECK(sum_of({1.0, 1e100, 1.0, -1e100}).value() == 2.0);  // Kahan's own sum gives 0 here
  CHECK(sum_of({1e16, 1.0, 1.0, 1.0, -1e16}).value() == 3.0);
  compensated_sum<double> tenths;
  for (int i = 0; i < 10'000'000; ++i) tenths.add(0.1);
  CHECK(tenths.value() == 1e6);  // the double nearest to 1e7 times the double 0.1; a plain sum is 1.6e-4 off
}

TEST_CASE("stats::compensated_sum: merged parts equal the whole", "[law]") {
  libration::random_stream random(1, 1);
  compensated_sum<double> whole, left, right;
  for (int i = 0; i < 10'000; ++i) {
    const double x = random.next_normal() * std::exp2(40.0 * random.next_uniform());
    whole.add(x);
    (i < 3000 ? left : right).add(x);
  }
  left.merge(right);
  // Each is exact up to one rounding of the sum and second-order terms.
  CHECK(std::abs(left.value() - whole.value()) <=
        2.0 * std::numeric_limits<double>::epsilon() * std::abs(whole.value()));
}

TEST_CASE("stats::compensated_sum: infinities and NaN stay what they are", "[edge]") {
  CHECK(sum_of({1.0, infinity, 2.0, 3.0}).value() == infinity);
  CHECK(sum_of({-infinity, -infinity, 5.0}).value() == -infinity);
  CHECK(sum_of({1e308, 1e308, 1e308, -1e300}).value() == infinity);
  CHECK(std::isnan(sum_of({infinity, -infinity}).value()));
  CHECK(std::isnan(sum_of({1.0, std::numeric_limits<double>::quiet_NaN(), 1.0}).value()));
  auto sum = sum_of({1.0, 2.0});
  sum.merge(sum_of({-infinity, 1.0}));
  CHECK(sum.value() == -infinity);
  CHECK(sum_of({5e-324, 1.0, -1.0}).value() == 5e-324);
}

TEST_CASE("stats::compensated_sum: a lane has the digits of a double", "[differential]") {
  constexpr int width = 8;
  libration::random_stream random(2, 1);
  compensated_sum<lanes<double, width>> together;
  std::vector<compensated_sum<double>> alone(width);
  for (int i = 0; i < 500; ++i) {
    lanes<double, width> x(0.0);
    for (int lane = 0; lane < width; ++lane) {
      double value = random.next_normal() * std::exp2(40.0 * random.next_uniform());
      if (lane == 3 && i == 100) value = infinity;
      x[lane] = value;
      alone[static_cast<std::size_t>(lane)].add(value);
    }
    together.add(x);
  }
  const auto values = together.value();
  for (int lane = 0; lane < width; ++lane) CHECK(values[lane] == alone[static_cast<std::size_t>(lane)].value());
}
