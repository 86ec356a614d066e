// SPDX-License-Identifier: MIT
#include <libration/drift/covariance.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using drift::factored_covariance;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
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
  libration::random_stream(6, stream).fill_normal(X);
  return X;
}

MatrixXd centred(const MatrixXd& X) {
  const VectorXd mean = X.rowwise().mean();
  return X.colwise() - mean;
}

// Variances from 100 down to about 1.
MatrixXd anisotropic(Index n, Index count, std::uint64_t stream) {
  MatrixXd X = normal(n, count, stream);
  for (Index i = 0; i < n; ++i) X.row(i) *= 1.0 + 9.0 * std::exp(-static_cast<double>(i));
  return normal(n, n, stream + 1000) * X;
}

double squared_norm(const factored_covariance& sigma, const VectorXd& c) {
  auto ws = sigma.make_workspace();
  ws.deviation = c;
  return sigma.squared_norm(ws);
}

}  // namespace

TEST_CASE("drift::ledoit_wolf: six states", "[oracle]") {
  const auto r = drift::ledoit_wolf(six_states());
  CHECK(r.status == status::ok);
  CHECK(std::abs(r.mean[0] - 3.5) < 1e-15);
  CHECK(std::abs(r.mean[1] - 7.01666667) < 1e-8);
  CHECK(std::abs(r.mu - 4.8812037037) < 1e-10);
  CHECK(std::abs(r.d_squared - 46.8882695645) < 1e-10);
  CHECK(std::abs(r.b_squared - 8.9792602195) < 1e-10);
  CHECK(std::abs(r.weight - 0.1915033398) < 1e-10);
  CHECK(std::abs(r.covariance(0, 0) - 3.2928820704) < 1e-10);
  CHECK(std::abs(r.covariance(0, 1) - 4.7094930456) < 1e-10);
  CHECK(std::abs(r.covariance(1, 1) - 10.3548758148) < 1e-10);
  CHECK(std::abs(r.covariance(2, 2) - 0.9958532259) < 1e-10);
  // Powers of two change no digit of the weight.
  for (const int e : {-500, 400}) CHECK(drift::ledoit_wolf(std::ldexp(1.0, e) * six_states()).weight == r.weight);
}

TEST_CASE("drift::ledoit_wolf: the definition's sums, and the edges of the weight", "[law]") {
  const MatrixXd X = anisotropic(7, 40, 1), C = centred(X);
  const MatrixXd S = C * C.transpose() / 40.0;
  const double mu = S.trace() / 7.0;
  double b2 = 0.0;
  for (Index j = 0; j < 40; ++j) b2 += (C.col(j) * C.col(j).transpose() - S).squaredNorm() / (7.0 * 1600.0);
  const double d2 = (S - mu * MatrixXd::Identity(7, 7)).squaredNorm() / 7.0;
  const auto r = drift::ledoit_wolf(X);
  CHECK(std::abs(r.d_squared - d2) < 1e-12 * d2);
  CHECK(std::abs(r.b_squared - b2) < 1e-12 * d2);
  CHECK((r.covariance - (1.0 - b2 / d2) * S - b2 / d2 * mu * MatrixXd::Identity(7, 7)).norm() < 1e-12 * S.norm());
  // Of one component S is a multiple of the identity, and nothing is to be shrunk.
  CHECK(drift::ledoit_wolf(X.row(0)).weight == 0.0);
  // Of a distribution whose covariance is the identity, all of S - μI is error.
  CHECK(drift::ledoit_wolf(normal(50, 500, 3)).weight > 0.9);
  const auto same = drift::ledoit_wolf(MatrixXd::Constant(3, 4, 7.0));
  CHECK(same.status == status::not_resolved);
  CHECK(drift::ledoit_wolf(1e200 * normal(3, 9, 4)).status == status::diverged);
}

