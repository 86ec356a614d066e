// SPDX-License-Identifier: MIT
#include <libration/error/kreiss_constant.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <limits>
#include <numbers>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/transient_growth.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace error = libration::error;
using Eigen::Index, Eigen::MatrixXd;
using error::kreiss_constant;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

MatrixXd jordan(Index n, double a) {
  MatrixXd A = a * MatrixXd::Identity(n, n);
  A.diagonal(1).setOnes();
  return A;
}
// Normal entries, scaled to a spectral radius.
MatrixXd random_matrix(Index n, double radius, std::uint64_t stream) {
  MatrixXd A(n, n);
  libration::random_stream(14, stream).fill_normal(A);
  return A * (radius / eigenvalues_of(A).cwiseAbs().maxCoeff());
}
double value_at(const MatrixXd& A, std::complex<double> z) {
  const Eigen::MatrixXcd M = z * Eigen::MatrixXcd::Identity(A.rows(), A.cols()) - A;
  return (std::abs(z) - 1.0) / singular_values(M)[A.rows() - 1];
}

}  // namespace

TEST_CASE("error::kreiss_constant: [[0.9, 1],[0, 0.9]] has 2.6, at z = 133/120", "[oracle]") {
  // On the real axis, t = z - 0.9: (z - 1)(1 + √(1 + 4 t²))/(2 t²), largest at t = 5/24.
  const auto r = kreiss_constant(jordan(2, 0.9));
  CHECK(r.status == status::ok);
  CHECK(std::abs(r.lower - 2.6) < 1e-10);
  CHECK((r.upper >= 2.6 && r.upper <= 2.6 * 1.001));
  CHECK(std::abs(r.z - 133.0 / 120.0) < 1e-6);  // a smooth top: the root of the value's digits
  CHECK(std::abs(r.spectral_radius - 0.9) < 1e-7);
  CHECK((r.circles > 0 && r.eigenproblems > 0));
  const auto closer = kreiss_constant(jordan(2, 0.9), {.tolerance = 1e-6, .circles = 1000});
  CHECK((closer.status == status::ok && closer.upper >= 2.6 && closer.upper <= 2.6 * (1 + 1e-6)));
}

TEST_CASE("error::kreiss_constant: larger Jordan blocks against a search of the positive axis", "[differential][heavy]") {
  // Entries >= 0: the resolvent is largest where z is real and positive.
  for (const Index n : {3, 6, 10}) {
    const MatrixXd A = jordan(n, 0.5);
    double best = 0.0;
    for (int i = 1; i <= 4000; ++i) best = std::max(best, value_at(A, 1.0 + 1e-3 * i));
    const auto r = kreiss_constant(A);
    INFO("n = " << n << ": [" << r.lower << ", " << r.upper << "], on the axis " << best);
    CHECK(r.status == status::ok);
    CHECK(best <= r.lower * (1 + 1e-9));
    CHECK(r.lower <= best * (1 + 1e-4));  // the axis's steps
    CHECK((r.upper >= r.lower && r.upper <= r.lower * 1.001));
  }
}

TEST_CASE("error::kreiss_constant: random matrices, a grid of the plane, and Kreiss's theorem", "[law][heavy]") {
  for (std::uint64_t stream = 0; stream < 4; ++stream) {
    for (const double radius : {0.7, 0.97}) {
      const MatrixXd A = random_matrix(6, radius, stream);
      const auto r = kreiss_constant(A);
      INFO("stream " << stream << ", radius " << radius << ": [" << r.lower << ", " << r.upper << "] at " << r.z.real() << " + "
                     << r.z.imag() << "i");
      CHECK(r.status == status::ok);
      CHECK((r.upper >= r.lower && r.upper <= r.lower * 1.001));
      if (r.lower > 1.0) CHECK(std::abs(value_at(A, r.z) / r.lower - 1.0) < 1e-9);
      for (int i = 1; i <= 30; ++i)
        for (int j = 0; j <= 40; ++j)
          CHECK(value_at(A, std::polar(std::pow(1.1, i) - 0.05 * i, std::numbers::pi * j / 40)) <= r.upper);
      const auto powers = error::transient_growth(A);
      REQUIRE(powers.complete);
      CHECK(r.lower <= powers.upper);
      CHECK(powers.largest <= std::numbers::e * 6 * r.upper);
    }
  }
}

