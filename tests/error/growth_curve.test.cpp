// SPDX-License-Identifier: MIT
#include <libration/error/growth_curve.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
using libration::argument_error;
using namespace libration_test;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

// Four pairs on two stretches, at three times.
error::growth_curve four_pairs() {
  error::growth_curve c;
  c.time = Eigen::Vector3d(0.0, 1.0, 2.0);
  c.error.resize(4, 3);
  c.error << 1.0, 2.0, 4.0,  //
      1.0, 8.0, 16.0,        //
      1.0, 1.0, 2.0,         //
      1.0, 4.0, 8.0;
  c.members = 2;
  return c;
}

}  // namespace

TEST_CASE("error::growth_curve: means, their errors over stretches, quantiles", "[oracle]") {
  const error::growth_curve c = four_pairs();
  CHECK(c.pairs() == 4);
  CHECK(c.points() == 3);
  CHECK(c.mean() == Eigen::Vector3d(1.0, 3.75, 7.5));
  // ln 2 times (1 + 3 + 0 + 2)/4 and (2 + 4 + 1 + 3)/4
  CHECK((c.mean_log() - std::log(2.0) * Eigen::Vector3d(0.0, 1.5, 2.5)).cwiseAbs().maxCoeff() < 4.0 * eps);
  // The stretches' means are 2 and 1, and 3 and 2, times ln 2: two values a distance d apart have the standard error d/2.
  CHECK((c.mean_log_error() - 0.5 * std::log(2.0) * Eigen::Vector3d(0.0, 1.0, 1.0)).cwiseAbs().maxCoeff() < 4.0 * eps);
  CHECK(c.quantile(0.0) == Eigen::Vector3d(1.0, 1.0, 2.0));
  CHECK(c.quantile(0.5) == Eigen::Vector3d(1.0, 3.0, 6.0));
  CHECK(c.quantile(1.0) == Eigen::Vector3d(1.0, 8.0, 16.0));
}

TEST_CASE("error::growth_curve: one stretch has no error, merged pairs no logarithm, and no pair nothing", "[edge]") {
  error::growth_curve c = four_pairs();
  c.members = 4;
  CHECK(c.mean_log_error().array().isNaN().all());
  c.error(0, 2) = 0.0;
  CHECK(c.mean_log()[2] == -std::numeric_limits<double>::infinity());
  CHECK_FALSE(c.starts_saturated());
  c.normalised_by_spread = true;
  CHECK(c.starts_saturated());
  c.error(1, 0) = 0.5;
  CHECK_FALSE(c.starts_saturated());
  CHECK_FALSE(error::growth_curve().starts_saturated());
}

TEST_CASE("error::norm: each of a vector of known length; a NaN is not lost", "[oracle]") {
  const Eigen::Vector4d d(1.0, -5.0, 3.0, 1.0);
  const auto at = [&](Eigen::Index i) { return d[i]; };
  CHECK(error::detail::measure(error::norm::euclidean, 4, at) == 6.0);
  CHECK(error::detail::measure(error::norm::maximum, 4, at) == 5.0);
  CHECK(error::detail::measure(error::norm::root_mean_square, 4, at) == 3.0);
  const auto broken = [&](Eigen::Index i) { return i == 1 ? std::numeric_limits<double>::quiet_NaN() : d[i]; };
  for (const auto kind : {error::norm::euclidean, error::norm::maximum, error::norm::root_mean_square})
    CHECK(std::isnan(error::detail::measure(kind, 4, broken)));
}

TEST_CASE("error::growth_curve: the spread is of the deviations, the magnitude of the whole state", "[oracle]") {
  error::detail::spread none(2, error::norm::euclidean, 0);
  CHECK(none.size() == 0.0);
  CHECK(none.magnitude() == 0.0);
  error::detail::spread s(2, error::norm::euclidean, 2);
  const auto add = [](error::detail::spread& to, const Eigen::VectorXd& h) {
    to.add([&](Eigen::Index i) { return h[i]; }, [](Eigen::Index, double x, double first) { return x - first; });
  };
  // Components 10 ± 3 and ± 4: deviations 3 and 4, root mean squares √109 and 4.
  add(s, Eigen::Vector2d(13.0, 4.0));
  add(s, Eigen::Vector2d(7.0, -4.0));
  CHECK(std::abs(s.size() - 5.0) < 8.0 * eps * 5.0);
  CHECK(std::abs(s.magnitude() - std::sqrt(125.0)) < 8.0 * eps * std::sqrt(125.0));
}

TEST_CASE("error::growth_curve: a coordinate that rises over the whole run has no spread, and is named", "[oracle]") {
  const libration::random_stream numbers(11);
  error::detail::spread s(4, error::norm::euclidean, 1000);
  for (std::uint64_t k = 0; k < 1000; ++k) {
    const double t = static_cast<double>(k);
    // Noise, a clock, a clock with noise, a turn.
    const double h[4] = {numbers.normal(2 * k), 0.5 * t, 0.02 * t + numbers.normal(2 * k + 1), std::sin(0.1 * t)};
    s.add([&](Eigen::Index i) { return h[i]; }, [](Eigen::Index, double x, double first) { return x - first; });
  }
  CHECK(s.drifting() == std::vector<Eigen::Index>{1, 2});
  CHECK(std::abs(s.size() - std::sqrt(1.5)) < 0.1);  // variances 1 and 1/2; four standard errors of the former
}

TEST_CASE("error::growth_curve: the spread of numbers whose squares leave the range", "[law][edge]") {
  for (const double unit : {1e-300, 1e-160, 1.0, 1e154, 1e300}) {
    error::detail::spread s(1, error::norm::euclidean, 4);
    for (const double x : {0.0, 1.0, -1.0, 4.0})
      s.add([&](Eigen::Index) { return x * unit; }, [](Eigen::Index, double y, double first) { return y - first; });
    CHECK(std::abs(s.size() / unit - std::sqrt(3.5)) < 16.0 * eps);
    CHECK(std::abs(s.magnitude() / unit - std::sqrt(4.5)) < 16.0 * eps);
  }
}

TEST_CASE("error::growth_options: what is in range passes", "[edge]") {
  CHECK(message_of<argument_error>([] { error::validate(error::growth_options{}, "who"); }).empty());
  CHECK(message_of<argument_error>([] { error::validate({.size = -1.0}, "who"); }) == "who: .size is -1, expected > 0");
}
