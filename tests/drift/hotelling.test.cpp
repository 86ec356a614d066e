// SPDX-License-Identifier: MIT
#include <libration/drift/hotelling.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::Vector3d, Eigen::VectorXd;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

// Six states of three components, as columns.
MatrixXd six_states() {
  MatrixXd rows(6, 3);
  rows << 1, 2, .5, 2, 4.1, .1, 3, 5.9, .9, 4, 8.2, .2, 5, 9.8, .7, 6, 12.1, .4;
  return rows.transpose();
}

MatrixXd normal(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd X(rows, columns);
  libration::random_stream(9, stream).fill_normal(X);
  return X;
}

}  // namespace

TEST_CASE("drift::hotelling: T² and SPE of a state against six", "[oracle]") {
  const Vector3d query(3.0, 6.0, 1.0);
  const drift::reference usual(six_states(), {.shrinkage = 0.0, .unbiased = true});
  const double t_squared[] = {0.0730359757, 3.1093907405, 10.1947646002}, spe[] = {0.2915387983, 0.0085024676, 0.0};
  for (const Index k : {1, 2, 3}) {
    const drift::hotelling chart(usual, {.components = k});
    CHECK(chart.status() == status::ok);
    CHECK(std::abs(chart.variances()[0] - 17.4779175003) < 1e-9);
    const auto v = chart.value(query);
    CHECK(std::abs(v.t_squared - t_squared[k - 1]) < 1e-8);
    CHECK(std::abs(v.spe - spe[k - 1]) < 1e-10);
    if (k == 3) {
      CHECK(std::abs(v.t_squared - usual.squared_mahalanobis(query)) < 1e-9);
      CHECK(std::abs(chart.variances()[1] - 0.0932158304) < 1e-10);
      CHECK(std::abs(chart.variances()[2] - 0.0012000027) < 1e-10);
      CHECK(chart.spe_limit() == 0.0);
    }
  }
}

TEST_CASE("drift::hotelling_limit, spe_limit: values", "[oracle]") {
  CHECK(std::abs(drift::hotelling_limit(3, 100) - 8.3447248447) < 1e-9);
  // Of ever more states the χ² quantile.
  CHECK(std::abs(drift::hotelling_limit(3, 100'000'000) - 7.8147279) < 1e-6);
  CHECK(std::abs(drift::spe_limit(Vector3d(1.0, 0.5, 0.25)) - 5.0235466653) < 1e-9);
  CHECK(std::abs(drift::spe_limit(VectorXd::Ones(1)) - 3.7468) < 5e-5);
  // In other units.
  const Vector3d far(std::ldexp(1.0, 900), std::ldexp(1.0, 899), std::ldexp(1.0, 898));
  CHECK(drift::spe_limit(far) == std::ldexp(drift::spe_limit(Vector3d(1.0, 0.5, 0.25)), 900));
  // Through the exponent's zero, h = 0 of these two variances, the limit is continuous.
  double low = 1e-4, high = 0.5;  // of the variances 1, x, x, ... (8 of them) h is negative, and positive
  const auto h = [](double x) {
    const double t1 = 1.0 + 8.0 * x, t2 = 1.0 + 8.0 * x * x, t3 = 1.0 + 8.0 * x * x * x;
    return 1.0 - 2.0 * t1 * t3 / (3.0 * t2 * t2);
  };
  const auto limit = [](double x) {
    VectorXd v = VectorXd::Constant(9, x);
    v[0] = 1.0;
    return drift::spe_limit(v);
  };
  low = 0.1;
  REQUIRE(h(low) < 0.0);
  REQUIRE(h(high) > 0.0);
  for (int i = 0; i < 100; ++i) (h(0.5 * (low + high)) < 0.0 ? low : high) = 0.5 * (low + high);
  CHECK(std::abs(limit(low) - limit(low + 1e-6)) < 1e-4);
  CHECK(std::abs(limit(low) - limit(low - 1e-6)) < 1e-4);
}