TEST_CASE("error::kreiss_constant: matrices of any size", "[law][edge]") {
  MatrixXd A(2, 2);
  A << 0.25, 0.5, -0.125, 0.375;
  const double radius = kreiss_constant(A).spectral_radius;
  for (const int e : {-1000, -533, -500, 0, 500, 533, 1000, 1023}) {
    const auto r = kreiss_constant(MatrixXd(std::ldexp(1.0, e) * A));
    INFO("2^" << e);
    CHECK(r.status == status::ok);
    CHECK(std::abs(std::ldexp(r.spectral_radius, -e) / radius - 1.0) < 1e-14);
    CHECK(r.lower == (e > 0 ? std::numeric_limits<double>::infinity() : 1.0));
  }
  // Nilpotent: (|z| - 1) ‖(z - A)^-1‖ is at most about a/4, at |z| = 2, for [[0, a],[0, 0]].
  for (const double a : {1e8, 1e200, 1e300}) {
    MatrixXd N = MatrixXd::Zero(2, 2);
    N(0, 1) = a;
    const auto r = kreiss_constant(N);
    CHECK(r.spectral_radius == 0.0);
    CHECK(r.lower <= 0.25 * a * (1.0 + 1e-6));
    CHECK(r.upper >= 0.25 * a * (1.0 - 1e-6));
  }
}

TEST_CASE("error::kreiss_constant: contractions have 1, unstable matrices infinity", "[edge]") {
  for (const MatrixXd& A : {MatrixXd(MatrixXd::Zero(2, 2)), MatrixXd(0.5 * jordan(3, 0.0)), MatrixXd(MatrixXd::Identity(3, 3)),
                            MatrixXd(MatrixXd::Constant(1, 1, -0.3))}) {
    const auto r = kreiss_constant(A);
    CHECK((r.status == status::ok && r.lower == 1.0 && r.upper < 1.0 + 1e-13 && std::isinf(r.z.real())));
  }
  const auto unstable = kreiss_constant(jordan(2, -1.25));
  CHECK((unstable.status == status::ok && unstable.lower == infinity && unstable.upper == infinity));
  CHECK(std::abs(unstable.z + 1.25) < 1e-7);
}

TEST_CASE("error::kreiss_constant: bounds that cannot be certified are infinite, and the status says so", "[failure]") {
  // A simple eigenvalue 1: the supremum is approached towards it, and is its projection's norm, √(1 + 6²).
  const auto on_circle = kreiss_constant((MatrixXd(2, 2) << 1.0, 3.0, 0.0, 0.5).finished());
  CHECK(on_circle.status == status::not_converged);
  CHECK(on_circle.upper == infinity);
  CHECK(std::abs(on_circle.lower - std::sqrt(37.0)) < 1e-5);
  // A defective one: infinite in truth.
  const auto defective = kreiss_constant(jordan(2, 1.0));
  CHECK((defective.status == status::not_converged && defective.upper == infinity && defective.lower > 1e6));
  // So far from normal that rounding hides the least singular values.
  const auto far = kreiss_constant(jordan(40, 0.5));
  CHECK((far.status == status::not_converged && far.upper == infinity));
  CHECK((far.lower > 1e6 && far.lower < error::transient_growth(jordan(40, 0.5)).upper));
  const auto few = kreiss_constant(jordan(2, 0.9), {.circles = 2});
  CHECK((few.status == status::not_converged && few.circles == 2 && few.lower <= 2.6 * (1 + 10 * eps) && few.upper >= 2.6));

  const auto refusal = [](const MatrixXd& A, const error::kreiss_options& options) {
    return message_of<argument_error>([&] { (void)kreiss_constant(A, options); });
  };
  CHECK_THAT(refusal(MatrixXd::Ones(2, 3), {}), Contains("error::kreiss_constant: A is 2 x 3"));
  CHECK_THAT(refusal(MatrixXd::Constant(2, 2, NAN), {}), Contains("finite numbers"));
  CHECK_THAT(refusal(jordan(2, 0.5), {.tolerance = 1.0}), Contains(".tolerance is 1, expected a number in (0, 1)"));
  CHECK_THAT(refusal(jordan(2, 0.5), {.circles = 1}), Contains(".circles is 1, expected >= 2"));
  CHECK(error::kreiss_result{}.status == status::not_run);
}
