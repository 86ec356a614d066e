// SPDX-License-Identifier: MIT
#include <libration/drift/cusum_run_length.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using drift::cusum_run_length, drift::cusum_threshold;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("drift::cusum_run_length: published values, in control and after a shift", "[oracle]") {
  CHECK(std::abs(cusum_run_length({0.5, 4.0}) - 335.3675776) < 1e-6);
  CHECK(std::abs(cusum_run_length({0.5, 5.0}) - 930.8870121) < 1e-6);
  CHECK(std::abs(cusum_run_length({0.25, 8.0}) - 736.7877465) < 1e-6);
  CHECK(std::abs(cusum_run_length({0.5, 4.0}, 1.0) - 8.3832021) < 1e-7);
  CHECK(std::abs(cusum_run_length({0.5, 5.0}, 1.0) - 10.3759753) < 1e-7);
  CHECK(std::abs(cusum_run_length({0.25, 8.0}, 1.0) - 11.3932083) < 1e-7);
  CHECK(std::abs(cusum_run_length({.reference = 0.5, .threshold = 5.0, .two_sided = true}) - 930.8870121 / 2.0) < 1e-6);
  CHECK(std::abs(cusum_run_length({0.1147, 13.4886}) / 930.0 - 1.0) < 1e-3);
}

TEST_CASE("drift::cusum_run_length: the limit of no threshold, long runs, and a simulation", "[law]") {
  // Of h → 0 the alarm is the first value above k.
  for (const double k : {0.0, 0.5, 2.0}) {
    const double chance = 0.5 * std::erfc(k / std::numbers::sqrt2);
    CHECK(std::abs(cusum_run_length({k, 1e-9}) * chance - 1.0) < 1e-8);
  }
  double before = 0.0;
  for (const double h : {0.1, 0.9, 1.1, 3.0, 7.0, 12.0, 20.0}) {
    const double length = cusum_run_length({0.5, h});
    CHECK(length > before);
    CHECK(cusum_run_length({0.5, h}, 0.3) < length);
    CHECK(cusum_run_length({0.5, h}, 0.3) == cusum_run_length({0.2, h}));
    before = length;
  }
  CHECK(cusum_run_length({0.5, 45.0}) == std::numeric_limits<double>::infinity());
  // Without a drift towards 0 it is finite however high the threshold.
  CHECK(cusum_run_length({0.0, 45.0}) < 5000.0);

  const drift::cusum_chart chart{.reference = 0.3, .threshold = 2.5, .two_sided = true};
  libration::random_stream numbers(9);
  constexpr int runs = 4000;
  double sum = 0.0, squares = 0.0;
  for (int r = 0; r < runs; ++r) {
    double up = 0.0, down = 0.0, length = 0.0;
    while (up <= chart.threshold && down <= chart.threshold) {
      const double z = numbers.next_normal() + 0.4;
      up = std::max(0.0, up + z - chart.reference);
      down = std::max(0.0, down - z - chart.reference);
      length += 1.0;
    }
    sum += length / runs;
    squares += length * length / runs;
  }
  const double error = std::sqrt((squares - sum * sum) / runs);
  CHECK(std::abs(sum - cusum_run_length(chart, 0.4)) < 4.0 * error);
}

TEST_CASE("drift::cusum_threshold: published values, and back to the run length", "[oracle][law]") {
  CHECK(std::abs(cusum_threshold(500.0) - 4.3891297417) < 1e-9);
  CHECK(std::abs(cusum_threshold(1000.0) - 5.0707038561) < 1e-9);
  CHECK(std::abs(cusum_threshold(1e4) - 7.3607855704) < 1e-9);
  for (const double length : {4.0, 370.4, 1e6})
    for (const bool two_sided : {false, true})
      CHECK(std::abs(cusum_run_length({0.5, cusum_threshold(length, 0.5, two_sided), two_sided}) / length - 1.0) < 1e-6);
}

TEST_CASE("drift::cusum_run_length, cusum_threshold: what they refuse", "[failure]") {
  const auto refusal = [](const auto& call) { return message_of<argument_error>([&] { (void)call(); }); };
  CHECK(refusal([] { return cusum_run_length({-0.1, 4.0}); }) ==
        "drift::cusum_run_length: .reference is -0.1, expected a number >= 0");
  CHECK_THAT(refusal([] { return cusum_run_length({0.5, 0.0}); }), Contains(".threshold is 0, expected a number in (0, 50]"));
  CHECK_THAT(refusal([] { return cusum_run_length({0.5, 51.0}); }), Contains(".threshold is 51"));
  CHECK_THAT(refusal([] { return cusum_run_length({}, std::numeric_limits<double>::quiet_NaN()); }), Contains("the shift is nan"));
  CHECK_THAT(refusal([] { return cusum_threshold(3.0); }), Contains("the run length is 3, expected more than 3.241"));
  CHECK_THAT(refusal([] { return cusum_threshold(1e10); }), Contains("at most 1"));
  CHECK_THAT(refusal([] { return cusum_threshold(1e6, 0.0); }), Contains("takes a threshold above 50"));
}
