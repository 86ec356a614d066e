// SPDX-License-Identifier: MIT
#include <libration/drift/reference.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::Vector3d, Eigen::VectorXd;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

// Six states of three components, as columns.
MatrixXd six_states() {
  MatrixXd rows(6, 3);
  rows << 1, 2, .5, 2, 4.1, .1, 3, 5.9, .9, 4, 8.2, .2, 5, 9.8, .7, 6, 12.1, .4;
  return rows.transpose();
}

const Vector3d query(3.0, 6.0, 1.0);

MatrixXd normal(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd X(rows, columns);
  libration::random_stream(8, stream).fill_normal(X);
  return X;
}

// Runs of states around a mean that moves with the position.
std::vector<MatrixXd> runs_along(Index n, Index length, int count, std::uint64_t stream) {
  std::vector<MatrixXd> runs;
  for (int r = 0; r < count; ++r) {
    MatrixXd X = normal(n, n, 99) * normal(n, length, stream + static_cast<std::uint64_t>(r));
    for (Index t = 0; t < length; ++t) X.col(t).array() += 0.5 * static_cast<double>(t);
    runs.push_back(X);
  }
  return runs;
}

}  // namespace

TEST_CASE("drift::reference: Mahalanobis distances of a state from six", "[oracle]") {
  const MatrixXd A = six_states();
  const drift::reference shrunk(A), plain(A, {.shrinkage = 0.0}), unbiased(A, {.shrinkage = 0.0, .unbiased = true});
  CHECK(shrunk.status() == status::ok);
  CHECK(std::abs(shrunk.squared_mahalanobis(query) - 0.3932439102) < 1e-10);
  CHECK(std::abs(shrunk.covariance().shrinkage() - 0.1915033398) < 1e-10);
  CHECK(std::abs(plain.squared_mahalanobis(query) - 12.2337175203) < 1e-8);
  CHECK(std::abs(unbiased.squared_mahalanobis(query) - 10.1947646002) < 1e-8);
  CHECK(std::abs(plain.squared_mahalanobis(query) / unbiased.squared_mahalanobis(query) - 1.2) < 1e-12);
  // Of the training states p (n - 1) in all, each at most (n - 1)²/n.
  const VectorXd own = unbiased.squared_mahalanobis_along(A);
  CHECK(std::abs(own.sum() - 15.0) < 1e-9);
  CHECK(std::abs(own.maxCoeff() - 3.6838186820) < 1e-8);
  CHECK(own.maxCoeff() < 25.0 / 6.0);
  CHECK(shrunk.size() == 3);
  CHECK(shrunk.states() == 6);
  CHECK(shrunk.positions() == 0);
  CHECK(shrunk.classes() == 0);
  CHECK(shrunk.states_of_mean() == 6.0);
  CHECK(unbiased.divisor() == 5.0);
  CHECK(std::abs(shrunk.mean()[1] - 7.01666667) < 1e-8);
}

TEST_CASE("drift::reference: relative Mahalanobis distance of two classes", "[oracle]") {
  const MatrixXd A = six_states();
  const drift::reference usual(A, {.labels = {0, 0, 0, 1, 1, 1}, .shrinkage = 0.0, .ridge = 0.1});
  CHECK(usual.classes() == 2);
  CHECK(std::abs(usual.squared_mahalanobis(query) - 2.3582610851) < 1e-9);
  CHECK(std::abs(usual.relative_mahalanobis(query) - 0.5940759536) < 1e-9);
  // The background alone, and the other class: its mean moved to the first one's place.
  const drift::reference background(A, {.shrinkage = 0.0, .ridge = 0.1});
  CHECK(std::abs(background.squared_mahalanobis(query) - 1.7641851315) < 1e-9);
  auto ws = usual.covariance().make_workspace();
  ws.deviation = query - usual.mean(1);
  CHECK(std::abs(usual.covariance().squared_norm(ws) - 10.3812014875) < 1e-9);
  // A label for each run is a label for each of its states.
  const std::vector<MatrixXd> halves{A.leftCols(3), A.rightCols(3)};
  const drift::reference by_run(halves, {.labels = {0, 1}, .shrinkage = 0.0, .ridge = 0.1});
  CHECK(by_run.squared_mahalanobis(query) == usual.squared_mahalanobis(query));
  const MatrixXd several = normal(3, 40, 1);
  const VectorXd near = usual.squared_mahalanobis_along(several), relative = usual.relative_mahalanobis_along(several);
  for (Index t = 0; t < several.cols(); ++t) {
    CHECK(std::abs(near[t] - usual.squared_mahalanobis(several.col(t))) < 1e-11 * near[t]);
    CHECK(std::abs(relative[t] - usual.relative_mahalanobis(several.col(t))) < 1e-11 * near[t]);
  }
}