TEST_CASE("drift::factored_covariance: full form is the covariance of the options", "[differential]") {
  const MatrixXd X = anisotropic(6, 30, 5), C = centred(X);
  const auto lw = drift::ledoit_wolf(X);
  const auto sigma = factored_covariance::of(C);
  CHECK(sigma.status() == status::ok);
  CHECK(sigma.full());
  CHECK(sigma.shrinkage() == lw.weight);
  CHECK((sigma.matrix() - lw.covariance).norm() < 1e-13 * lw.covariance.norm());
  const auto plain = factored_covariance::of(C, {.shrinkage = 0.0, .ridge = 0.5, .divisor = 29.0});
  const MatrixXd wanted = C * C.transpose() / 29.0 + 0.5 * MatrixXd::Identity(6, 6);
  CHECK((plain.matrix() - wanted).norm() < 1e-13 * wanted.norm());
  const VectorXd c = normal(6, 1, 6);
  const double exact = c.dot(solve(wanted, c));
  CHECK(std::abs(squared_norm(plain, c) - exact) < 1e-12 * exact);
  const auto given = factored_covariance::of(C, {.shrinkage = 0.25});
  const MatrixXd S = C * C.transpose() / 30.0;
  CHECK((given.matrix() - 0.75 * S - 0.25 * S.trace() / 6.0 * MatrixXd::Identity(6, 6)).norm() < 1e-13 * S.norm());
  CHECK(given.shrinkage() == 0.25);
  // In units of 2^200 the distance is the same.
  const auto scaled = factored_covariance::of(std::ldexp(1.0, 200) * C);
  CHECK(squared_norm(scaled, std::ldexp(1.0, 200) * c) == squared_norm(sigma, c));
}

TEST_CASE("drift::factored_covariance: low rank keeps the leading components and the mean of the others", "[differential]") {
  const MatrixXd X = anisotropic(8, 50, 7), C = centred(X);
  const auto full = factored_covariance::of(C);
  const VectorXd values = symmetric_eigenpairs_of(full.matrix()).values;
  const VectorXd c = normal(8, 1, 8);
  for (const Index rank : {1, 3, 7, 8}) {
    const auto low = factored_covariance::of(C, {.rank = rank});
    REQUIRE(low.status() == status::ok);
    REQUIRE(low.rank() == rank);
    CHECK((low.variances() - values.reverse().head(rank)).norm() < 1e-12 * values[7]);
    CHECK(std::abs(low.matrix().trace() - full.matrix().trace()) < 1e-12 * values.sum());
    if (rank < 8) CHECK(std::abs(low.residual_variance() - values.head(8 - rank).mean()) < 1e-12 * values[7]);
    // The formula's inverse, and of all components the full form.
    const double exact = c.dot(solve(low.matrix(), c));
    CHECK(std::abs(squared_norm(low, c) - exact) < 1e-10 * exact);
    if (rank >= 7) CHECK(std::abs(squared_norm(low, c) - squared_norm(full, c)) < 1e-10 * exact);
  }
}

TEST_CASE("drift::factored_covariance: fewer states than components go by the Gram matrix", "[differential]") {
  // 30 deviations in 40 components; with ten zero columns beside them there are as many as components, and no Gram matrix.
  const MatrixXd C = centred(anisotropic(40, 30, 9));
  MatrixXd padded = MatrixXd::Zero(40, 40);
  padded.leftCols(30) = C;
  const VectorXd c = normal(40, 1, 10);
  for (const Index rank : {1, 5, 29}) {
    const auto gram = factored_covariance::of(C, {.shrinkage = 0.1, .rank = rank, .divisor = 30.0});
    const auto direct = factored_covariance::of(padded, {.shrinkage = 0.1, .rank = rank, .divisor = 30.0});
    REQUIRE(gram.status() == status::ok);
    CHECK((gram.matrix() - direct.matrix()).norm() < 1e-10 * direct.matrix().norm());
    CHECK(std::abs(squared_norm(gram, c) - squared_norm(direct, c)) < 1e-8 * squared_norm(direct, c));
  }
  // Ledoit and Wolf's weight is the same by either matrix.
  const auto full = factored_covariance::of(C);
  const auto gram = factored_covariance::of(C, {.rank = 29});
  CHECK(std::abs(full.shrinkage() - gram.shrinkage()) < 1e-12);
  CHECK((full.matrix() - gram.matrix()).norm() < 1e-10 * full.matrix().norm());
  // 30 deviations from their mean span 29 directions, whatever is asked for.
  CHECK(factored_covariance::of(C, {.rank = 35}).rank() == 29);
}

TEST_CASE("drift::factored_covariance: a deviation nearly in the span of the components keeps its residual", "[edge]") {
  MatrixXd U = MatrixXd::Zero(5, 2);
  U(0, 0) = U(1, 1) = 1.0;
  const auto sigma = factored_covariance::from_components(U, Eigen::Vector2d(1e12, 1e12), 1e-6);
  VectorXd c(5);
  c << 1e6, -2e6, 1e-4, 0.0, 2e-4;  // the difference of squares of order 1e12 would lose the residual 5e-8
  CHECK(std::abs(squared_norm(sigma, c) - (5.0 + 0.05)) < 1e-12);
}

