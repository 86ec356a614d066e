// SPDX-License-Identifier: MIT
#include <libration/rollout/ensemble.hpp>

#include <mutex>
#include <vector>

#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic_lattice.hpp>

#include "support/catch.hpp"

namespace maps = libration::maps;
namespace rollout = libration::rollout;

namespace {

struct refuses_lanes {
  static constexpr int dimension = 1;
  static constexpr bool lanes = false;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return h;
  }
};

}  // namespace

TEST_CASE("rollout::over_groups: every member once, whatever the threads", "[law]") {
  for (const int threads : {1, 2, 7}) {
    for (const std::int64_t members : {0, 1, 8, 9, 40}) {
      INFO(threads << " threads, " << members << " members");
      std::vector<int> visits(static_cast<std::size_t>(members), 0);
      std::vector<std::int64_t> done;
      rollout::over_groups(
          members, 8, threads, [&](const libration::progress& p) { done.push_back(p.done); },
          [&](std::int64_t first, std::int64_t size) {
            for (std::int64_t i = first; i < first + size; ++i) ++visits[static_cast<std::size_t>(i)];
          });
      for (const int count : visits) CHECK(count == 1);
      CHECK(static_cast<std::int64_t>(done.size()) == (members + 7) / 8);
      if (members > 0) CHECK(done.back() == members);
      for (std::size_t i = 1; i < done.size(); ++i) CHECK(done[i] > done[i - 1]);
    }
  }
}

TEST_CASE("rollout::member_of: a group that is not full repeats its last member", "[edge]") {
  CHECK(rollout::member_of(16, 8, 7) == 23);
  CHECK(rollout::member_of(16, 3, 2) == 18);
  CHECK(rollout::member_of(16, 3, 7) == 18);
  CHECK(rollout::member_of(0, 1, 5) == 0);
}

TEST_CASE("rollout::runs_in_lanes: small formulas that allow it", "[edge]") {
  STATIC_REQUIRE(rollout::runs_in_lanes<maps::henon>);
  STATIC_REQUIRE(rollout::runs_in_lanes<maps::logistic_lattice<8>>);
  STATIC_REQUIRE(!rollout::runs_in_lanes<maps::logistic_lattice<9>>);
  STATIC_REQUIRE(!rollout::runs_in_lanes<refuses_lanes>);
  STATIC_REQUIRE(!rollout::runs_in_lanes<maps::linear<>>);
}
