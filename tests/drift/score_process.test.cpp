// SPDX-License-Identifier: MIT
#include <libration/drift/score_process.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

VectorXd simulated(const drift::score_process& process, Index n, std::uint64_t seed, bool independent = false) {
  drift::score_simulator scores(process, seed, 0, independent);
  VectorXd out(n);
  for (double& x : out) x = scores.next();
  return out;
}

double correlation(const VectorXd& x, Index lag) {
  const VectorXd y = x.array() - x.mean();
  return y.head(y.size() - lag).dot(y.tail(y.size() - lag)) / y.squaredNorm();
}

}  // namespace

TEST_CASE("drift::fit_scores: least squares of a few values, by hand", "[oracle]") {
  // Alternating 1, 0 around their mean: y_t = -y_{t-1} exactly, φ̂ = -1.
  VectorXd x(20);
  for (Index t = 0; t < 20; ++t) x[t] = 3.0 + static_cast<double>(t % 2);
  const auto alternating = drift::fit_scores(x, {.order = 1});
  CHECK(alternating.status == status::diverged);
  CHECK(std::abs(alternating.phi + 1.0) < 1e-14);
  CHECK(alternating.mean == 3.5);
  CHECK(std::abs(alternating.deviation - 0.5 * std::sqrt(20.0 / 19.0)) < 1e-15);

  // Order 1 and 2 from the normal equations.
  libration::random_stream(4).fill_normal(x);
  const VectorXd y = x.array() - x.mean();
  const auto one = drift::fit_scores(x, {.order = 1});
  CHECK(std::abs(one.coefficients[0] - y.head(19).dot(y.tail(19)) / y.head(19).squaredNorm()) < 1e-14);
  CHECK(one.phi == one.coefficients[0]);
  CHECK(std::abs(one.phi_error - std::sqrt((1.0 - one.phi * one.phi) / 20.0)) < 1e-15);
  CHECK(std::abs(one.phi_bias + (1.0 + 3.0 * one.phi) / 20.0) < 1e-15);
  const auto two = drift::fit_scores(x, {.order = 2});
  REQUIRE(two.order() == 2);
  const VectorXd e = y.tail(18) - two.coefficients[0] * y.segment(1, 18) - two.coefficients[1] * y.head(18);
  CHECK(std::abs(e.dot(y.segment(1, 18))) < 1e-12);
  CHECK(std::abs(e.dot(y.head(18))) < 1e-12);
  CHECK(std::abs(two.innovation_deviation - std::sqrt(e.squaredNorm() / 15.0)) < 1e-14);
  REQUIRE(two.residuals.size() == 18);
  CHECK(std::abs(two.residuals.squaredNorm() / 18.0 - e.squaredNorm() / 15.0) < 1e-13);

  // A row is a run too.
  CHECK(drift::fit_scores(x.transpose(), {.order = 1}).phi == one.phi);
}

TEST_CASE("drift::fit_scores: several runs are not joined", "[law]") {
  // Two runs that are constant but for noise, at 0 and at 10: within a run neighbours are as far from the mean as each other.
  MatrixXd runs(100, 2);
  libration::random_stream(1).fill_normal(runs);
  runs.col(1).array() += 10.0;
  const auto fitted = drift::fit_scores(runs, {.order = 1});
  const MatrixXd Y = runs.array() - runs.mean();
  const double expected = (Y.topRows(99).cwiseProduct(Y.bottomRows(99))).sum() / Y.topRows(99).squaredNorm();
  CHECK(std::abs(fitted.phi - expected) < 1e-14);
  CHECK(fitted.count == 200);
  CHECK(fitted.residuals.size() == 198);
}

TEST_CASE("drift::fit_scores: recovers a process, with its order, within the standard error", "[law][stat]") {
  int right = 0;
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto fitted = drift::fit_scores(simulated(drift::autoregressive_scores(0.9, 2.0, 3.0), 2000, seed));
    REQUIRE(fitted.status == status::ok);
    CHECK(std::abs(fitted.phi - fitted.phi_bias - 0.9) < 4.0 * fitted.phi_error);
    CHECK(std::abs(fitted.phi_error - std::sqrt(0.19 / 2000.0)) < 2e-3);
    CHECK(std::abs(fitted.innovation_deviation / (3.0 * std::sqrt(0.19)) - 1.0) < 4.0 / std::sqrt(4000.0));
    CHECK(fitted.autocorrelated());
    right += fitted.order() == 1;
  }
  CHECK(right >= 6);  // the criterion is wrong with a probability of about 1 % here
  // Order 2: y_t = 1.2 y_{t-1} - 0.5 y_{t-2} + e.
  drift::score_process two = drift::autoregressive_scores(0.0);
  two.coefficients = Eigen::Vector2d(1.2, -0.5);
  two.memory_steps = 100;
  const auto fitted = drift::fit_scores(simulated(two, 4000, 1));
  REQUIRE(fitted.order() >= 2);
  CHECK(std::abs(fitted.coefficients[0] - 1.2) < 0.1);
  CHECK(std::abs(fitted.coefficients[1] + 0.5) < 0.1);
  CHECK_FALSE(drift::fit_scores(simulated(drift::autoregressive_scores(0.0), 2000, 1)).autocorrelated());
}