TEST_CASE("drift::factored_covariance: singular covariances have a status and no distance", "[failure]") {
  const MatrixXd few = centred(normal(5, 4, 11));
  const VectorXd c = normal(5, 1, 12);
  for (const Index rank : {0, 5}) {
    const auto singular = factored_covariance::of(few, {.shrinkage = 0.0, .rank = rank});
    CHECK(singular.status() == status::not_resolved);
    CHECK(std::isnan(squared_norm(singular, c)));
    CHECK(factored_covariance::of(few, {.rank = rank}).status() == status::ok);
    CHECK(factored_covariance::of(few, {.shrinkage = 0.0, .ridge = 1e-3, .rank = rank}).status() == status::ok);
    // All states alike.
    const auto none = factored_covariance::of(MatrixXd::Zero(5, 9), {.rank = rank});
    CHECK(none.status() == status::not_resolved);
    CHECK(std::isnan(squared_norm(none, c)));
  }
  // One component of zero variance, and one that is the sum of others.
  MatrixXd C = centred(normal(4, 50, 13));
  C.row(2).setZero();
  CHECK(factored_covariance::of(C, {.shrinkage = 0.0}).status() == status::not_resolved);
  C.row(2) = C.row(0) + C.row(1);
  CHECK(factored_covariance::of(C, {.shrinkage = 0.0}).status() == status::not_resolved);
  CHECK(factored_covariance::of(C, {.shrinkage = 0.0, .rank = 3}).status() == status::not_resolved);
  CHECK(factored_covariance::of(1e200 * C, {.rank = 2}).status() == status::diverged);
  CHECK(factored_covariance().status() == status::not_run);
  VectorXd bad = c;
  bad[1] = std::numeric_limits<double>::infinity();
  CHECK(std::isnan(squared_norm(factored_covariance::of(few), bad)));
}

TEST_CASE("drift::factored_covariance, ledoit_wolf: what they refuse", "[failure]") {
  const auto refusal = [](const auto& call) { return message_of<argument_error>([&] { (void)call(); }); };
  const MatrixXd C = normal(3, 9, 14);
  CHECK(refusal([&] { return drift::ledoit_wolf(C.leftCols(1)); }) ==
        "drift::ledoit_wolf: 1 states (columns), expected at least 2");
  MatrixXd bad = C;
  bad(1, 4) = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal([&] { return drift::ledoit_wolf(bad); }) == "drift::ledoit_wolf: column 4 has a value that is not finite");
  CHECK(refusal([&] { return factored_covariance::of(bad); }) ==
        "drift::factored_covariance: the deviations have a value that is not finite");
  CHECK(refusal([&] { return factored_covariance::of(C, {.shrinkage = 1.5}); }) ==
        "drift::factored_covariance: .shrinkage is 1.5, expected 0 to 1");
  CHECK(refusal([&] { return factored_covariance::of(C, {.ridge = -1.0}); }) ==
        "drift::factored_covariance: .ridge is -1, expected a finite number, >= 0");
  CHECK(refusal([&] { return factored_covariance::of(C, {.rank = 4}); }) ==
        "drift::factored_covariance: .rank is 4, expected 0 to 3 (the components of a state)");
  CHECK_FALSE(refusal([&] { return factored_covariance::of(C, {.divisor = -1.0}); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::of(MatrixXd(0, 3)); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::from_factor(MatrixXd::Ones(2, 2)); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::from_factor(-MatrixXd::Identity(2, 2)); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::from_factor(MatrixXd::Zero(2, 3)); }).empty());
  const MatrixXd U = MatrixXd::Identity(3, 2);
  CHECK(factored_covariance::from_components(U, Eigen::Vector2d(2.0, 1.0), 0.5).status() == status::ok);
  CHECK_FALSE(refusal([&] { return factored_covariance::from_components(U, Eigen::Vector2d(2.0, 0.0), 0.5); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::from_components(U, Eigen::Vector2d(2.0, 1.0), 0.0); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::from_components(2.0 * U, Eigen::Vector2d(2.0, 1.0), 0.5); }).empty());
  CHECK_FALSE(refusal([&] { return factored_covariance::from_components(U, Eigen::Vector3d(3.0, 2.0, 1.0), 0.5); }).empty());
}
