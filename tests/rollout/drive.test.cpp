// SPDX-License-Identifier: MIT
#include <libration/rollout/drive.hpp>

#include <limits>
#include <stop_token>
#include <vector>

#include <libration/maps/logistic.hpp>
#include <libration/rollout/ensemble.hpp>
#include <libration/tangent/formula_system.hpp>

#include "support/catch.hpp"

namespace rollout = libration::rollout;
using libration::state;
using libration::status;

namespace {

// h' = h + 1, and from 1e6 on times 1e30: every step can be counted, and large starts soon overflow.
struct counter {
  static constexpr int dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {libration::select(h[0] < 1e6, h[0] + 1.0, 1e30 * h[0])};
  }
};

using system_type = libration::tangent::formula_system<counter, double, 1>;
using packet = libration::lanes<double, 8>;
using lanes_system = libration::tangent::formula_system<counter, packet, 1>;

template <class System>
struct recorder {
  static constexpr bool needs_tangent = false;
  std::int64_t warm = 0, enough = std::numeric_limits<std::int64_t>::max();
  std::vector<std::int64_t> times = {};
  std::vector<double> states = {}, images = {};
  std::vector<std::pair<status, std::int64_t>> ends = {};
  typename System::mask ended = libration::everywhere<typename System::mask>(false);
  int concluded = 0;

  std::int64_t warm_up() const { return warm; }
  bool done() const { return static_cast<std::int64_t>(times.size()) >= enough; }
  void observe(const rollout::step_view<System>& view) {
    times.push_back(view.t);
    states.push_back(libration::lane_value(view.h[0], 0));
    images.push_back(libration::lane_value(view.next[0], 0));
  }
  void end(const typename System::mask& lanes, status how, std::int64_t t, const typename System::state_type&) {
    ends.emplace_back(how, t);
    ended = ended || lanes;
  }
  void conclude(const rollout::step_view<System>& view) {
    ++concluded;
    CHECK(libration::lane_value(view.next[0], 0) == images.back());
    CHECK(view.t == times.back());
  }
};

}  // namespace

TEST_CASE("rollout::drive: each observer sees its own warm-up and the counted steps, after the transient", "[oracle]") {
  const counter map;
  system_type system(map);
  rollout::no_inputs none;
  recorder<system_type> early{.warm = 7}, late{.warm = 2};
  const auto steps = rollout::drive(system, state<double, 1>{0.0}, none, {.transient = 10, .steps = 300}, early, late);
  CHECK(steps == 317);
  REQUIRE(early.times.size() == 307);
  REQUIRE(late.times.size() == 302);
  CHECK(early.times.front() == 10);
  CHECK(late.times.front() == 15);  // the same steps are counted by both
  CHECK(early.times.back() == 316);
  CHECK(late.times.back() == 316);
  for (std::size_t i = 0; i < early.times.size(); ++i) {
    CHECK(early.states[i] == static_cast<double>(early.times[i]));
    CHECK(early.images[i] == static_cast<double>(early.times[i] + 1));
  }
  CHECK(early.concluded == 1);
  CHECK(early.ends.empty());
}

TEST_CASE("rollout::drive: it ends when every observer is done", "[edge]") {
  const counter map;
  system_type system(map);
  rollout::no_inputs none;
  recorder<system_type> soon{.enough = 5}, later{.enough = 50};
  CHECK(rollout::drive(system, state<double, 1>{0.0}, none, {.steps = 1000}, soon, later) == 50);
  CHECK(later.times.size() == 50);
}

TEST_CASE("rollout::drive: an orbit that is no longer finite ends there, each lane at its own step", "[failure]") {
  const counter map;
  system_type system(map);
  rollout::no_inputs none;
  recorder<system_type> seen;
  // From 1e6 on times 1e30: 1e36, 1e66, ... 1e306, infinity at the 11th.
  CHECK(rollout::drive(system, state<double, 1>{1e6}, none, {.steps = 1000}, seen) == 10);
  REQUIRE(seen.ends.size() == 1);
  CHECK(seen.ends[0].first == status::diverged);
  CHECK(seen.ends[0].second == 10);
  CHECK(seen.concluded == 0);

  lanes_system many(map);
  recorder<lanes_system> lanes;
  packet start(0.0);
  start[3] = 1e6;
  start[5] = 1e6 - 2.0;
  CHECK(rollout::drive(many, state<packet, 1>{start}, none, {.steps = 100}, lanes) == 100);
  REQUIRE(lanes.ends.size() == 2);
  CHECK(lanes.ends[0].second == 10);
  CHECK(lanes.ends[1].second == 12);
  for (int lane = 0; lane < 8; ++lane) CHECK(libration::lane_of(lanes.ended, lane) == (lane == 3 || lane == 5));
  CHECK(lanes.concluded == 1);
  CHECK(lanes.times.size() == 100);
}

TEST_CASE("rollout::drive: a stop token ends the run, and progress rises to the end", "[failure]") {
  const counter map;
  system_type system(map);
  rollout::no_inputs none;
  std::vector<std::int64_t> done;
  std::stop_source source;
  rollout::drive_options options{.transient = 100, .steps = 100'000};
  options.on_progress = [&](const libration::progress& p) {
    CHECK(p.total == 100'100);
    done.push_back(p.done);
  };
  recorder<system_type> all;
  CHECK(rollout::drive(system, state<double, 1>{0.0}, none, options, all) == 100'100);
  REQUIRE(done.size() > 2);
  for (std::size_t i = 1; i < done.size(); ++i) CHECK(done[i] > done[i - 1]);
  CHECK(done.back() == 100'100);
  CHECK(done.size() <= 1001);

  options.on_progress = [&](const libration::progress& p) {
    if (p.done > 5000) source.request_stop();
  };
  options.stop = source.get_token();
  recorder<system_type> part;
  const auto steps = rollout::drive(system, state<double, 1>{0.0}, none, options, part);
  CHECK(steps > 5000);
  CHECK(steps < 7000);
  REQUIRE(part.ends.size() == 1);
  CHECK(part.ends[0].first == status::cancelled);
  CHECK(part.ends[0].second == steps);
  CHECK(part.concluded == 0);
}

TEST_CASE("rollout::drive: as many steps as the type holds go on until the run is stopped, whatever the transients", "[edge]") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const counter map;
  system_type system(map);
  rollout::no_inputs none;
  for (const rollout::drive_options& lengths : {rollout::drive_options{.transient = 1000, .steps = most},
                                                rollout::drive_options{.transient = most, .steps = 10},
                                                rollout::drive_options{.transient = most, .steps = most}}) {
    std::stop_source source;
    rollout::drive_options options = lengths;
    options.on_progress = [&](const libration::progress& p) {
      CHECK(p.total == most);
      source.request_stop();
    };
    options.stop = source.get_token();
    struct : recorder<system_type> {
      void observe(const rollout::step_view<system_type>&) {}
    } seen;
    seen.warm = 100;
    const auto steps = rollout::drive(system, state<double, 1>{-1e7}, none, options, seen);
    CHECK(steps > 0);
    CHECK(steps < 1'100'000);  // progress is told once in a million steps
    REQUIRE(seen.ends.size() == 1);
    CHECK(seen.ends[0].first == status::cancelled);
  }
}
