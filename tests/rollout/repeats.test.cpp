// SPDX-License-Identifier: MIT
#include <libration/rollout/repeats.hpp>

#include <limits>

#include <libration/maps/logistic.hpp>
#include <libration/tangent/formula_system.hpp>

#include "support/catch.hpp"

namespace rollout = libration::rollout;
using libration::state;

namespace {

using system_type = libration::tangent::formula_system<libration::maps::logistic, double, 1>;
using packet = libration::lanes<double, 8>;
using lanes_system = libration::tangent::formula_system<libration::maps::logistic, packet, 1>;

// A counter that runs up to `tail` and then around a cycle.
std::int64_t place(std::int64_t t, std::int64_t tail, std::int64_t period) { return t < tail ? t : tail + (t - tail) % period; }

}  // namespace

TEST_CASE("rollout::repeats: the length of a cycle, whatever leads to it", "[oracle]") {
  for (const std::int64_t tail : {0, 1, 5, 100}) {
    for (const std::int64_t period : {1, 2, 3, 7, 64, 200}) {
      INFO("tail " << tail << ", period " << period);
      rollout::repeats<system_type> cycle(state<double, 1>{0.0});
      CHECK(cycle.start()[0] == 0.0);
      std::int64_t found_at = -1;
      for (std::int64_t t = 0; t < 2000; ++t) {
        cycle.observe(t, {static_cast<double>(place(t + 1, tail, period))});
        if (cycle.found() && found_at < 0) found_at = t + 1;
      }
      CHECK(cycle.period(0) == period);
      REQUIRE(found_at > 0);
      // The state is kept at powers of two: the first one that is in the cycle and as long as it, and one turn.
      std::int64_t anchor = 1;
      while (anchor < std::max(tail, period)) anchor *= 2;
      CHECK(found_at <= anchor + period);
    }
  }
}

TEST_CASE("rollout::repeats: nothing where nothing repeats, and each lane by itself", "[edge]") {
  rollout::repeats<system_type> none(state<double, 1>{0.0});
  for (std::int64_t t = 0; t < 1000; ++t) none.observe(t, {static_cast<double>(t + 1)});
  CHECK(!none.found());
  CHECK(none.period(0) == 0);
  rollout::repeats<lanes_system> lanes(state<packet, 1>{packet(0.0)});
  for (std::int64_t t = 0; t < 1000; ++t) {
    packet x;
    for (int lane = 0; lane < 8; ++lane)
      x[lane] = lane == 0 ? static_cast<double>(t + 1) : static_cast<double>(place(t + 1, 10 * lane, lane));
    lanes.observe(t, {x});
  }
  for (int lane = 0; lane < 8; ++lane) CHECK(lanes.period(lane) == lane);
}

TEST_CASE("rollout::all_finite: every component is looked at", "[edge]") {
  constexpr double inf = std::numeric_limits<double>::infinity();
  CHECK(rollout::all_finite(state<double, 3>{1.0, -1e308, 1e308}));
  CHECK(!rollout::all_finite(state<double, 3>{1.0, 2.0, inf}));
  CHECK(!rollout::all_finite(state<double, 2>{-inf, 2.0}));
  CHECK(!rollout::all_finite(state<double, 2>{1.0, std::numeric_limits<double>::quiet_NaN()}));
  Eigen::VectorXd h = Eigen::VectorXd::Ones(5);
  CHECK(rollout::all_finite(h));
  h[4] = inf;
  CHECK(!rollout::all_finite(h));
}