TEST_CASE("drift::reference: a linear map of the states changes no distance", "[law]") {
  const MatrixXd X = normal(5, 60, 2), Q = normal(5, 7, 3), A = normal(5, 5, 4);
  const VectorXd b = normal(5, 1, 5);
  const MatrixXd AX = (A * X).colwise() + b, AQ = (A * Q).colwise() + b;
  const drift::reference before(X, {.shrinkage = 0.0}), after(AX, {.shrinkage = 0.0});
  const VectorXd d = before.squared_mahalanobis_along(Q), mapped = after.squared_mahalanobis_along(AQ);
  // The rounding of Σ's condition, at most that of A squared.
  CHECK((d - mapped).cwiseAbs().maxCoeff() < 1e-9 * d.maxCoeff());
  // With shrinkage towards the identity it holds of rotations alone.
  const drift::reference shrunk(X), shrunk_after(AX);
  CHECK((shrunk.squared_mahalanobis_along(Q) - shrunk_after.squared_mahalanobis_along(AQ)).cwiseAbs().maxCoeff() > 1e-3);
  const MatrixXd R = householder_qr(A).Q;
  const drift::reference rotated(R * X);
  CHECK((shrunk.squared_mahalanobis_along(Q) - rotated.squared_mahalanobis_along(R * Q)).norm() < 1e-10 * d.norm());
}

