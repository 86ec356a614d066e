// SPDX-License-Identifier: MIT
#include <libration/drift/score_bag.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("drift::score_bag: ranks are those of a sorted list", "[differential]") {
  // Different scores, many ties, all alike, rising, falling.
  for (int kind = 0; kind < 5; ++kind) {
    libration::random_stream random(static_cast<std::uint64_t>(kind));
    drift::score_bag bag(3000);
    std::vector<double> sorted;
    bool same = true;
    for (int t = 0; t < 3000; ++t) {
      double x = random.next_normal();
      if (kind == 1) x = std::round(2.0 * x);
      if (kind == 2) x = 1.5;
      if (kind == 3) x = t / 7;
      if (kind == 4) x = -t;
      if (t == 1700) x = std::numeric_limits<double>::infinity();
      const auto low = std::lower_bound(sorted.begin(), sorted.end(), x), high = std::upper_bound(low, sorted.end(), x);
      const auto rank = bag.insert(x);
      same = same && rank.above == sorted.end() - high && rank.equal == high - low + 1;
      sorted.insert(high, x);
    }
    INFO(kind);
    CHECK(same);
    CHECK(bag.size() == 3000);
    bag.clear();
    CHECK(bag.insert(1.0).above == 0);
    CHECK(bag.insert(0.0).above == 1);
  }
}

TEST_CASE("drift::score_bag: capacities it refuses", "[failure]") {
  CHECK(message_of<argument_error>([] { drift::score_bag bag(0); }) ==
        "drift::score_bag: the capacity is 0, expected 1 to 100000000");
  CHECK_THAT(message_of<argument_error>([] { drift::score_bag bag(100'000'001); }), Contains("the capacity is 100000001"));
  CHECK(drift::score_bag(1).capacity() == 1);
}