TEST_CASE("drift::score_simulator: moments of its runs, from their first score on", "[law][stat]") {
  for (const bool normal : {true, false}) {
    const VectorXd reference = simulated(drift::autoregressive_scores(0.8, 5.0, 2.0), 4000, 3);
    const auto process = drift::fit_scores(reference, {.order = 1, .normal = normal});
    const double phi = process.coefficients[0];
    const double deviation = process.innovation_deviation / std::sqrt(1.0 - phi * phi);
    constexpr int runs = 3000;
    double first = 0.0, squares = 0.0, product = 0.0;
    for (int r = 0; r < runs; ++r) {
      drift::score_simulator scores(process, 1, static_cast<std::uint64_t>(r));
      const double y = (scores.next() - process.mean) / deviation, next = (scores.next() - process.mean) / deviation;
      first += y / runs;
      squares += y * y / runs;
      product += y * next / runs;
    }
    CHECK(std::abs(first) < 4.0 / std::sqrt(runs));
    CHECK(std::abs(squares - 1.0) < 4.0 * std::sqrt(2.0 / runs));
    CHECK(std::abs(product - phi) < 4.0 * std::sqrt((1.0 + phi * phi) / runs));

    const VectorXd run = simulated(process, 20'000, 5), loose = simulated(process, 20'000, 5, true);
    CHECK(std::abs(correlation(run, 1) - phi) < 4.0 * std::sqrt((1.0 - phi * phi) / 20'000.0));
    CHECK(std::abs(correlation(loose, 1)) < 4.0 / std::sqrt(20'000.0));
    CHECK(std::abs((loose.array() - loose.mean()).square().mean() / (process.deviation * process.deviation) - 1.0) <
          4.0 * std::sqrt(2.0 / 20'000.0));
    if (!normal) {
      // Independent scores are some of the reference's, up to the rounding of the mean.
      for (Index i = 0; i < 100; ++i) CHECK((reference.array() - loose[i]).abs().minCoeff() < 1e-12);
    }
  }
}

TEST_CASE("drift::score_filter: whitened scores of the process are its innovations", "[law]") {
  drift::score_process process = drift::autoregressive_scores(0.0, 1.0, 2.0);
  process.coefficients = Eigen::Vector3d(0.5, -0.3, 0.2);
  process.innovation_deviation = 0.7;
  const VectorXd x = simulated(process, 50, 1);
  drift::score_filter white(process, true), plain(process, false), none;
  for (Index t = 0; t < 50; ++t) {
    const double z = white.next(x[t]);
    CHECK(std::abs(plain.next(x[t]) - (x[t] - 1.0) / 2.0) < 1e-15);
    CHECK(none.next(x[t]) == x[t]);
    if (t < 3) {
      CHECK(std::abs(z - (x[t] - 1.0) / 2.0) < 1e-15);
      continue;
    }
    const double e = x[t] - 1.0 - 0.5 * (x[t - 1] - 1.0) + 0.3 * (x[t - 2] - 1.0) - 0.2 * (x[t - 3] - 1.0);
    CHECK(std::abs(z - e / 0.7) < 1e-13);
  }
  CHECK(none.next(1e200) == 1e100);
}

TEST_CASE("drift::fit_scores: degenerate scores are a status", "[failure][edge]") {
  CHECK(drift::score_process().status == status::not_run);
  CHECK(drift::autoregressive_scores(0.999).status == status::ok);
  CHECK(drift::autoregressive_scores(0.999999).status == status::diverged);
  CHECK(drift::fit_scores(VectorXd::Constant(100, 1e9)).status == status::not_resolved);
  // A walk without return, and one that grows.
  VectorXd line = VectorXd::LinSpaced(100, 0.0, 1.0), growing(200);
  for (Index t = 0; t < 200; ++t) growing[t] = std::pow(1.1, static_cast<double>(t));
  CHECK(drift::fit_scores(growing, {.order = 1}).status == status::diverged);
  CHECK(drift::fit_scores(growing, {.order = 1}).phi > 1.0);
  CHECK(drift::fit_scores(line, {.order = 2}).status != status::ok);
  CHECK_THAT(message_of<argument_error>([&] { drift::score_simulator s(drift::fit_scores(growing, {.order = 1}), 1, 0); }),
             Contains("the process has the status diverged, expected ok"));
}

TEST_CASE("drift::fit_scores, autoregressive_scores: what they refuse", "[failure]") {
  const auto refusal = [](const MatrixXd& runs, const drift::score_process_options& options = {}) {
    return message_of<argument_error>([&] { (void)drift::fit_scores(runs, options); });
  };
  CHECK(refusal(MatrixXd::Zero(19, 1)) ==
        "drift::fit_scores: 1 runs of 19 scores, expected at least 20 scores in all and 2 in a run");
  CHECK_THAT(refusal(MatrixXd::Random(30, 4), {.order = 4}), Contains("at least 20 scores in all and 40 in a run"));
  CHECK_THAT(refusal(MatrixXd::Zero(0, 0)), Contains("0 runs of 0 scores"));
  CHECK_THAT(refusal(MatrixXd::Random(30, 4), {.order = 9}), Contains(".order is 9, expected -1 to 8"));
  MatrixXd bad = MatrixXd::Random(30, 2);
  bad(7, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(refusal(bad), Contains("score 7 of run 1 is nan"));
  CHECK_THAT(message_of<argument_error>([] { (void)drift::autoregressive_scores(1.0); }), Contains("phi is 1, expected"));
  CHECK_THAT(message_of<argument_error>([] { (void)drift::autoregressive_scores(0.5, 0.0, 0.0); }), Contains("the deviation is 0"));
}
