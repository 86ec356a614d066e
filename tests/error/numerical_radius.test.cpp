// SPDX-License-Identifier: MIT
#include <libration/error/numerical_radius.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace error = libration::error;
using Eigen::Index, Eigen::MatrixXd;
using error::numerical_radius;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

MatrixXd normals(Index n, std::uint64_t stream) {
  MatrixXd A(n, n);
  libration::random_stream(13, stream).fill_normal(A);
  return A;
}
double norm_of(const MatrixXd& A) { return singular_values(A)[0]; }

// Between the bounds, which are as close as was asked for; rounding is n eps ‖A‖.
void check(const error::numerical_radius_result& r, double truth, double tolerance = 1e-5) {
  INFO("[" << r.lower << ", " << r.upper << "], expected " << truth);
  CHECK(r.status == status::ok);
  CHECK(r.lower <= truth * (1 + 100 * eps));
  CHECK(r.upper >= truth * (1 - 100 * eps));
  CHECK(r.upper <= r.lower * (1 + tolerance));
}

}  // namespace

TEST_CASE("error::numerical_radius: homogeneous over the whole range of double", "[law][edge]") {
  const MatrixXd A = normals(3, 7) / 8.0;
  const auto once = numerical_radius(A);
  for (const int e : {-1060, -1000, -533, -500, 500, 533, 1000, 1022}) {
    const auto r = numerical_radius(MatrixXd(std::ldexp(1.0, e) * A));
    INFO("2^" << e);
    CHECK(r.status == status::ok);
    // Entries that have become subnormal have lost digits: 2^-1074 over their size.
    const double lost = 8.0 * std::ldexp(1.0, std::max(-1074 - e, -53));
    CHECK(std::abs(std::ldexp(r.lower, -e) / once.lower - 1.0) <= lost);
    CHECK(std::abs(std::ldexp(r.upper, -e) / once.upper - 1.0) <= lost + 1e-5);
    CHECK(r.lower <= r.upper);
  }
}

TEST_CASE("error::numerical_radius: Jordan blocks, whose fields of values are disks", "[oracle]") {
  // Of n x n with eigenvalue a: a disk about a of radius cos(π/(n + 1)).
  for (const Index n : {2, 3, 7}) {
    MatrixXd A = MatrixXd::Zero(n, n);
    A.diagonal(1).setOnes();
    check(numerical_radius(A), std::cos(std::numbers::pi / static_cast<double>(n + 1)));
    A.diagonal().setConstant(0.9);
    const auto right = numerical_radius(A);
    check(right, 0.9 + std::cos(std::numbers::pi / static_cast<double>(n + 1)));
    CHECK(right.angle == 0.0);
    A.diagonal().setConstant(-0.9);
    const auto left = numerical_radius(A);
    check(left, 0.9 + std::cos(std::numbers::pi / static_cast<double>(n + 1)));
    CHECK(std::abs(left.angle - std::numbers::pi) < 1e-12);
  }
}

TEST_CASE("error::numerical_radius: of normal matrices the spectral radius, at the angle of the eigenvalue", "[oracle]") {
  for (const double angle : {0.0, 0.3, 1.0, 2.0, 3.0}) {
    const MatrixXd R = (MatrixXd(2, 2) << std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle)).finished();
    const auto r = numerical_radius(0.7 * R, {.tolerance = 1e-12});
    check(r, 0.7, 1e-12);
    CHECK(std::abs(r.angle - angle) < 1e-5);  // a cosine's top: the root of the tolerance
  }
  check(numerical_radius(MatrixXd(Eigen::Vector3d(-2.0, 1.0, 0.5).asDiagonal())), 2.0, 1e-12);
  check(numerical_radius(MatrixXd::Constant(1, 1, -3.0)), 3.0, 1e-12);
  const auto zero = numerical_radius(MatrixXd::Zero(2, 2));
  CHECK((zero.lower == 0.0 && zero.upper == 0.0 && zero.status == status::ok));
}

TEST_CASE("error::numerical_radius: random matrices against a fine grid of angles, and the laws of the radius", "[law]") {
  for (std::uint64_t stream = 0; stream < 5; ++stream) {
    const MatrixXd A = normals(6, stream);
    const auto r = numerical_radius(A, {.tolerance = 1e-9});
    CHECK(r.status == status::ok);
    CHECK(r.evaluations < 100);
    double grid = 0.0;
    const int points = 4000;
    for (int i = 0; i <= points; ++i) {
      const double theta = std::numbers::pi * i / points;
      Eigen::MatrixXcd H(6, 6);
      H.real() = 0.5 * std::cos(theta) * (A + A.transpose());
      H.imag() = -0.5 * std::sin(theta) * (A - A.transpose());
      grid = std::max(grid, hermitian_eigenvalues(H)[5]);
    }
    CHECK(grid <= r.upper * (1 + 100 * eps));
    CHECK(grid >= r.lower * (1 - 0.5 * std::pow(std::numbers::pi / points, 2)));  // between two angles of the grid
    const double norm = norm_of(A), radius = eigenvalues_of(A).cwiseAbs().maxCoeff();
    CHECK((r.upper >= 0.5 * norm && r.lower <= norm && r.upper >= radius));
    MatrixXd power = A;
    for (int k = 2; k <= 5; ++k) {
      power = A * power;
      CHECK(norm_of(power) <= 2.0 * std::pow(r.upper, k));
      CHECK(numerical_radius(power).lower <= std::pow(r.upper, k) * (1 + 1e-12));
    }
  }
}

TEST_CASE("error::numerical_radius: the bounds hold where the evaluations run out", "[failure]") {
  MatrixXd A = MatrixXd::Zero(3, 3);
  A.diagonal(1).setOnes();
  const auto r = numerical_radius(A, {.tolerance = 1e-9, .evaluations = 20});
  CHECK((r.status == status::not_converged && r.evaluations == 20));
  CHECK((r.lower <= std::sqrt(0.5) * (1 + 10 * eps) && r.upper >= std::sqrt(0.5)));
  const auto refusal = [](const MatrixXd& B, const error::numerical_radius_options& options) {
    return message_of<argument_error>([&] { (void)numerical_radius(B, options); });
  };
  CHECK_THAT(refusal(MatrixXd::Ones(2, 3), {}), Contains("error::numerical_radius: A is 2 x 3"));
  CHECK_THAT(refusal(MatrixXd::Constant(2, 2, NAN), {}), Contains("finite numbers"));
  CHECK_THAT(refusal(A, {.tolerance = 0.0}), Contains(".tolerance is 0"));
  CHECK_THAT(refusal(A, {.evaluations = 3}), Contains(".evaluations is 3, expected >= 9"));
  CHECK(error::numerical_radius_result{}.status == status::not_run);
}
