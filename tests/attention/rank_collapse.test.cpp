// SPDX-License-Identifier: MIT
#include <libration/attention/rank_collapse.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace attention = libration::attention;
using attention::rank_collapse, attention::rank_collapse_residual;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status;
using libration_test::message_of;

namespace {

MatrixXd normals(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd X(rows, columns);
  libration::random_stream(4, stream).fill_normal(X);
  return X;
}

double composite(const MatrixXd& X) {
  return std::sqrt(X.cwiseAbs().colwise().sum().maxCoeff() * X.cwiseAbs().rowwise().sum().maxCoeff());
}

}  // namespace

// Tokens (1, 4), (3, 0): mean (2, 2), residual (-1, 2), (1, -2).
TEST_CASE("attention::rank_collapse_residual: two tokens by hand", "[oracle]") {
  const auto r = rank_collapse_residual((MatrixXd(2, 2) << 1.0, 3.0, 4.0, 0.0).finished());
  CHECK(std::abs(r.frobenius - std::sqrt(10.0)) < 1e-15);
  CHECK(std::abs(r.relative - std::sqrt(10.0 / 26.0)) < 1e-15);
  CHECK(std::abs(r.composite - std::sqrt(3.0 * 4.0)) < 1e-15);
  CHECK(std::abs(r.relative_composite - std::sqrt(12.0 / (5.0 * 4.0))) < 1e-15);
}

TEST_CASE("attention::rank_collapse_residual: the mean token is the best in one norm and within twice the best in the other",
          "[law]") {
  const MatrixXd X = normals(7, 12, 1).colwise() + VectorXd::LinSpaced(7, -3.0, 5.0);
  const auto r = rank_collapse_residual(X);
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    const VectorXd x = VectorXd(X.rowwise().mean()) + 0.3 * normals(7, 1, 100 + trial).col(0);
    CHECK((X.colwise() - x).norm() >= r.frobenius);
    CHECK(2.0 * composite(X.colwise() - x) >= r.composite);
  }
  // A token that all share moves nothing but the relative ones; a factor nothing but the absolute ones.
  const auto moved = rank_collapse_residual(X.colwise() + VectorXd::Constant(7, 2.0));
  CHECK(std::abs(moved.frobenius - r.frobenius) < 1e-14 * 50.0);
  CHECK(std::abs(moved.composite - r.composite) < 1e-14 * 50.0);
  const auto scaled = rank_collapse_residual(-8.0 * X);
  CHECK(std::abs(scaled.frobenius - 8.0 * r.frobenius) < 1e-12);
  CHECK(std::abs(scaled.relative - r.relative) < 1e-14);
  CHECK(std::abs(scaled.relative_composite - r.relative_composite) < 1e-14);
}

TEST_CASE("attention::rank_collapse_residual: tokens alike, one token, mean nought, huge and tiny states", "[edge]") {
  const VectorXd token = VectorXd::LinSpaced(5, 0.1, 0.9);
  const auto alike = rank_collapse_residual(token.replicate(1, 1000));  // not even the rounding of a long sum is left
  CHECK((alike.relative < 1e-25 && alike.relative_composite < 1e-25));
  CHECK(rank_collapse_residual(token).relative == 0.0);
  CHECK(rank_collapse_residual((MatrixXd(1, 2) << 1.0, -1.0).finished()).relative == 1.0);
  const auto zero = rank_collapse_residual(MatrixXd::Zero(2, 3));
  CHECK((zero.frobenius == 0.0 && std::isnan(zero.relative)));
  const MatrixXd X = normals(3, 4, 2);
  for (const double size : {1e-200, 1e200, 1e307}) {
    const auto r = rank_collapse_residual(size * X);
    CHECK(std::abs(r.relative - rank_collapse_residual(X).relative) < 1e-14);
    CHECK(std::abs(r.relative_composite - rank_collapse_residual(X).relative_composite) < 1e-14);
  }
  CHECK(rank_collapse_residual((MatrixXd(1, 2) << 1.7e308, -1.7e308).finished()).relative == 1.0);
  MatrixXd broken = X;
  broken(1, 2) = std::numeric_limits<double>::infinity();
  CHECK(std::isnan(rank_collapse_residual(broken).frobenius));
  CHECK(message_of<argument_error>([] { (void)rank_collapse_residual(MatrixXd(3, 0)); }) ==
        "attention::rank_collapse_residual: states is 3 x 0, expected at least one entry");
}

