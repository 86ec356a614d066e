// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/state_monitor.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Catch::Matchers::Contains;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error;
using namespace libration::drift;
using namespace libration_test;

namespace {

// Components of unit variance that remember: h' = φ h + √(1 - φ²) e, from their stationary distribution.
class remembering_run {
 public:
  remembering_run(Index n, double phi, std::uint64_t stream) : random_(41, stream), phi_(phi), h_(n) {
    for (double& x : h_) x = random_.next_normal();
  }
  const VectorXd& next() {
    for (double& x : h_) x = phi_ * x + std::sqrt(1.0 - phi_ * phi_) * random_.next_normal();
    return h_;
  }

 private:
  libration::random_stream random_;
  double phi_;
  VectorXd h_;
};

std::vector<MatrixXd> runs_of(Index n, double phi, Index length, int count, std::uint64_t stream) {
  std::vector<MatrixXd> runs;
  for (int r = 0; r < count; ++r) {
    remembering_run run(n, phi, stream + static_cast<std::uint64_t>(r));
    MatrixXd states(n, length);
    for (Index t = 0; t < length; ++t) states.col(t) = run.next();
    runs.push_back(states);
  }
  return runs;
}

// Beside a clock that counts positions.
MatrixXd clock_run(Index length, std::uint64_t stream) {
  MatrixXd states(1, length);
  libration::random_stream random(42, stream);
  random.fill_normal(states);
  for (Index t = 0; t < length; ++t) states(0, t) += 0.1 * static_cast<double>(t);
  return states;
}

}  // namespace

TEST_CASE("drift::state_scores: cube roots of distances, of normal states nearly normal", "[oracle]") {
  const reference usual(runs_of(4, 0.0, 2000, 10, 0));
  const auto held = runs_of(4, 0.0, 1000, 20, 100);
  const MatrixXd scores = state_scores(usual, held);
  REQUIRE(scores.rows() == 1000);
  REQUIRE(scores.cols() == 20);
  for (const Index t : {0, 3, 999}) {
    const double d = usual.squared_mahalanobis(VectorXd(held[7].col(t)));
    CHECK(std::abs(scores(t, 7) - std::cbrt(d / 4.0)) < 1e-12);
  }
  // Wilson and Hilferty: mean 1 - 2/(9 n), variance 2/(9 n); of 20,000 scores to 4 standard errors and their series' next term.
  const double mean = scores.mean(), variance = (scores.array() - mean).square().mean();
  CHECK(std::abs(mean - (1.0 - 2.0 / 36.0)) < 0.0067 + 0.002);
  CHECK(std::abs(variance - 2.0 / 36.0) < 0.0023 + 0.003);
}

TEST_CASE("drift::state_monitor: false alarms are as rare as wanted on states that remember, and a shift is found",
          "[property]") {
  const double phi = 0.8;
  const reference usual(runs_of(4, phi, 500, 40, 0));
  const auto held = runs_of(4, phi, 500, 60, 1000);
  state_monitor watch(usual, held, {.false_alarm_every = 400.0, .runs = 400});
  CHECK(watch.calibration().autocorrelated);
  // The scores of φ = 0.8 have about its square as autocorrelation.
  CHECK(std::abs(watch.scores().phi - 0.64) < 0.05);
  // What the chart does that takes scores as independent.
  CHECK(watch.calibration().uncalibrated_run_length < 200.0);

  double steps = 0.0, delay = 0.0;
  int found = 0;
  constexpr int all = 200;
  for (int r = 0; r < all; ++r) {
    remembering_run run(4, phi, 5000 + static_cast<std::uint64_t>(r));
    watch.reset();
    do steps += 1.0;
    while (!watch.push(run.next()));
    watch.reset();
    for (int t = 1; t <= 2000; ++t) {
      if (!watch.push(VectorXd(run.next().array() + 1.5))) continue;
      delay += t;
      ++found;
      break;
    }
  }
  // An average of 200 nearly exponential lengths has a standard error of 7 %; of the wanted one 25 % are allowed.
  CHECK(std::abs(steps / all - 400.0) < 0.25 * 400.0 + 2 * 0.07 * 400.0);
  CHECK(found == all);
  CHECK(delay / all < 40.0);
}

