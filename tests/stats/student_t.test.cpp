// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>
#include <numbers>

#include <libration/stats/student_t.hpp>

#include "support/catch.hpp"

using namespace libration::stats;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

bool close(double a, double b, double relative) { return std::abs(a - b) <= relative * std::abs(b); }

// Closed forms of the tail P(X > t).
double tail_1(double t) { return std::atan2(1.0, t) / std::numbers::pi; }
double tail_2(double t) { return 1.0 / (std::sqrt(2.0 + t * t) * (std::sqrt(2.0 + t * t) + t)); }
double tail_4(double t) {
  const double s = t / std::sqrt(4.0 + t * t);  // 1/2 - 3/4 (s - s^3/3), the zero of third order at s = 1 taken out
  const double gap = 4.0 / ((4.0 + t * t) * (1.0 + s));  // 1 - s
  return 0.25 * gap * gap * (2.0 + s);
}

}  // namespace

TEST_CASE("stats::student_t: tails agree with the closed forms for 1, 2 and 4 degrees", "[oracle]") {
  for (const double t : {1e-8, 1e-3, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0, 1e4, 1e8}) {
    CAPTURE(t);
    CHECK(close(student_t_tail(t, 1.0), tail_1(t), 1e-12));
    CHECK(close(student_t_tail(t, 2.0), tail_2(t), 1e-12));
    CHECK(close(student_t_tail(t, 4.0), tail_4(t), 1e-12));
    CHECK(close(student_t_tail(-t, 2.0), 1.0 - tail_2(t), 1e-12));
  }
  CHECK(student_t_tail(0.0, 5.0) == 0.5);
  CHECK(student_t_tail(infinity, 5.0) == 0.0);
  CHECK(std::isnan(student_t_tail(std::nan(""), 5.0)));
}

TEST_CASE("stats::student_t: quantiles agree with the closed forms for 1 and 2 degrees", "[oracle]") {
  for (const double p : {1e-15, 1e-6, 0.001, 0.025, 0.1, 0.3, 0.45, 0.4999}) {
    CAPTURE(p);
    const double cauchy = -1.0 / std::tan(std::numbers::pi * p);
    const double two = -(1.0 - 2.0 * p) / std::sqrt(2.0 * p * (1.0 - p));
    CHECK(close(student_t_quantile(p, 1.0), cauchy, 1e-11));
    CHECK(close(student_t_quantile(p, 2.0), two, 1e-11));
    if (p > 1e-4) {  // 1 - p is then known well enough
      CHECK(close(student_t_quantile(1.0 - p, 1.0), -cauchy, 1e-10));
      CHECK(close(student_t_quantile(1.0 - p, 2.0), -two, 1e-10));
    }
  }
}

// The values that every printed table of the distribution has.
TEST_CASE("stats::student_t: table values", "[oracle]") {
  CHECK(std::abs(student_t_quantile(0.975, 4) - 2.776) < 5e-4);
  CHECK(std::abs(student_t_quantile(0.975, 10) - 2.228) < 5e-4);
  CHECK(std::abs(student_t_quantile(0.975, 16) - 2.120) < 5e-4);
  CHECK(std::abs(student_t_quantile(0.995, 30) - 2.750) < 5e-4);
  CHECK(std::abs(normal_quantile(0.975) - 1.959963984540054) < 1e-14);
  CHECK(std::abs(normal_quantile(0.995) - 2.575829303548901) < 1e-14);
}

TEST_CASE("stats::student_t: the quantile inverts the tail, whole degrees or not", "[law]") {
  for (const double degrees : {0.3, 0.7, 1.0, 3.0, 7.5, 16.0, 24.0, 100.0, 1000.0, 19'999.0}) {
    for (const double p : {1e-15, 1e-9, 1e-4, 0.005, 0.025, 0.2, 0.49}) {
      CAPTURE(degrees, p);
      CHECK(close(student_t_tail(-student_t_quantile(p, degrees), degrees), p, 1e-11));
    }
  }
  for (const double p : {1e-300, 1e-20, 1e-9, 0.025, 0.3, 0.4999}) {
    CAPTURE(p);
    // A relative rounding of z changes the tail by z^2 eps.
    const double z = -normal_quantile(p);
    CHECK(close(normal_tail(z), p, 4.0 * std::numeric_limits<double>::epsilon() * (2.0 + z * z)));
  }
}

TEST_CASE("stats::student_t: the density is the derivative of the tail", "[differential]") {
  for (const double degrees : {0.5, 1.0, 4.0, 16.0, 300.0, infinity}) {
    for (const double t : {0.1, 1.0, 3.0}) {
      CAPTURE(degrees, t);
      const double h = 1e-4;
      const double slope = (student_t_tail(t - h, degrees) - student_t_tail(t + h, degrees)) / (2.0 * h);
      CHECK(std::abs(slope - student_t_density(t, degrees)) < 1e-8);  // h^2/6 f'' and rounding 1e-12
    }
  }
}

TEST_CASE("stats::student_t: many degrees are the normal distribution, without a step", "[law]") {
  for (const double p : {1e-12, 1e-4, 0.025, 0.3}) {
    CAPTURE(p);
    CHECK(student_t_quantile(p, infinity) == normal_quantile(p));
    CHECK(close(student_t_quantile(p, 1e12), normal_quantile(p), 1e-10));
    // Across the change of method, the quantile changes by its derivative in 1/degrees.
    const double z = normal_quantile(p);
    const double below = student_t_quantile(p, 19'999.9), above = student_t_quantile(p, 20'000.0);
    const double change = (z * z * z + z) / 4.0 * (1.0 / 19'999.9 - 1.0 / 20'000.0);
    CHECK(std::abs(below - above - change) < 1e-11 * std::abs(z));
  }
}

TEST_CASE("stats::student_t: symmetry, ends and what is refused", "[edge][failure]") {
  CHECK(student_t_quantile(0.5, 3.0) == 0.0);
  CHECK(std::abs(normal_quantile(0.5)) < 1e-16);
  CHECK(student_t_quantile(0.25, 3.0) == -student_t_quantile(0.75, 3.0));
  CHECK(student_t_quantile(0.0, 3.0) == -infinity);
  CHECK(student_t_quantile(1.0, 3.0) == infinity);
  CHECK(normal_quantile(0.0) == -infinity);
  CHECK(normal_quantile(1.0) == infinity);
  CHECK_THROWS_AS(student_t_quantile(-0.1, 3.0), libration::argument_error);
  CHECK_THROWS_AS(student_t_quantile(1.1, 3.0), libration::argument_error);
  CHECK_THROWS_AS(student_t_quantile(std::nan(""), 3.0), libration::argument_error);
  CHECK_THROWS_AS(student_t_quantile(0.9, 0.0), libration::argument_error);
  CHECK_THROWS_AS(student_t_quantile(0.9, std::nan("")), libration::argument_error);
  CHECK_THROWS_AS(normal_quantile(2.0), libration::argument_error);
}
