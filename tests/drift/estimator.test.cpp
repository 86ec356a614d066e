// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stop_token>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/estimator.hpp>
#include <libration/memory/state_estimator.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Catch::Matchers::Contains;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::state, libration::status, libration::vector_span, libration::vector_view;
using namespace libration::drift;
using namespace libration_test;

namespace {

// Units that remember what they read: h' = a h + x.
template <class Scalar>
struct leaky_units {
  using scalar_type = Scalar;
  Scalar a{0.5};
  Index state_size() const { return 3; }
  Index input_size() const { return 3; }
  void step(vector_view<Scalar> h, vector_view<Scalar> x, vector_span<Scalar> next) const { next = a * h + x; }
};

struct shift_of {  // h' = h + c
  static constexpr int dimension = 1;
  double c = 1.0;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {h[0] + c};
  }
};

struct doubling_of {  // h' = 1e30 h
  static constexpr int dimension = 1;
  template <class T>
  state<T, 1> operator()(const state<T, 1>& h) const {
    return {h[0] * 1e30};
  }
};

MatrixXd inputs_of(std::uint64_t stream, Index length, double shift = 0.0) {
  MatrixXd X(3, length);
  libration::random_stream(51, stream).fill_normal(X);
  X.array() += shift;
  return X;
}

// The states that follow each step from rest.
MatrixXd states_of(const MatrixXd& X) {
  MatrixXd H(3, X.cols());
  VectorXd h = VectorXd::Zero(3);
  for (Index t = 0; t < X.cols(); ++t) {
    h = (0.5 * h + X.col(t)).eval();
    H.col(t) = h;
  }
  return H;
}

std::vector<MatrixXd> usual_runs(std::uint64_t first, int count, Index length) {
  std::vector<MatrixXd> runs;
  for (int r = 0; r < count; ++r) runs.push_back(states_of(inputs_of(first + static_cast<std::uint64_t>(r), length)));
  return runs;
}

MatrixXd line(Index count) { return Eigen::RowVectorXd::LinSpaced(count, -1.0, 1.0); }

}  // namespace

TEST_CASE("drift::estimator: distances of an orbit are those of its recorded states", "[differential]") {
  const MatrixXd X = inputs_of(900, 300), H = states_of(X);
  const bool by_position = GENERATE(false, true);
  const reference usual(usual_runs(0, 30, 400), {.by_position = by_position});
  const auto r = state_drift(leaky_units<double>{}, VectorXd::Zero(3).eval(), X, estimator(usual));
  const VectorXd expected = usual.squared_mahalanobis_along(H);
  CHECK(r.status == status::ok);
  CHECK(r.steps == 300);
  REQUIRE(r.squared_distance.size() == 300);
  CHECK((r.squared_distance - expected).cwiseAbs().maxCoeff() < 1e-10 * expected.maxCoeff());
  Index at = 0;
  CHECK(std::abs(r.largest - expected.maxCoeff(&at)) < 1e-10 * r.largest);
  CHECK(r.largest_at == at + 1);
  CHECK(std::abs(r.mean.mean - expected.mean() / 3.0) < 1e-12);
  CHECK(r.trend.lower() < 0.0);
  CHECK(r.trend.upper() > 0.0);
  CHECK_FALSE(r.watched);
  CHECK(r.first_alarm() == -1);
  CHECK((r.final_state - H.col(299)).norm() < 1e-12);

  const auto in_single =
      state_drift(leaky_units<float>{}, Eigen::VectorXf::Zero(3).eval(), X.cast<float>().eval(), estimator(usual));
  CHECK((in_single.squared_distance - expected).cwiseAbs().maxCoeff() < 1e-5 * expected.maxCoeff());

  // Counted from the 101st step on, at the positions that these states have.
  const auto later = state_drift(leaky_units<double>{}, VectorXd::Zero(3).eval(), X,
                                 estimator(usual, {.transient = 100, .first_position = 100, .distances = false}));
  CHECK(later.squared_distance.size() == 0);
  CHECK(later.steps == 200);
  CHECK(std::abs(later.mean.mean - expected.tail(200).mean() / 3.0) < 1e-12);
}

TEST_CASE("drift::estimator: alarms are those of the states pushed one by one, beside other estimators", "[differential]") {
  const reference usual(usual_runs(0, 30, 300));
  state_monitor watch(usual, usual_runs(100, 30, 300), {.false_alarm_every = 300.0, .runs = 200});
  MatrixXd X = inputs_of(901, 600);
  X.rightCols(300).array() += 0.8;
  const MatrixXd H = states_of(X);
  // Begun before: each run has a detector of its own.
  (void)watch.push(VectorXd(VectorXd::Constant(3, 9.0)));
  const estimator measure(watch);
  watch.reset();
  std::vector<std::int64_t> expected;
  for (Index t = 0; t < H.cols(); ++t)
    if (watch.push(VectorXd(H.col(t)))) expected.push_back(t + 1);
  REQUIRE_FALSE(expected.empty());

  const VectorXd h0 = VectorXd::Zero(3);
  const auto r = state_drift(leaky_units<double>{}, h0, X, measure);
  CHECK(r.watched);
  CHECK(r.alarms == expected);
  CHECK(r.first_alarm() == expected.front());
  const auto [again, states] =
      libration::analyze(leaky_units<double>{}, h0, X, {.transient = 0}, measure, libration::memory::state_estimator{});
  CHECK(again.alarms == expected);
  CHECK(again.squared_distance == r.squared_distance);
  CHECK(states.steps == 600);
}

