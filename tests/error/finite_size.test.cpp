// SPDX-License-Identifier: MIT
#include <libration/error/finite_size.hpp>

#include <cmath>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/growth_ensemble.hpp>
#include <libration/maps/henon.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
namespace maps = libration::maps;
using Eigen::MatrixXd;
using libration::argument_error;
using namespace libration_test;

TEST_CASE("error::finite_size_exponent: exponential curves have their rate at every size, whatever the steps", "[oracle]") {
  error::growth_curve curve;
  const double rate = 0.7;
  curve.time = Eigen::VectorXd::LinSpaced(61, 0.0, 30.0);
  curve.error.resize(4, 61);
  for (int p = 0; p < 4; ++p) curve.error.row(p) = (1e-8 * (1.0 + 0.2 * p)) * (rate * curve.time.array()).exp().transpose();
  const auto r = error::finite_size_exponent(curve, {.ratio = 3.0, .largest = 1.0});
  REQUIRE(r.size.size() >= 10);
  for (Eigen::Index k = 0; k < r.size.size(); ++k) {
    CHECK(r.count[k] + r.censored[k] == 4);
    if (r.count[k] > 0) CHECK(std::abs(r.exponent[k] - rate) < 1e-13);
  }
  CHECK(r.count[0] == 4);
  CHECK(r.standard_error[0] < 1e-13);
}

TEST_CASE("error::finite_size_exponent: Hénon's is its leading exponent while errors are small, and falls off", "[stat]") {
  MatrixXd starts(2, 3000);
  libration::random_stream(9).fill_normal(starts);
  const auto curve = error::growth_ensemble(maps::henon{}, 0.01 * starts,
                                            {.size = 1e-12, .direction = error::direction::leading, .steps = 120, .transient = 100})
                         .curve;
  const auto r = error::finite_size_exponent(curve, {.ratio = 10.0});
  REQUIRE(r.size.size() >= 10);
  // Errors below 1e-4 grow like infinitesimal ones, to their own size; four standard errors, which are below 0.01. At the floor
  // rounding adds 1 % a step.
  for (Eigen::Index k = 0; k < r.size.size() && r.size[k] < 1e-4; ++k) {
    if (r.size[k] < 10.0 * r.floor) continue;
    CAPTURE(k, r.size[k], r.exponent[k], r.standard_error[k]);
    CHECK(r.standard_error[k] < 0.01);
    CHECK(std::abs(r.exponent[k] - 0.41922) < 4.0 * r.standard_error[k] + 1e-3);
    CHECK(r.censored[k] == 0);
  }
  const auto fine = error::finite_size_exponent(curve, {.smallest = 0.5});
  REQUIRE(fine.count[1] > 100);
  CHECK(fine.exponent[1] < 0.35);  // from once to twice the attractor's deviation
  CHECK(r.floor > 1e-15);
  CHECK(r.floor < 1e-12);
}

TEST_CASE("error::finite_size_exponent: leaps, censored curves, nothing to see", "[edge]") {
  error::growth_curve curve;
  curve.time = Eigen::VectorXd::LinSpaced(4, 0.0, 3.0);
  curve.error.resize(2, 4);
  curve.error << 0.01, 0.02, 0.5, 0.6,  //
      0.01, 0.011, 0.012, 0.013;
  const auto r = error::finite_size_exponent(curve, {.ratio = 2.0, .smallest = 0.015, .largest = 0.5});
  REQUIRE(r.size.size() == 6);  // 0.015, 0.03, 0.06, 0.12, 0.24, 0.48
  CHECK(r.count[0] == 1);
  CHECK(std::abs(r.exponent[0] - std::log(25.0)) < 1e-14);
  CHECK(std::isnan(r.standard_error[0]));
  for (int k = 1; k < 5; ++k) CHECK(r.count[k] + r.censored[k] == 0);
  CHECK(r.censored[5] == 1);
  CHECK(std::isnan(r.exponent[3]));
  CHECK(error::finite_size_exponent(curve, {.smallest = 2.0}).size.size() == 0);
}

TEST_CASE("error::finite_size_exponent: refusals", "[failure]") {
  error::growth_curve curve;
  CHECK_THAT(message_of<argument_error>([&] { (void)error::finite_size_exponent(curve); }), Contains("no pair of two points"));
  curve.time = Eigen::VectorXd::LinSpaced(2, 0.0, 1.0);
  curve.error = MatrixXd::Constant(1, 2, 0.1);
  error::growth_curve nothing = curve;
  nothing.error.col(0).setZero();
  CHECK_THAT(message_of<argument_error>([&] { (void)error::finite_size_exponent(nothing); }),
             Contains(".smallest has to be given"));
  const auto refusal = [&](const error::finite_size_options& options) {
    return message_of<argument_error>([&] { (void)error::finite_size_exponent(curve, options); });
  };
  CHECK_THAT(refusal({.ratio = 1.0}), Contains("error::finite_size_exponent: .ratio is 1, expected > 1"));
  CHECK_THAT(refusal({.smallest = -1.0}), Contains(".smallest is -1"));
  CHECK_THAT(refusal({.largest = -1.0}), Contains(".largest is -1"));
}
