// SPDX-License-Identifier: MIT
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/drift.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace {

namespace drift = libration::drift;

// Through alarms, restarts, values that are not finite, a reset and a full bag.
template <class Detector>
void check(Detector detector) {
  Eigen::VectorXd x(6000);
  libration::random_stream(1).fill_normal(x);
  x.tail(3000).array() += 1.5;
  x[100] = std::numeric_limits<double>::quiet_NaN();
  std::int64_t alarms = 0;
  const auto run = [&] {
    for (const double score : x)
      if (detector.push(score)) ++alarms;
    detector.reset();
    for (const double score : x) (void)detector.push(score);
  };
  CHECK(libration_test::allocations_in(run) == 0);
  CHECK(alarms > 0);
}

}  // namespace

TEST_CASE("drift: a detector's push and reset allocate nothing", "[no-alloc]") {
  check(drift::cusum_detector());
  check(drift::page_hinkley_detector());
  check(drift::adwin_detector());
  check(drift::adwin_detector({.restart = true}));
  check(drift::e_detector());
  check(drift::conformal_detector({.capacity = 4000}));
  check(drift::conformal_detector({.bet = drift::conformal_bet::mixture, .capacity = 4000}));
  check(drift::conformal_detector({.bet = drift::conformal_bet::jumper, .capacity = 4000}));
  const auto process = drift::autoregressive_scores(0.5);
  check(drift::cusum_detector::uncalibrated(process, {}, true));
}

TEST_CASE("drift::state_monitor: a push allocates nothing", "[no-alloc]") {
  std::vector<Eigen::MatrixXd> runs(24, Eigen::MatrixXd(5, 60));
  for (std::size_t r = 0; r < runs.size(); ++r) libration::random_stream(2, r).fill_normal(runs[r]);
  const std::vector<Eigen::MatrixXd> held(runs.begin() + 12, runs.end());
  runs.resize(12);
  for (const Eigen::Index rank : {0, 2}) {
    drift::state_monitor watch(drift::reference(runs, {.by_position = true, .rank = rank}), held,
                               {.false_alarm_every = 50.0, .runs = 50});
    const Eigen::MatrixXd states = Eigen::MatrixXd::Random(5, 70);
    const Eigen::MatrixXf in_single = states.cast<float>();
    std::int64_t beyond = 0;
    const auto run = [&] {
      for (Eigen::Index t = 0; t < states.cols(); ++t)
        if (watch.push(states.col(t)).reading == drift::reading::no_reference) ++beyond;
      watch.reset();
      for (Eigen::Index t = 0; t < states.cols(); ++t) (void)watch.push(in_single.col(t));
    };
    CHECK(libration_test::allocations_in(run) == 0);
    CHECK(beyond == 10);
  }
}