// X_l = 2^-l R + a_l u 1ᵀ with R's rows summing to 0 and a_l such that ‖X_l‖ stays as it is.
TEST_CASE("attention::rank_collapse: a residual that halves at each layer", "[oracle]") {
  MatrixXd R = normals(6, 10, 3);
  R.colwise() -= VectorXd(R.rowwise().mean());
  R /= R.norm();
  std::vector<MatrixXd> layers;
  for (int l = 0; l < 12; ++l) {
    const double left = std::ldexp(1.0, -l);
    layers.push_back((left * R).colwise() + VectorXd::Constant(6, std::sqrt((1.25 - left * left) / 60.0)));
  }
  const auto r = rank_collapse(layers);
  REQUIRE(r.layers.size() == 12);
  CHECK((r.status == status::ok && r.failed_at == -1 && r.fitted == 12));
  CHECK(std::abs(r.layers[3].relative - 0.125 / std::sqrt(1.25)) < 1e-15);
  CHECK(std::abs(r.log_relative.slope + std::numbers::ln2) < 1e-12);
  CHECK(std::abs(r.factor_per_layer() - 0.5) < 1e-12);
  CHECK(r.log_relative.slope_error < 1e-12);
  CHECK(rank_collapse(layers, 0.01).fitted == 7);  // the layers above it: 2^-6/1.118 = 0.014
}

TEST_CASE("attention::rank_collapse: mixing tokens collapses them, a residual stream holds it up", "[law]") {
  constexpr Index tokens = 16;
  std::vector<Eigen::MatrixXf> pure = {normals(8, tokens, 5).cast<float>()}, stream = pure;
  for (std::uint64_t l = 0; l < 20; ++l) {
    MatrixXd A = normals(tokens, tokens, 20 + l).array().exp();
    for (Index j = 0; j < tokens; ++j) A.col(j) /= A.col(j).sum();
    pure.push_back(pure.back() * A.cast<float>());
    stream.push_back(stream.back() + stream.back() * A.cast<float>());
  }
  const auto fallen = rank_collapse(pure), held = rank_collapse(stream);
  CHECK(fallen.layers.front().relative > 0.9);
  CHECK(fallen.layers.back().relative < 1e-6);  // single precision's rounding of equal tokens
  CHECK(fallen.fitted < 21);
  CHECK(fallen.factor_per_layer() < 0.6);
  CHECK(held.factor_per_layer() > fallen.factor_per_layer());
}

TEST_CASE("attention::rank_collapse: no layers, one, one that diverged, and what is refused", "[edge][failure]") {
  CHECK(rank_collapse(std::vector<MatrixXd>{}).status == status::not_run);
  const MatrixXd X = normals(3, 4, 6);
  const auto one = rank_collapse(std::vector<MatrixXd>{X});
  CHECK((one.status == status::ok && one.fitted == 1 && std::isnan(one.factor_per_layer())));
  MatrixXd broken = X;
  broken(0, 0) = std::numeric_limits<double>::quiet_NaN();
  const auto r = rank_collapse(std::vector<MatrixXd>{X, broken, X, broken, MatrixXd::Zero(3, 4)});
  CHECK((r.status == status::diverged && r.failed_at == 1 && r.fitted == 2));
  CHECK(r.layers[2].relative == one.layers[0].relative);
  CHECK(message_of<argument_error>([&] {
          (void)rank_collapse(std::vector<MatrixXd>{X, normals(3, 5, 7)});
        }) == "attention::rank_collapse: layers[1] is 3 x 5, expected 4 columns (the tokens) and at least one entry");
  CHECK(message_of<argument_error>([&] { (void)rank_collapse(std::vector<MatrixXd>{X}, -1.0); }).find("rounding is -1") !=
        std::string::npos);
}
