// SPDX-License-Identifier: MIT
#include <libration/lyapunov/interval.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using libration::lanes;
using libration::lyapunov::interval_control;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
const double target = std::pow(eps, -0.4);

// Plays orthonormalisations whose condition grows by e^rate a step. \return the last interval
std::int64_t settle(interval_control<double, 1>& control, double rate, std::int64_t& now, int times) {
  std::int64_t length = 0;
  for (int i = 0; i < times; ++i) {
    const std::int64_t next = control.next(now);
    length = next - now;
    now = next;
    control.adapt(true, now, std::exp(rate * static_cast<double>(length)));
  }
  return length;
}

}  // namespace

TEST_CASE("lyapunov::interval_control: a forced interval is kept", "[edge]") {
  interval_control<double, 1> control(7, 64, eps);
  std::int64_t now = 0;
  CHECK(settle(control, 5.0, now, 10) == 7);
  CHECK(now == 70);
  CHECK(!control.due(76));
  CHECK(control.due(77));
  CHECK(control.since(75) == 5.0);
  // At the type's limit it never ends.
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const interval_control<double, 1> endless(most, most, eps);
  CHECK(endless.next(0) == most);
  CHECK(!endless.due(1'000'000));
}

TEST_CASE("lyapunov::interval_control: the longest interval that keeps the condition below its target", "[oracle]") {
  for (const double rate : {0.1, 0.5, 2.04, 14.0, 40.0}) {
    interval_control<double, 1> control(0, 1000, eps);
    std::int64_t now = 0;
    const auto length = settle(control, rate, now, 300);
    INFO("rate " << rate << ", interval " << length);
    CHECK(static_cast<double>(length) * rate <= std::log(target) * (1.0 + 1e-9) + (length == 1 ? 1e9 : 0.0));
    CHECK(static_cast<double>(length + 2) * rate >= std::log(target));  // down to a whole step, and one for the fading
  }
  interval_control<double, 1> calm(0, 100, eps);
  std::int64_t now = 0;
  CHECK(settle(calm, 0.0, now, 50) == 100);  // no condition at all: the longest
}

TEST_CASE("lyapunov::interval_control: it begins with one step and grows by half at most", "[law]") {
  interval_control<double, 1> control(0, 1000, eps);
  std::int64_t now = 0, last = 0;
  for (int i = 0; i < 20; ++i) {
    const std::int64_t length = settle(control, 1e-3, now, 1);
    if (i == 0) CHECK(length == 1);
    if (i > 0) CHECK(static_cast<double>(length) <= 1.5 * static_cast<double>(last) + 0.5);
    last = length;
  }
  const std::int64_t before = control.next(now) - now;
  control.shorten(0, now);
  CHECK(control.next(now) - now <= before / 2 + 1);
}

TEST_CASE("lyapunov::interval_control: columns lost together, without any condition, shorten the intervals to come", "[law]") {
  // All columns shrink alike: the condition is 1, and after 62 steps they have left the range of numbers.
  interval_control<double, 1> control(0, 64, eps);
  std::int64_t now = 0, lost = 0, number = 0;
  while (now < 100'000) {
    const std::int64_t next = control.next(now);
    ++number;
    if (next - now >= 62) {
      ++lost;
      now = next;
      control.shorten(0, now);
      CHECK(control.next(now) - now <= 32);
      control.adapt(true, ++now, 1.0);
      CHECK(control.next(now) - now <= 32);  // also after the next orthonormalisation
    } else {
      now = next;
      control.adapt(true, now, 1.0);
    }
  }
  CHECK(lost >= 1);
  CHECK(lost <= number / 50);
  CHECK(number < 100'000 / 32);
}

TEST_CASE("lyapunov::interval_control: lanes have powers of two that end at their multiples", "[law]") {
  using real = lanes<double, 8>;
  interval_control<real, 8> control(0, 64, eps);
  std::int64_t now = 0;
  for (int i = 0; i < 200; ++i) {
    now = control.next(now);
    const auto due = control.due(now);
    CHECK(any(due));
    real condition;
    for (int lane = 0; lane < 8; ++lane) condition[lane] = std::exp(0.3 * (lane + 1) * control.since(now)[lane]);
    for (int lane = 0; lane < 8; ++lane) {
      if (!libration::lane_of(due, lane)) continue;
      const auto since = static_cast<std::int64_t>(control.since(now)[lane]);
      CHECK((since & (since - 1)) == 0);
      CHECK(now % since == 0);
      CHECK(0.3 * (lane + 1) * static_cast<double>(since) <= std::log(target) * (1.0 + 1e-9));
    }
    control.adapt(due, now, condition);
  }
}
