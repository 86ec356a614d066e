// SPDX-License-Identifier: MIT
#include <libration/drift/cusum_detector.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <libration/core/error.hpp>

#include "drift/python_random.hpp"
#include "drift/run_lengths.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("drift::cusum_detector: alarms of a published stream", "[oracle]") {
  python_random random(12345);
  drift::cusum_detector detector;
  std::vector<std::int64_t> alarms;
  for (int t = 0; t < 400; ++t)
    if (detector.push(random.gauss(t < 200 ? 0.0 : 3.0, 1.0))) alarms.push_back(detector.last_alarm());
  REQUIRE(alarms.size() > 3);
  CHECK(alarms[0] == 201);
  CHECK(alarms[1] == 204);
  CHECK(alarms[2] == 207);
  CHECK(detector.alarms() == static_cast<std::int64_t>(alarms.size()));
}

TEST_CASE("drift::cusum_detector: the sums, one-sided and two-sided", "[oracle]") {
  drift::cusum_detector one({.reference = 0.5, .threshold = 2.0});
  drift::cusum_detector two({.reference = 0.5, .threshold = 2.0, .two_sided = true});
  CHECK(one.statistic() == -std::numeric_limits<double>::infinity());
  CHECK(one.push(1.5).statistic == 1.0);
  CHECK(two.push(1.5).statistic == 1.0);
  CHECK(one.push(-3.0).statistic == 0.0);
  CHECK(two.push(-3.0).statistic == 2.5);
  CHECK(two.last_alarm() == 1);
  CHECK_FALSE(one.push(2.5));  // equal to the threshold
  CHECK(one.statistic() == 2.0);
  CHECK(one.push(0.75));
  CHECK(one.push(0.75).statistic == 0.25);  // afresh
}

TEST_CASE("drift::cusum_detector: run lengths of scores that remember, measured elsewhere", "[oracle][stat]") {
  const drift::cusum_detector detector;
  struct known {
    double phi, length, error;
  };
  for (const auto& [phi, length, error] :
       {known{0.3, 195.0, 1.4}, {0.5, 105.8, 0.7}, {0.7, 72.6, 0.5}, {0.9, 73.4, 0.5}, {0.95, 94.0, 0.7}}) {
    INFO(phi);
    CHECK(agree(run_lengths_of(detector, drift::autoregressive_scores(phi), 1000, 1), length, error));
  }
  CHECK(agree(run_lengths_of(detector, drift::autoregressive_scores(0.0), 300, 1), 930.887, 0.0));
  for (const auto& [h, length, error] : {known{25.0, 453.0, 3.0}, {36.0, 924.0, 6.0}}) {
    INFO(h);
    const drift::cusum_detector high({.threshold = h});
    CHECK(agree(run_lengths_of(high, drift::autoregressive_scores(0.9), 300, 2), length, error));
  }
}

TEST_CASE("drift::cusum_detector: whitened by the true process, and what whitening leaves of a shift", "[oracle][stat]") {
  // In the scores' own unit, which the process takes out.
  const auto process = drift::autoregressive_scores(0.9, 7.0, 3.0);
  const auto detector = drift::cusum_detector::uncalibrated(process, {}, true);
  CHECK(agree(run_lengths_of(detector, process, 300, 3), 930.887, 0.0));
  // A shift by one deviation is 2.294 of one in the first whitened score and 0.2294 in those after: a little sooner than if it were
  // 0.2294 in all of them, of which the run length is exact.
  const auto slow = drift::cusum_detector::uncalibrated(process, {.reference = 0.1147, .threshold = 13.4886}, true);
  for (const auto* d : {&detector, &slow}) {
    const double bound = drift::cusum_run_length(d->rule().options(), 0.229416);
    CHECK(std::abs(bound - (d == &slow ? 91.07 : 162.17)) < 0.005);
    const run_lengths found = run_lengths_of(*d, process, 600, 4, 3.0, 1);
    CHECK(found.mean < bound);
    CHECK(found.mean > 0.8 * bound);
  }
  // 36 on the scores as they are: about 72.
  const auto raw = drift::cusum_detector::uncalibrated(process, {.threshold = 36.0});
  CHECK(agree(run_lengths_of(raw, process, 300, 6, 3.0), 72.0, 2.0));
}

TEST_CASE("drift::cusum_detector: what it refuses", "[failure]") {
  const auto refusal = [](const drift::cusum_chart& chart) {
    return message_of<argument_error>([&] { drift::cusum_detector detector(chart); });
  };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal({.threshold = 0.0}) == "drift::cusum_detector: .threshold is 0, expected a number > 0");
  CHECK_THAT(refusal({.threshold = nan}), Contains(".threshold is nan"));
  CHECK_THAT(refusal({.reference = -1.0}), Contains(".reference is -1, expected a number >= 0"));
  CHECK_THAT(refusal({.reference = nan}), Contains(".reference is nan"));
}