TEST_CASE("drift::estimator: an orbit that leaves has the trend of its squares", "[oracle]") {
  // Variance of the line: of 21 points over (-1, 1) the mean square, 0.7/1.9...; distances are (c t)² over it.
  const MatrixXd points = line(21);
  const double variance = points.squaredNorm() / 21.0;
  const reference usual(points, {.shrinkage = 0.0});
  const auto r = state_drift(shift_of{0.25}, state<double, 1>{0.0}, estimator(usual, {.steps = 64}));
  CHECK(r.status == status::ok);
  REQUIRE(r.squared_distance.size() == 64);
  for (const Index t : {0, 1, 31, 63}) {
    const double h = 0.25 * static_cast<double>(t + 1);
    CHECK(std::abs(r.squared_distance[t] * variance - h * h) < 1e-12 * (1.0 + h * h));
  }
  CHECK(r.largest_at == 64);
  // Least squares of t² on t over 1 to n: slope n + 1.
  CHECK(std::abs(r.trend.slope * variance / 0.0625 - 65.0) < 1e-9);
}

TEST_CASE("drift::estimator: what a run has when it ends early, and positions without a reference", "[failure]") {
  const reference usual(line(21));
  const auto diverged = state_drift(doubling_of{}, state<double, 1>{1e-3}, estimator(usual, {.steps = 100}));
  CHECK(diverged.status == status::diverged);
  CHECK(diverged.failed_at >= 10);
  CHECK(diverged.steps == diverged.squared_distance.size());
  REQUIRE(diverged.steps >= 10);
  CHECK(diverged.squared_distance[0] > 1e50);

  const auto runs = usual_runs(0, 10, 40);
  const reference by_position(runs, {.by_position = true});
  const MatrixXd X = inputs_of(902, 60);
  const auto r = state_drift(leaky_units<double>{}, VectorXd::Zero(3).eval(), X, estimator(by_position));
  CHECK(r.status == status::ok);
  CHECK(r.steps == 60);
  CHECK(r.without_reference == 20);
  CHECK(std::isfinite(r.squared_distance[39]));
  CHECK(std::isnan(r.squared_distance[40]));
  CHECK(r.mean.steps == 40);

  std::stop_source source;
  source.request_stop();
  const auto stopped =
      state_drift(shift_of{}, state<double, 1>{0.0}, estimator(usual, {.steps = 100'000, .stop = source.get_token()}));
  CHECK(stopped.status == status::cancelled);
  CHECK(stopped.squared_distance.size() == stopped.steps);
}

TEST_CASE("drift::estimator: what a caller gets wrong is refused", "[failure]") {
  const reference usual(usual_runs(0, 10, 40), {.by_position = true});
  const VectorXd h0 = VectorXd::Zero(3);
  const MatrixXd X = inputs_of(903, 30);
  CHECK_THAT(message_of<argument_error>([&] { (void)state_drift(shift_of{}, state<double, 1>{0.0}, estimator(usual)); }),
             Contains("the map's state has 1 components, expected 3 like the reference's"));
  CHECK_THAT(message_of<argument_error>(
                 [&] { (void)state_drift(leaky_units<double>{}, h0, X, estimator(usual, {.first_position = 40})); }),
             Contains(".first_position is 40, but the reference is of the positions 0 to 39"));
  CHECK_THROWS_AS(state_drift(leaky_units<double>{}, h0, X, estimator(usual, {.first_position = -1})), argument_error);
  CHECK_THROWS_AS(state_drift(leaky_units<double>{}, h0, X, estimator(usual, {.steps = 31})), argument_error);
  const reference singular(MatrixXd(MatrixXd::Ones(3, 1) * line(9)), {.shrinkage = 0.0});
  CHECK_THAT(message_of<argument_error>([&] { (void)state_drift(leaky_units<double>{}, h0, X, estimator(singular)); }),
             Contains("the reference has the status not_resolved"));
  CHECK_THAT(message_of<argument_error>([&] {
               (void)libration::analyze(leaky_units<double>{}, h0, X, {.transient = 0}, estimator(usual, {.transient = 5}));
             }),
             Contains(".transient is set, which the pass decides"));
}
