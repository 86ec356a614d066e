// SPDX-License-Identifier: MIT
#include <libration/drift/monitor.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/drift/adwin.hpp>
#include <libration/drift/conformal_martingale.hpp>
#include <libration/drift/cusum_detector.hpp>
#include <libration/drift/e_detector.hpp>
#include <libration/drift/page_hinkley.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

static_assert(drift::detector<drift::cusum_detector> && drift::detector<drift::page_hinkley_detector> &&
              drift::detector<drift::adwin_detector> && drift::detector<drift::conformal_detector> &&
              drift::detector<drift::e_detector>);
static_assert(!drift::detector<drift::cusum_rule>);
static_assert(drift::explain_detector_rule<drift::adwin_rule>() == std::string_view("it is a detector's rule"));

// A rule of one's own: the value itself.
struct shewhart_options {
  double threshold = 3.0;
};
struct shewhart_rule {
  using options_type = shewhart_options;
  static constexpr bool alarms_at_threshold = false;
  explicit shewhart_rule(const shewhart_options& o) : limit(o.threshold) {}
  double update(double z) noexcept { return z; }
  void restart(double) noexcept {}
  void reset() noexcept {}
  double threshold() const noexcept { return limit; }
  double limit;
};
static_assert(drift::detector<drift::monitor<shewhart_rule>>);

struct forgetful : shewhart_rule {
  using shewhart_rule::shewhart_rule;
  void reset() = delete;
};
struct throwing : shewhart_rule {
  using shewhart_rule::shewhart_rule;
  double update(double z) { return z; }
};
static_assert(drift::explain_detector_rule<forgetful>() ==
              std::string_view("it has no restart(double) noexcept and reset() noexcept"));
static_assert(drift::explain_detector_rule<throwing>() == std::string_view("it has no double update(double) noexcept"));
static_assert(!drift::detector_rule<forgetful> && !drift::detector_rule<throwing>);
static_assert(drift::explain_detector_rule<int>() == std::string_view("it has no options_type"));

// Every detector, near its alarm as well as after it, with and without values that are not numbers in between.
template <class Detector>
void check_contract(Detector plain) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  Detector disturbed = plain;
  libration::random_stream random(11);
  std::int64_t alarms = 0, last = -1;
  for (int t = 0; t < 3000; ++t) {
    const double x = random.next_normal() + (t > 1500 ? 1.5 : 0.0);
    if (t % 3 == 0) {
      for (const double bad : {nan, inf, -inf}) {
        const auto told = disturbed.push(bad);
        CHECK(told.reading == drift::reading::not_finite);
        CHECK_FALSE(told);
      }
    }
    const auto told = plain.push(x), also = disturbed.push(x);
    REQUIRE(told.statistic == also.statistic);
    REQUIRE(told.alarm == also.alarm);
    REQUIRE(plain.statistic() == told.statistic);
    if (told) {
      ++alarms;
      last = t;
      CHECK(told.statistic >= plain.threshold());
    }
    REQUIRE(plain.last_alarm() == last);
  }
  CHECK(alarms > 0);
  CHECK(plain.alarms() == alarms);
  CHECK(plain.pushed() == 3000);
  CHECK(disturbed.skipped() == 3000);
  CHECK(disturbed.pushed() == 6000);

  // As new after a reset, with the same threshold.
  const double threshold = plain.threshold();
  plain.reset();
  CHECK(plain.threshold() == threshold);
  CHECK(plain.alarms() == 0);
  CHECK(plain.last_alarm() == -1);
  libration::random_stream again(11);
  std::int64_t first = -1;
  for (int t = 0; t < 3000; ++t)
    if (plain.push(again.next_normal() + (t > 1500 ? 1.5 : 0.0)) && first < 0) first = t;
  CHECK(first >= 0);
  CHECK(plain.alarms() == alarms);
}

}  // namespace

TEST_CASE("drift::monitor: values that are not finite change nothing, a reset makes it as new", "[law][failure]") {
  check_contract(drift::cusum_detector());
  check_contract(drift::cusum_detector({.two_sided = true}));
  check_contract(drift::page_hinkley_detector());
  check_contract(drift::adwin_detector());
  check_contract(drift::adwin_detector({.restart = true}));
  check_contract(drift::conformal_detector());
  check_contract(drift::conformal_detector({.bet = drift::conformal_bet::jumper}));
  check_contract(drift::e_detector());
  check_contract(drift::e_detector({.form = drift::e_form::shiryaev_roberts}));
  check_contract(drift::monitor<shewhart_rule>());
  const auto process = drift::autoregressive_scores(0.5);
  check_contract(drift::cusum_detector::uncalibrated(process, {}, true));
  check_contract(drift::e_detector(process, {.false_alarm_every = 100.0, .runs = 50}));
}

TEST_CASE("drift::monitor: scores are standardised by the process", "[law]") {
  const auto process = drift::autoregressive_scores(0.6, -4.0, 2.5);
  auto plain = drift::monitor<shewhart_rule>::uncalibrated(process);
  CHECK(plain.push(-4.0).statistic == 0.0);
  CHECK(plain.push(1.0).statistic == 2.0);
  auto white = drift::monitor<shewhart_rule>::uncalibrated(process, {}, true);
  CHECK(white.push(1.0).statistic == 2.0);
  CHECK(std::abs(white.push(1.0).statistic - (5.0 - 0.6 * 5.0) / (2.5 * 0.8)) < 1e-14);
  CHECK(white.calibration().status == status::not_run);
}

TEST_CASE("drift::monitor: processes it refuses", "[failure]") {
  const drift::score_process none;
  CHECK(message_of<argument_error>([&] { drift::cusum_detector d(none); }) ==
        "drift::monitor: the process has the status not_run, expected ok");
  const auto constant = drift::fit_scores(Eigen::VectorXd::Ones(50));
  CHECK_THAT(message_of<argument_error>([&] { drift::e_detector d(constant, {.false_alarm_every = 100.0}); }),
             Contains("the process has the status not_resolved"));
  CHECK_THAT(message_of<argument_error>([&] { (void)drift::e_detector::uncalibrated(constant); }),
             Contains("the process has the status not_resolved"));
  // A bag that is full before any such run ends.
  CHECK_THAT(message_of<argument_error>([&] {
               drift::conformal_detector d(drift::autoregressive_scores(0.5), {.false_alarm_every = 1000.0, .runs = 20},
                                           {.capacity = 2});
             }),
             Contains("no threshold gives a false alarm every 1000 scores"));
}
