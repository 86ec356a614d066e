// SPDX-License-Identifier: MIT
#include <libration/error/horizon.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/growth.hpp>
#include <libration/error/growth_ensemble.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace maps = libration::maps;
using libration::argument_error;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

error::growth_curve exponential(double rate, int pairs, int points, double spacing) {
  error::growth_curve curve;
  curve.time = Eigen::VectorXd::LinSpaced(points, 0.0, (points - 1) * spacing);
  curve.error.resize(pairs, points);
  for (int i = 0; i < pairs; ++i) curve.error.row(i) = 1e-6 * (1.0 + 0.01 * i) * (rate * curve.time.array()).exp().transpose();
  return curve;
}

}  // namespace

TEST_CASE("error::horizon: an exponential error crosses at ln(theta/e0)/lambda", "[oracle]") {
  const double spacing = 0.01;
  const auto curve = exponential(0.9, 41, 2000, spacing);
  const auto r = error::horizon(curve, {.threshold = 0.4, .exponent = 0.9});
  CHECK(r.censored == 0);
  for (int i = 0; i < 41; ++i) {
    const double exact = std::log(0.4 / (1e-6 * (1.0 + 0.01 * i))) / 0.9;
    CHECK(r.crossing[i] >= exact - 1e-9);
    CHECK(r.crossing[i] < exact + spacing + 1e-9);
  }
  CHECK(std::abs(r.median.time - r.crossing[20]) < spacing + 1e-9);
  CHECK(r.median.lower <= r.median.time);
  CHECK(r.median.upper >= r.median.time);
  CHECK(std::abs(r.predicted - r.median.time) < 0.02);
  CHECK(std::abs(r.lyapunov_times() - r.median.time * 0.9) < 1e-12);
  CHECK(r.survival.at(0).survival == 1.0);
}

TEST_CASE("error::horizon: a threshold that is never reached, and one that is passed from the start", "[edge]") {
  const auto curve = exponential(0.9, 10, 500, 0.01);
  const auto never = error::horizon(curve, {.threshold = 1.0});
  CHECK(never.censored == 10);
  CHECK(never.median.time == infinity);
  CHECK(never.crossing.minCoeff() == infinity);
  CHECK(std::isnan(never.predicted));
  CHECK(std::isnan(never.lyapunov_times()));
  const auto at_once = error::horizon(curve, {.threshold = 1e-7, .exponent = 0.9});
  CHECK(at_once.crossing.maxCoeff() == 0.0);
  CHECK(at_once.median.time == 0.0);
  CHECK(at_once.predicted == 0.0);
}

TEST_CASE("error::horizon: pairs that share a stretch make the interval wider, not narrower", "[law][stat]") {
  // 20 stretches that differ, each with 50 members that are all alike.
  auto few = exponential(0.9, 20, 2000, 0.01);
  for (int i = 0; i < 20; ++i) few.error.row(i) *= std::exp(0.2 * i);
  error::growth_curve many = few;
  many.members = 50;
  many.error.resize(1000, few.points());
  for (int i = 0; i < 1000; ++i) many.error.row(i) = few.error.row(i / 50);
  const auto a = error::horizon(few), b = error::horizon(many);
  CHECK(std::abs(a.median.time - b.median.time) < 0.25);
  const double wide = a.median.upper - a.median.lower, shared = b.median.upper - b.median.lower;
  CHECK(shared > 0.6 * wide);
  CHECK(shared < 1.6 * wide);
}

TEST_CASE("error::horizon: one stretch has no interval, and no error at the start no prediction", "[edge]") {
  auto shared = exponential(0.9, 40, 2000, 0.01);
  shared.members = 40;
  const auto r = error::horizon(shared, {.exponent = 0.9});
  CHECK(std::isnan(r.median.lower));
  CHECK(std::isnan(r.median.upper));
  CHECK(r.median_steps() == r.median.time);
  shared.error.col(0).setZero();
  CHECK(std::isnan(error::horizon(shared, {.exponent = 0.9}).predicted));
}

TEST_CASE("error::horizon: Lorenz's system, measured beside predicted", "[stat][heavy]") {
  Eigen::MatrixXd starts(3, 300);
  libration::random_stream(3).fill_normal(starts);
  starts.row(2).array() += 25.0;
  const auto curve =
      error::growth_ensemble(maps::rk4(maps::lorenz63{}, 0.01), starts,
                             {.size = 1e-6, .direction = error::direction::leading, .steps = 3000, .every = 5, .transient = 500})
          .curve;
  const auto r = error::horizon(curve, {.exponent = 0.9057});
  CHECK(r.censored == 0);
  // An exponent predicts the mean growth; single curves spread about it, and the last doublings are slower.
  CHECK(r.predicted > 10.0);
  CHECK(std::abs(r.median.time / r.predicted - 1.0) < 0.15);
  CHECK(r.median.upper - r.median.lower < 0.15 * r.median.time);
}

TEST_CASE("error::predicted_noise_horizon: sums of what each step adds", "[oracle]") {
  for (const double rate : {-0.3, -1e-3, 1e-3, 0.4}) {
    const double noise = 1e-3, factor = std::exp(2.0 * rate);
    double squares = 0.0;
    for (int n = 1; n <= 20; ++n) {
      squares = factor * squares + noise * noise;
      CHECK(std::abs(error::predicted_noise_horizon(std::sqrt(squares), noise, rate) / n - 1.0) < 1e-9);
    }
  }
  CHECK(error::predicted_noise_horizon(2.0, 0.5, 0.0) == 16.0);
  CHECK(error::predicted_noise_horizon(1.0, 0.1, -0.5) == infinity);
  CHECK(error::predicted_horizon(1.0, 0.1, -0.5) == infinity);
}

TEST_CASE("error::horizon: refusals", "[failure]") {
  const auto curve = exponential(0.9, 2, 5, 1.0);
  const auto refusal = [](const error::growth_curve& c, const error::horizon_options& options) {
    return message_of<argument_error>([&] { (void)error::horizon(c, options); });
  };
  CHECK_THAT(refusal(curve, {.threshold = 0.0}), Contains("error::horizon: .threshold is 0, expected > 0"));
  CHECK_THAT(refusal(curve, {.level = 1.0}), Contains(".level is 1"));
  CHECK_THAT(refusal({}, {}), Contains("no pair"));
}
