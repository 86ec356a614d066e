// SPDX-License-Identifier: MIT
#include <libration/drift/page_hinkley.hpp>

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

TEST_CASE("drift::page_hinkley_detector: the alarm of a published stream", "[oracle]") {
  python_random random(12345);
  drift::page_hinkley_detector detector;
  std::vector<std::int64_t> alarms;
  for (int t = 0; t < 2000; ++t)
    if (detector.push(t < 1000 ? random.choice(0, 2) : random.choice(4, 4))) alarms.push_back(detector.last_alarm());
  CHECK(alarms == std::vector<std::int64_t>{1006});
}

TEST_CASE("drift::page_hinkley_detector: the recursion by hand, and the first values", "[oracle]") {
  drift::page_hinkley_detector detector({.threshold = 10.0, .tolerance = 0.5, .memory = 0.5, .minimum = 4});
  constexpr double none = -std::numeric_limits<double>::infinity();
  CHECK(detector.push(2.0).statistic == none);  // mean 2, sum 0
  CHECK(detector.push(4.0).statistic == none);  // mean 3, sum 0.5
  // The count has come to 4: mean 5, sum 0.25 + 4 - 0.5
  CHECK(detector.push(9.0).statistic == 3.75);
  CHECK(detector.push(25.0).statistic == 0.5 * 3.75 + 15.0 - 0.5);
  CHECK(detector.alarms() == 1);
  CHECK(detector.push(25.0).statistic == none);
}

TEST_CASE("drift::page_hinkley_detector: run lengths measured elsewhere", "[oracle][stat]") {
  const drift::page_hinkley_detector detector;
  CHECK(agree(run_lengths_of(detector, drift::autoregressive_scores(0.9), 500, 1), 328.0, 4.0));
  CHECK(agree(run_lengths_of(detector, drift::autoregressive_scores(0.0), 100, 1), 3428.0, 42.0));
}

TEST_CASE("drift::page_hinkley_detector: what it refuses", "[failure]") {
  const auto refusal = [](const drift::page_hinkley_options& options) {
    return message_of<argument_error>([&] { drift::page_hinkley_detector detector(options); });
  };
  CHECK(refusal({.threshold = -1.0}) == "drift::page_hinkley_detector: .threshold is -1, expected a number > 0");
  CHECK_THAT(refusal({.tolerance = -0.1}), Contains(".tolerance is -0.1, expected a number >= 0"));
  CHECK_THAT(refusal({.memory = 0.0}), Contains(".memory is 0, expected a number in (0, 1]"));
  CHECK_THAT(refusal({.memory = 1.1}), Contains(".memory is 1.1"));
  CHECK_THAT(refusal({.minimum = 0}), Contains(".minimum is 0, expected >= 1"));
}
