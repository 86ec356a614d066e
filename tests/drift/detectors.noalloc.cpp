// SPDX-License-Identifier: MIT
#include <limits>

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