TEST_CASE("drift::reference: a run that is stuck looks best of all without positions", "[stat]") {
  // h_t = 0.1 t + N(0, 1), t < 50: at t = 49 the expectation of d² is 2.2717 on the right path and 0.3244 of a run stuck at the
  // mean, 2.45, against the pooled reference; 1 and 7.0025 by position. 4 standard errors: a false alarm in 16,000 for each.
  constexpr Index length = 50;
  constexpr int count = 4000;
  std::vector<MatrixXd> runs;
  for (int r = 0; r < count; ++r) {
    MatrixXd h = normal(1, length, 1000 + static_cast<std::uint64_t>(r));
    for (Index t = 0; t < length; ++t) h(0, t) += 0.1 * static_cast<double>(t);
    runs.push_back(h);
  }
  const drift::reference pooled(runs), by_position(runs, {.by_position = true});
  CHECK(by_position.positions() == length);
  CHECK(by_position.states_of_mean(7) == count);
  CHECK(std::abs(pooled.mean()[0] - 2.45) < 0.02);
  CHECK(std::abs(pooled.covariance().matrix()(0, 0) - 3.0825) < 0.05);
  const MatrixXd noise = normal(1, 100'000, 7);
  double sums[4] = {}, squares[4] = {};
  auto ws = pooled.make_workspace();
  for (Index i = 0; i < noise.cols(); ++i) {
    const VectorXd right = noise.col(i).array() + 4.9, stuck = noise.col(i).array() + 2.45;
    const double d[4] = {pooled.squared_mahalanobis(right, 49, ws), pooled.squared_mahalanobis(stuck, 49, ws),
                         by_position.squared_mahalanobis(right, 49, ws), by_position.squared_mahalanobis(stuck, 49, ws)};
    for (int k = 0; k < 4; ++k) {
      sums[k] += d[k];
      squares[k] += d[k] * d[k];
    }
  }
  const double wanted[4] = {2.2717, 0.3244, 1.0, 7.0025};
  // The reference's own error: of a mean of 4000 states, and of the variance of 200,000.
  const double reference_error[4] = {0.01, 0.002, 0.005, 0.09};
  const auto N = static_cast<double>(noise.cols());
  for (int k = 0; k < 4; ++k) {
    const double mean = sums[k] / N, error = std::sqrt((squares[k] / N - mean * mean) / N);
    CHECK(std::abs(mean - wanted[k]) < 4.0 * std::hypot(error, reference_error[k]));
  }
}

TEST_CASE("drift::reference: by position, the shared covariance is that of the deviations from each position's mean", "[law]") {
  const auto runs = runs_along(4, 30, 3, 20);
  const drift::reference usual(runs, {.by_position = true, .shrinkage = 0.0});
  REQUIRE(usual.status() == status::ok);
  MatrixXd S = MatrixXd::Zero(4, 4);
  for (Index t = 0; t < 30; ++t) {
    const VectorXd mean = (runs[0].col(t) + runs[1].col(t) + runs[2].col(t)) / 3.0;
    CHECK((usual.mean(t) - mean).norm() < 1e-12 * mean.norm());
    for (const MatrixXd& run : runs) S += (run.col(t) - mean) * (run.col(t) - mean).transpose() / 60.0;
  }
  CHECK(std::abs(usual.degrees_of_freedom() - 60.0) < 1e-10);
  CHECK((usual.covariance().matrix() - S).norm() < 1e-12 * S.norm());
  // Σ d² over the training states is n times the degrees of freedom.
  double sum = 0.0;
  for (const MatrixXd& run : runs) sum += usual.squared_mahalanobis_along(run).sum();
  CHECK(std::abs(sum - 4.0 * 60.0) < 1e-9);
  // Pieces of a run are measured from their positions.
  const VectorXd whole = usual.squared_mahalanobis_along(runs[1]);
  CHECK((usual.squared_mahalanobis_along(runs[1].middleCols(11, 9), 11) - whole.segment(11, 9)).norm() < 1e-12 * whole.norm());
  for (Index t = 0; t < 30; ++t) CHECK(std::abs(usual.squared_mahalanobis(runs[1].col(t), t) - whole[t]) < 1e-11 * whole[t]);
  // A run moved in time is far from it, and not from a reference without positions.
  const VectorXd late = usual.squared_mahalanobis_along(runs[1].leftCols(10), 20);
  CHECK(late.mean() > 5.0 * whole.mean());
}

TEST_CASE("drift::reference: windows of positions, covariances by position, runs of unequal length", "[differential]") {
  auto runs = runs_along(2, 12, 4, 30);
  runs[3] = MatrixXd(runs[3].leftCols(9));
  const drift::reference usual(
      runs, {.by_position = true, .position_window = 2, .positions = 10, .covariance_by_position = true, .shrinkage = 0.0});
  CHECK(usual.positions() == 10);
  CHECK(usual.covariance_by_position());
  CHECK(usual.states() == 39);
  for (const Index t : {Index{0}, Index{5}, Index{9}}) {
    // The states within two positions, of the ten that there are.
    const Index from = std::max<Index>(0, t - 2), to = std::min<Index>(10, t + 3);
    MatrixXd X(2, 0);
    for (const MatrixXd& run : runs) {
      const Index end = std::min(to, run.cols());
      const MatrixXd before = X;
      X.resize(2, before.cols() + end - from);
      X << before, run.middleCols(from, end - from);
    }
    const drift::reference alone(X, {.shrinkage = 0.0, .unbiased = true});
    CHECK(usual.states_of_mean(t) == static_cast<double>(X.cols()));
    CHECK((usual.mean(t) - alone.mean()).norm() < 1e-12);
    CHECK((usual.covariance(t).matrix() - alone.covariance().matrix()).norm() < 1e-12);
    CHECK(std::abs(usual.squared_mahalanobis(query.head(2), t) - alone.squared_mahalanobis(query.head(2))) < 1e-10);
  }
  const VectorXd along = usual.squared_mahalanobis_along(runs[0].middleCols(2, 6), 2, 2);
  for (Index t = 0; t < 6; ++t) CHECK(along[t] == usual.squared_mahalanobis(runs[0].col(t + 2), t + 2));
  // One run alone, with a window. The deviations have 1 - 1/m of the variance, m the states of the mean.
  const drift::reference single(runs[0], {.by_position = true, .position_window = 1, .shrinkage = 0.0});
  CHECK(single.positions() == 12);
  CHECK(std::abs(single.degrees_of_freedom() - (10.0 * 2.0 / 3.0 + 2.0 * 0.5)) < 1e-12);
}

TEST_CASE("drift::reference: blocks, floats, threads and single states agree", "[differential]") {
  const MatrixXd X = normal(40, 40, 99) * normal(40, 300, 40), Q = 3.0 * normal(40, 40, 99) * normal(40, 1100, 41);
  const MatrixXf floats = Q.cast<float>();
  for (const Index rank : {0, 6, 40}) {
    const drift::reference usual(X, {.rank = rank});
    REQUIRE(usual.status() == status::ok);
    const VectorXd d = usual.squared_mahalanobis_along(Q);
    auto ws = usual.make_workspace();
    for (Index t = 0; t < Q.cols(); t += 100) {
      CHECK(std::abs(usual.squared_mahalanobis(Q.col(t), -1, ws) - d[t]) < 1e-10 * d[t]);
      CHECK(std::abs(usual.squared_mahalanobis(floats.col(t), 3, ws) - d[t]) < 1e-4 * d[t]);
    }
    CHECK(usual.squared_mahalanobis_along(Q, 0, 3) == d);
    const VectorXd single = usual.squared_mahalanobis_along(floats);
    // In full form floats are converted, and only their own rounding is left.
    const MatrixXd rounded = floats.cast<double>();
    const VectorXd wanted = usual.squared_mahalanobis_along(rounded);
    CHECK((single - wanted).cwiseQuotient(wanted).cwiseAbs().maxCoeff() <= (rank == 0 ? 0.0 : 1e-3));
    CHECK(usual.squared_mahalanobis_along(floats, 7, 3) == single);
  }
}

TEST_CASE("drift::reference: floats that lie nearly in the components' span keep their digits", "[edge]") {
  // Three directions of variance 10⁶ and residuals of 10⁻⁶ of that: as floats the difference of squares has no digit of them left.
  MatrixXd scale = MatrixXd::Ones(12, 1);
  scale.topRows(3).setConstant(1e3);
  const MatrixXd X = scale.asDiagonal() * normal(12, 200, 50);
  const drift::reference usual(X, {.rank = 3});
  const MatrixXf Q = (scale.asDiagonal() * normal(12, 64, 51)).cast<float>();
  const VectorXd d = usual.squared_mahalanobis_along(MatrixXd(Q.cast<double>())), single = usual.squared_mahalanobis_along(Q);
  CHECK((single - d).cwiseQuotient(d).cwiseAbs().maxCoeff() < 1e-3);
}

TEST_CASE("drift::reference: floats about a large mean", "[edge]") {
  // A mean of 1000 and residuals of 0.01: a mean rounded to float, an error of 3e-5 that all states share, is not what is taken
  // off.
  MatrixXd scale = MatrixXd::Constant(64, 1, 0.01);
  scale.topRows(2).setConstant(0.05);
  const MatrixXd X = (scale.asDiagonal() * normal(64, 400, 52)).array() + 1000.0 / 3.0;
  const drift::reference usual(X, {.rank = 2});
  const MatrixXf Q = ((scale.asDiagonal() * normal(64, 100, 53)).array() + 1000.0 / 3.0).matrix().cast<float>();
  const VectorXd d = usual.squared_mahalanobis_along(MatrixXd(Q.cast<double>())), single = usual.squared_mahalanobis_along(Q);
  CHECK((single - d).cwiseQuotient(d).cwiseAbs().maxCoeff() < 1e-5);
}

TEST_CASE("drift::reference: the mean of a window, and states that are not finite", "[edge]") {
  const auto runs = runs_along(4, 20, 5, 60);
  const drift::reference usual(runs, {.by_position = true}), pooled(runs);
  VectorXd mean = VectorXd::Zero(4);
  for (Index t = 5; t < 9; ++t) mean += (runs[0].col(t) - usual.mean(t)) / 4.0;
  const VectorXd at = usual.mean(3) + mean;
  CHECK(std::abs(usual.squared_mahalanobis_of_mean(runs[0].middleCols(5, 4), 5) - usual.squared_mahalanobis(at, 3)) < 1e-12);
  CHECK(std::abs(pooled.squared_mahalanobis_of_mean(runs[0]) - pooled.squared_mahalanobis(runs[0].rowwise().mean())) < 1e-12);
  for (const Index rank : {0, 2}) {
    const drift::reference some(runs, {.rank = rank});
    MatrixXd Q = runs[0];
    Q(1, 3) = std::numeric_limits<double>::quiet_NaN();
    Q(2, 4) = std::numeric_limits<double>::infinity();
    const VectorXd d = some.squared_mahalanobis_along(Q), clean = some.squared_mahalanobis_along(runs[0]);
    for (Index t = 0; t < 20; ++t) CHECK((t == 3 || t == 4 ? std::isnan(d[t]) : d[t] == clean[t]));
    CHECK(std::isnan(some.squared_mahalanobis(Q.col(3))));
    CHECK(std::isnan(some.squared_mahalanobis(Q.col(4))));
  }
}

TEST_CASE("drift::reference: a singular covariance is a status", "[failure]") {
  const MatrixXd X = normal(6, 4, 70);
  const drift::reference singular(X, {.shrinkage = 0.0});
  CHECK(singular.status() == status::not_resolved);
  CHECK(std::isnan(singular.squared_mahalanobis(X.col(0))));
  CHECK(singular.squared_mahalanobis_along(X).array().isNaN().all());
  CHECK(singular.squared_mahalanobis_along(MatrixXf(X.cast<float>())).array().isNaN().all());
  CHECK(drift::reference(X).status() == status::ok);
  CHECK(drift::reference(MatrixXd::Ones(3, 8)).status() == status::not_resolved);
  // Classes of one state each leave no covariance within them.
  CHECK(drift::reference(X, {.labels = {0, 1, 2, 3}}).status() == status::not_resolved);
}

TEST_CASE("drift::reference: what it refuses", "[failure]") {
  const auto refusal = [](const auto& call) { return message_of<argument_error>([&] { (void)call(); }); };
  const auto made = [&](const auto& data, const drift::reference_options& options = {}) {
    return refusal([&] { return drift::reference(data, options); });
  };
  const MatrixXd X = normal(3, 8, 80);
  CHECK(made(MatrixXd(X.leftCols(1))) == "drift::reference: 1 states, expected at least 2");
  CHECK(made(std::vector<MatrixXd>{}) == "drift::reference: no runs, expected at least one");
  CHECK(made(std::vector<MatrixXd>{X, X.topRows(2)}) ==
        "drift::reference: run 1 has the shape (2, 8), expected at least one column, and as many rows as run 0 has (3), at least "
        "one");
  MatrixXd bad = X;
  bad(2, 5) = std::numeric_limits<double>::infinity();
  CHECK(made(std::vector<MatrixXd>{X, bad}) == "drift::reference: run 1, column 5: the state has a value that is not finite");
  CHECK(made(X, {.by_position = true}) ==
        "drift::reference: position 0 has 1 state, expected at least 2: several runs, a .position_window, or fewer .positions");
  CHECK(made(std::vector<MatrixXd>{X, X.leftCols(6)}, {.by_position = true}) ==
        "drift::reference: position 6 has 1 state, expected at least 2: several runs, a .position_window, or fewer .positions");
  CHECK(made(X, {.by_position = true, .positions = 9}) == "drift::reference: .positions is 9, expected 0 to 8 (the longest run)");
  CHECK(made(X, {.position_window = 1}) ==
        "drift::reference: .position_window, .positions and .covariance_by_position need .by_position");
  CHECK(made(X, {.by_position = true, .position_window = -1}) == "drift::reference: .position_window is -1, expected >= 0");
  CHECK(made(X, {.labels = {0, 1}}) == "drift::reference: 2 .labels, expected one a state (8) or one a run (1)");
  CHECK(made(X, {.labels = {0, 0, 0, -1, 0, 0, 0, 0}}) == "drift::reference: .labels[3] is -1, expected 0, 1, ... for the classes");
  CHECK(made(X, {.labels = {0, 0, 0, 2, 0, 0, 0, 0}}) == "drift::reference: class 1 of .labels has no state");
  CHECK(made(X, {.by_position = true, .position_window = 1, .labels = {0, 0, 0, 1, 0, 0, 0, 0}}) ==
        "drift::reference: .labels and .by_position exclude each other");
  CHECK(made(X, {.shrinkage = -0.5}) == "drift::reference: .shrinkage is -0.5, expected 0 to 1");
  CHECK(made(X, {.ridge = -0.5}) == "drift::reference: .ridge is -0.5, expected a finite number, >= 0");
  CHECK(made(X, {.rank = 4}) == "drift::reference: .rank is 4, expected 0 to 3 (the components of a state)");

  const drift::reference usual(std::vector<MatrixXd>{X, 2.0 * X}, {.by_position = true}), pooled(X);
  CHECK(refusal([&] { return usual.squared_mahalanobis(query); }) ==
        "drift::reference: the reference is by position: expected a position, 0 to 7");
  CHECK(refusal([&] { return usual.squared_mahalanobis(query, 8); }) ==
        "drift::reference: position 8 is not in the reference, expected 0 to 7");
  CHECK(refusal([&] { return usual.squared_mahalanobis_along(X, 1); }) ==
        "drift::reference: a run at positions 1 to 8, expected 0 to 7: there is no reference for others");
  CHECK(refusal([&] { return usual.squared_mahalanobis_along(X, -1); }) ==
        "drift::reference: first is -1, expected a position >= 0");
  CHECK(refusal([&] { return pooled.squared_mahalanobis(VectorXd::Zero(2)); }) ==
        "drift::reference: a state of 2 components, expected 3 as the reference has");
  CHECK_FALSE(refusal([&] { return pooled.squared_mahalanobis_along(X.topRows(2)); }).empty());
  CHECK(refusal([&] { return pooled.relative_mahalanobis(query); }) ==
        "drift::reference: a relative distance needs classes: .labels");
  CHECK_FALSE(refusal([&] { return pooled.squared_mahalanobis_of_mean(MatrixXd(3, 0)); }).empty());
}
