// SPDX-License-Identifier: MIT
#include <libration/drift/adwin.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "drift/python_random.hpp"
#include "drift/run_lengths.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using drift::adwin_cuts;
using libration::argument_error;
using namespace libration_test;

namespace {

std::vector<std::int64_t> alarms_of(const drift::adwin_options& options) {
  python_random random(12345);
  drift::adwin_detector detector(options);
  std::vector<std::int64_t> alarms;
  for (int t = 0; t < 2000; ++t)
    if (detector.push(t < 1000 ? random.choice(0, 2) : random.choice(4, 4))) alarms.push_back(detector.last_alarm());
  return alarms;
}

}  // namespace

TEST_CASE("drift::adwin_epsilon: published values", "[oracle]") {
  CHECK(std::abs(drift::adwin_epsilon(100, 100, 0.25, 0.002) - 0.4071687387) < 1e-10);
  CHECK(std::abs(drift::adwin_epsilon(100, 100, 0.25, 0.002, adwin_cuts::river) - 0.4179711469) < 1e-10);
  CHECK_THAT(message_of<argument_error>([] { (void)drift::adwin_epsilon(4, 9, 1.0, 0.1, adwin_cuts::river); }),
             Contains("the sides have 4 and 9 values, expected at least 5"));
  CHECK_THAT(message_of<argument_error>([] { (void)drift::adwin_epsilon(4, 9, -1.0, 0.1); }), Contains("the variance is -1"));
  CHECK_THAT(message_of<argument_error>([] { (void)drift::adwin_epsilon(4, 9, 1.0, 1.0); }), Contains("delta is 1"));
}

TEST_CASE("drift::adwin_detector: alarms of a published stream", "[oracle]") {
  using steps = std::vector<std::int64_t>;
  CHECK(alarms_of({.cuts = adwin_cuts::river, .restart = true}) == steps{1023});
  CHECK(alarms_of({.cuts = adwin_cuts::river}) == steps{1023, 1055, 1087});
  CHECK(alarms_of({.restart = true}).front() == 1023);
  CHECK(alarms_of({}).front() == 1023);
}

TEST_CASE("drift::adwin_detector: its window is that of the values it kept, and its statistic that of the cuts", "[law]") {
  // Beside a window that keeps every value, with buckets found from the sizes alone.
  drift::adwin_detector detector({.delta = 1e-9, .check_every = 1, .grace = 2, .smallest = 2});
  libration::random_stream random(5);
  std::vector<double> kept;
  std::vector<std::size_t> sizes;  // of the buckets, the newest first
  int compared = 0;
  for (int t = 0; t < 700; ++t) {
    const double value = random.next_normal() + (t > 400 ? 1.5 : 0.0);
    const bool restarted = detector.alarms() > 0 && detector.last_alarm() == t - 1;
    const auto told = detector.push(value);
    if (restarted) {
      // What was dropped is the oldest, bucket by bucket.
      while (static_cast<std::int64_t>(kept.size()) + 1 > detector.rule().width()) {
        kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(sizes.back()));
        sizes.pop_back();
      }
    }
    kept.push_back(value);
    sizes.insert(sizes.begin(), 1);
    for (std::size_t size = 1;; size *= 2) {
      const auto first = std::find(sizes.begin(), sizes.end(), size);
      const auto count = std::count(sizes.begin(), sizes.end(), size);
      if (count <= 5) break;
      const auto oldest = first + count - 1;
      sizes.erase(oldest);
      *(oldest - 1) = 2 * size;
    }
    REQUIRE(static_cast<std::int64_t>(kept.size()) == detector.rule().width());
    const auto n = static_cast<double>(kept.size());
    double mean = 0.0, variance = 0.0;
    for (const double x : kept) mean += x / n;
    for (const double x : kept) variance += (x - mean) * (x - mean) / n;
    CHECK(std::abs(detector.rule().mean() - mean) < 1e-12);
    if (kept.size() <= 2) continue;
    // A cut stands out at delta where epsilon is below the difference: at that of the statistic they are equal.
    double most = -1.0;
    std::size_t older = 0;
    double sum = 0.0;
    for (auto bucket = sizes.rbegin(); bucket != sizes.rend(); ++bucket) {
      for (std::size_t i = 0; i < *bucket; ++i) sum += kept[older + i];
      older += *bucket;
      const std::size_t newer = kept.size() - older;
      if (older < 2 || newer < 2) continue;
      const double apart = std::abs(sum / static_cast<double>(older) - (mean * n - sum) / static_cast<double>(newer));
      const double delta = std::exp(-told.statistic);
      if (!(delta < 1.0)) continue;
      const auto n0 = static_cast<std::int64_t>(older), n1 = static_cast<std::int64_t>(newer);
      most = std::max(most, apart / drift::adwin_epsilon(n0, n1, variance, delta));
      ++compared;
    }
    if (most > 0.0) CHECK(std::abs(most - 1.0) < 1e-8);
  }
  CHECK(compared > 1000);
  CHECK(detector.alarms() > 0);
  CHECK(detector.rule().width() < 400);
}

TEST_CASE("drift::adwin_detector: false alarms within 1000 values, measured elsewhere", "[oracle][stat]") {
  // Of independent values 0.0002; at an autocorrelation of 0.9 all runs.
  for (const auto cuts : {adwin_cuts::all, adwin_cuts::river})
    for (const double phi : {0.0, 0.9}) {
      int alarmed = 0;
      constexpr int runs = 60;
      const auto process = drift::autoregressive_scores(phi);
      for (int r = 0; r < runs; ++r) {
        drift::adwin_detector detector({.cuts = cuts});
        drift::score_simulator scores(process, 1, static_cast<std::uint64_t>(r));
        for (int t = 0; t < 1000; ++t) (void)detector.push(scores.next());
        if (detector.alarms() > 0) ++alarmed;
      }
      CHECK(alarmed == (phi == 0.0 ? 0 : runs));
    }
}

TEST_CASE("drift::adwin_detector: constant values, values as large as are let in, a window of one", "[edge]") {
  drift::adwin_detector constant({.check_every = 1});
  for (int t = 0; t < 3000; ++t) REQUIRE_FALSE(constant.push(0.1));
  CHECK(constant.rule().width() == 3000);
  CHECK(constant.push(1e300));  // counts as 1e100
  for (int t = 0; t < 100; ++t) CHECK(std::isfinite(constant.push(0.1).statistic));

  drift::adwin_detector smallest({.delta = 0.5, .check_every = 1, .grace = 1, .smallest = 1});
  libration::random_stream random(1);
  for (int t = 0; t < 1000; ++t) {
    (void)smallest.push(100.0 * random.next_normal());
    REQUIRE(smallest.rule().width() >= 1);
  }
}

TEST_CASE("drift::adwin_detector: what it refuses", "[failure]") {
  const auto refusal = [](const drift::adwin_options& options) {
    return message_of<argument_error>([&] { drift::adwin_detector detector(options); });
  };
  CHECK(refusal({.delta = 0.0}) == "drift::adwin_detector: .delta is 0, expected a number in (0, 1)");
  CHECK_THAT(refusal({.delta = 1.0}), Contains(".delta is 1,"));
  CHECK_THAT(refusal({.check_every = 0}), Contains(".check_every is 0, expected >= 1"));
  CHECK_THAT(refusal({.grace = 0}), Contains(".grace is 0"));
  CHECK_THAT(refusal({.smallest = 0}), Contains(".smallest is 0"));
}