TEST_CASE("drift::spe_limit: its true exceedance where three variances are known", "[stat]") {
  const Vector3d variances(1.0, 0.5, 0.25);
  const double limit = drift::spe_limit(variances);
  const MatrixXd z = normal(3, 200'000, 1);
  double above = 0.0;
  for (Index j = 0; j < z.cols(); ++j) above += z.col(j).cwiseAbs2().dot(variances) > limit ? 1.0 : 0.0;
  // 4 standard errors.
  CHECK(std::abs(above / 2e5 - 0.0472) < 4.0 * std::sqrt(0.0472 * 0.9528 / 2e5) + 5e-5);
}

TEST_CASE("drift::hotelling: a new state is above the limit of T² as often as the level says", "[stat]") {
  // Pooled: ten states; by position: four runs of three positions, whose means are of four states. 4 standard errors of 4000 fits.
  constexpr int fits = 4000;
  double pooled = 0.0, by_position = 0.0, biased = 0.0;
  for (int i = 0; i < fits; ++i) {
    const auto stream = 100 + 10 * static_cast<std::uint64_t>(i);
    const MatrixXd X = normal(2, 10, stream);
    const VectorXd h = normal(2, 1, stream + 1);
    const drift::hotelling chart(drift::reference(X, {.shrinkage = 0.0, .unbiased = true}), {.components = 2, .level = 0.9});
    pooled += chart.value(h).t_squared > chart.t_squared_limit() ? 1.0 : 0.0;
    // The limit knows what the covariance was divided by.
    const drift::hotelling other(drift::reference(X, {.shrinkage = 0.0}), {.components = 2, .level = 0.9});
    biased += other.value(h).t_squared > other.t_squared_limit() ? 1.0 : 0.0;
    std::vector<MatrixXd> runs;
    for (std::uint64_t r = 0; r < 4; ++r) runs.push_back(normal(2, 3, stream + 2 + r));
    const drift::hotelling along(drift::reference(runs, {.by_position = true, .shrinkage = 0.0}), {.components = 2, .level = 0.9});
    by_position += along.value(h, 1).t_squared > along.t_squared_limit(1) ? 1.0 : 0.0;
  }
  const double error = std::sqrt(0.1 * 0.9 / fits);
  CHECK(std::abs(pooled / fits - 0.1) < 4.0 * error);
  CHECK(std::abs(by_position / fits - 0.1) < 4.0 * error);
  CHECK(biased == pooled);
  CHECK(
      std::abs(drift::hotelling(drift::reference(normal(2, 10, 5), {.shrinkage = 0.0}), {.components = 2}).t_squared_limit() * 0.9 -
               drift::hotelling_limit(2, 10)) < 1e-9);
}

TEST_CASE("drift::hotelling: full and low-rank references, runs and single states agree", "[differential]") {
  const MatrixXd X = normal(9, 9, 7) * normal(9, 80, 8), Q = normal(9, 30, 9);
  const drift::reference full(X, {.shrinkage = 0.0}), low(X, {.shrinkage = 0.0, .rank = 8});
  const drift::hotelling chart(full, {.components = 4}), same(low, {.components = 4});
  CHECK((chart.residual_variances() - same.residual_variances()).norm() < 1e-10 * chart.variances()[0]);
  CHECK(std::abs(chart.spe_limit() - same.spe_limit()) < 1e-9 * chart.spe_limit());
  auto along = chart.values_along(Q, 0, 2);
  auto ws = same.make_workspace();
  for (Index t = 0; t < 30; ++t) {
    const auto v = same.value(Q.col(t), -1, ws);
    CHECK(std::abs(along.t_squared[t] - v.t_squared) < 1e-9 * v.t_squared);
    CHECK(std::abs(along.spe[t] - v.spe) < 1e-9 * v.spe);
  }
  MatrixXd bad = Q;
  bad(3, 5) = std::numeric_limits<double>::quiet_NaN();
  along = chart.values_along(bad);
  CHECK(std::isnan(along.spe[5]));
  CHECK(std::isnan(chart.value(bad.col(5)).t_squared));
  CHECK(std::isfinite(along.spe[4]));
}

TEST_CASE("drift::hotelling: singular references, and what it refuses", "[failure]") {
  const auto refusal = [](const auto& call) { return message_of<argument_error>([&] { (void)call(); }); };
  const MatrixXd X = normal(3, 8, 10);
  const drift::reference usual(X), low(X, {.rank = 2}), singular(MatrixXd(X.leftCols(3)), {.shrinkage = 0.0});
  const drift::hotelling none(singular, {.components = 2});
  CHECK(none.status() == status::not_resolved);
  CHECK(std::isnan(none.value(X.col(0)).t_squared));
  CHECK(std::isnan(none.values_along(X).spe[0]));
  CHECK(std::isnan(none.t_squared_limit()));
  CHECK(std::isnan(none.spe_limit()));
  const auto made = [&](const drift::reference& of, const drift::hotelling_options& options = {}) {
    return refusal([&] { return drift::hotelling(of, options); });
  };
  CHECK(made(usual, {.components = 0}) ==
        "drift::hotelling: .components is 0, expected at least 1, and fewer than 8 (states less means, plus 1)");
  CHECK(made(usual, {.components = 4}) == "drift::hotelling: .components is 4, expected at most 3 (the components of a state)");
  CHECK(made(singular, {.components = 3}) ==
        "drift::hotelling: .components is 3, expected at least 1, and fewer than 3 (states less means, plus 1)");
  CHECK(made(low, {.components = 3}) == "drift::hotelling: .components is 3, expected at most 2 (the reference's rank)");
  CHECK(made(usual, {.level = 1.0}) == "drift::hotelling: .level is 1, expected in (0, 1)");
  CHECK_FALSE(made(drift::reference(X, {.labels = {0, 0, 0, 0, 1, 1, 1, 1}})).empty());
  CHECK_FALSE(made(drift::reference(X, {.by_position = true, .position_window = 2, .covariance_by_position = true})).empty());
  CHECK(refusal([] { return drift::hotelling_limit(5, 5); }) ==
        "drift::hotelling_limit: 5 components of 5 states, expected 1 or more, and fewer than states");
  CHECK(refusal([] { return drift::hotelling_limit(1, 5, 0.0); }) == "drift::hotelling_limit: level is 0, expected in (0, 1)");
  CHECK_FALSE(refusal([] { return drift::spe_limit(Vector3d(1.0, 0.0, 2.0)); }).empty());
  CHECK_FALSE(refusal([] { return drift::spe_limit(VectorXd(0)); }).empty());
  const drift::hotelling chart(drift::reference(std::vector<MatrixXd>{X, 2.0 * X}, {.by_position = true}));
  CHECK(refusal([&] { return chart.value(X.col(0)); }) == "drift::hotelling: position -1 is not in the reference, expected 0 to 7");
  CHECK_FALSE(refusal([&] { return chart.values_along(X, 1); }).empty());
  CHECK_FALSE(refusal([&] { return chart.values_along(X.topRows(2)); }).empty());
  CHECK_FALSE(refusal([&] { return chart.value(VectorXd::Zero(2), 0); }).empty());
}