TEST_CASE("drift::state_monitor: a reference by position finds a run that stays where it is", "[oracle]") {
  std::vector<MatrixXd> runs, held;
  for (std::uint64_t r = 0; r < 60; ++r) runs.push_back(clock_run(50, r));
  for (std::uint64_t r = 0; r < 60; ++r) held.push_back(clock_run(50, 500 + r));
  const calibration_options wanted{.false_alarm_every = 1000.0, .runs = 200};
  state_monitor by_position(reference(runs, {.by_position = true}), held, wanted);
  state_monitor pooled(reference(runs), held, wanted);
  int alarms_by_position = 0, alarms_pooled = 0;
  double pooled_distance = 0.0;
  for (std::uint64_t r = 0; r < 20; ++r) {
    libration::random_stream random(43, r);
    VectorXd noise(50);
    random.fill_normal(noise);
    by_position.reset();
    pooled.reset();
    bool alarmed = false, alarmed_pooled = false;
    for (Index t = 0; t < 50; ++t) {
      const VectorXd stuck = VectorXd::Constant(1, 2.45 + noise[t]);
      if (by_position.push(stuck)) alarmed = true;
      const state_push said = pooled.push(stuck);
      if (said) alarmed_pooled = true;
      pooled_distance += said.squared_distance / 1000.0;
    }
    alarms_by_position += alarmed ? 1 : 0;
    alarms_pooled += alarmed_pooled ? 1 : 0;
  }
  CHECK(alarms_by_position == 20);
  CHECK(alarms_pooled <= 2);
  // Of the pooled reference's variance 3.0825 it has 1: the stuck run looks more usual than usual ones.
  CHECK(std::abs(pooled_distance - 0.3244) < 4.0 * 0.3244 * std::sqrt(2.0 / 1000.0) + 0.01);
}

TEST_CASE("drift::state_monitor: states without a distance leave the detector as it was", "[failure]") {
  std::vector<MatrixXd> runs, held;
  for (std::uint64_t r = 0; r < 20; ++r) runs.push_back(clock_run(30, r));
  for (std::uint64_t r = 0; r < 20; ++r) held.push_back(clock_run(30, 500 + r));
  state_monitor watch(reference(runs, {.by_position = true}), held, {.false_alarm_every = 100.0, .runs = 100});
  CHECK(watch.push(VectorXd(held[0].col(0))).reading == reading::ok);
  const double before = watch.detector().statistic();
  const state_push spoilt = watch.push(VectorXd::Constant(1, std::numeric_limits<double>::quiet_NaN()));
  CHECK(spoilt.reading == reading::not_finite);
  CHECK(std::isnan(spoilt.squared_distance));
  CHECK_FALSE(spoilt.alarm);
  CHECK(watch.detector().statistic() == before);
  CHECK(watch.position() == 2);
  watch.reset(29);
  CHECK(watch.push(VectorXd(held[0].col(29))).reading == reading::ok);
  const state_push beyond = watch.push(VectorXd::Constant(1, 1e6));
  CHECK(beyond.reading == reading::no_reference);
  CHECK_FALSE(beyond.alarm);
  CHECK(std::isnan(beyond.squared_distance));
}

TEST_CASE("drift::state_monitor: what a caller gets wrong is refused", "[failure]") {
  const auto runs = runs_of(3, 0.0, 50, 4, 0);
  const reference usual(runs);
  CHECK_THAT(message_of<argument_error>([&] { (void)state_scores(usual, {}); }), Contains("got no runs"));
  CHECK_THAT(message_of<argument_error>([&] {
               (void)state_scores(usual, {runs[0], MatrixXd(runs[1].leftCols(20))});
             }),
             Contains("run 1 has 20 columns, expected 50 like the first run"));
  CHECK_THROWS_AS(state_scores(usual, {MatrixXd::Zero(2, 50)}), argument_error);
  MatrixXd spoilt = runs[0];
  spoilt(1, 7) = std::numeric_limits<double>::infinity();
  CHECK_THAT(message_of<argument_error>([&] { (void)state_scores(usual, {runs[1], spoilt}); }), Contains("run 1, column 7"));
  const reference singular(MatrixXd(MatrixXd::Ones(3, 1) * Eigen::RowVectorXd::LinSpaced(50, 0.0, 1.0)), {.shrinkage = 0.0});
  CHECK_THAT(message_of<argument_error>([&] { (void)state_scores(singular, runs); }),
             Contains("the reference has the status not_resolved"));
  state_monitor watch(usual, runs_of(3, 0.0, 50, 4, 100), {.false_alarm_every = 50.0, .runs = 50});
  CHECK_THROWS_AS(watch.push(VectorXd::Zero(2)), argument_error);
  // Scores that are all alike have no deviation.
  CHECK_THROWS_AS(state_monitor(usual, std::vector<MatrixXd>{MatrixXd::Ones(3, 50)}, {}), argument_error);
}
