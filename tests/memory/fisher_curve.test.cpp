// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>
#include <Eigen/LU>
#include <Eigen/QR>

#include <libration/core/random.hpp>
#include <libration/memory/fisher_curve.hpp>
#include <libration/memory/linear_capacity.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status;
using libration::memory::fisher_curve;
using namespace libration_test;

namespace {

MatrixXd normals(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd A(rows, columns);
  libration::random_stream(6, stream).fill_normal(A);
  return A;
}

MatrixXd delay_line(Index n, double g) {
  MatrixXd W = MatrixXd::Zero(n, n);
  for (Index i = 0; i + 1 < n; ++i) W(i + 1, i) = g;
  return W;
}

}  // namespace

TEST_CASE("memory::fisher_curve: delay lines", "[oracle]") {
  VectorXd v = VectorXd::Zero(10);
  v[0] = 1.0;
  const auto r = fisher_curve(delay_line(10, 1.0), v, {.lags = 12});
  REQUIRE(r.status == status::ok);
  for (Index k = 0; k < 10; ++k) CHECK(std::abs(r.information[k] - 1.0 / static_cast<double>(k + 1)) < 1e-14);
  CHECK(r.information.tail(2).cwiseAbs().maxCoeff() == 0.0);
  CHECK(std::abs(r.total - 2.928968254) < 1e-9);
  CHECK(fisher_curve(delay_line(10, 1.0), v).information.size() == 10);

  // J(k) = g^2k/(σ² Σ_{j<=k} g^2j).
  const auto amplified = fisher_curve(delay_line(10, 1.3), 2.0 * v, {.lags = 10, .noise = 0.5});
  double sum = 0.0;
  for (Index k = 0; k < 10; ++k) {
    const double power = std::pow(1.69, static_cast<double>(k));
    sum += power;
    CHECK(std::abs(amplified.information[k] - 8.0 * power / sum) < 1e-12);
  }
}

TEST_CASE("memory::fisher_curve: the total of a normal W is |v|²/σ²", "[law]") {
  const Index n = 12;
  const MatrixXd Q = Eigen::HouseholderQR<MatrixXd>(normals(n, n, 1)).householderQ();
  const MatrixXd A = normals(n, n, 2), skew = A - A.transpose(), symmetric = A + A.transpose();
  for (const MatrixXd& W :
       {MatrixXd(0.95 * Q), MatrixXd(symmetric * (0.9 / symmetric.norm())), MatrixXd(skew * (0.9 / skew.norm()))}) {
    const VectorXd v = normals(n, 1, 3);
    const auto r = fisher_curve(W, v, {.noise = 0.3});
    REQUIRE(r.status == status::ok);
    CHECK(std::abs(r.total * 0.3 / v.squaredNorm() - 1.0) < 1e-12);
    CHECK(r.beyond() <= 2e-9 * r.total);
  }
  // Any W: at most n.
  const MatrixXd W = A * (0.2 / std::sqrt(static_cast<double>(n)));
  CHECK(fisher_curve(W, VectorXd(normals(n, 1, 4)).normalized()).total < static_cast<double>(n));

  // Small inputs leave ½ P J(k)/ln 2 bits.
  const VectorXd v = normals(n, 1, 5);
  const auto information = fisher_curve(W, v, {.lags = 4});
  const auto bits = libration::memory::linear_capacity(W, v, {.lags = 4, .power = 1e-7, .noise = 1.0});
  for (Index k = 0; k < 4; ++k)
    CHECK(std::abs(bits.bits[k] / (0.5e-7 * information.information[k] / std::log(2.0)) - 1.0) < 1e-4);
}

TEST_CASE("memory::fisher_curve: noise of another covariance is another basis", "[law]") {
  const Index n = 5;
  const MatrixXd W = normals(n, n, 7) * 0.3, B = normals(n, n, 8);
  const VectorXd v = normals(n, 1, 9);
  // h = B g: g' = B⁻¹ W B g + B⁻¹ v u + unit noise.
  const MatrixXd inverse = B.inverse();
  const auto r = fisher_curve(W, v, {.lags = 8, .noise_covariance = B * B.transpose()});
  const auto same = fisher_curve(inverse * W * B, inverse * v, {.lags = 8});
  CHECK((r.information - same.information).cwiseAbs().maxCoeff() < 1e-11 * same.information.maxCoeff() * same.condition);
  CHECK(std::abs(r.total - same.total) < 1e-11 * same.total * same.condition);

  // Noise in one component that W carries into all of them.
  MatrixXd one = MatrixXd::Zero(n, n);
  one(0, 0) = 1.0;
  CHECK(fisher_curve(W, v, {.lags = 8, .noise_covariance = one}).status == status::ok);
}

TEST_CASE("memory::fisher_curve: what is refused", "[failure]") {
  const auto message = [](const MatrixXd& W, const VectorXd& v, const libration::memory::fisher_curve_options& options = {}) {
    return message_of<argument_error>([&] { (void)fisher_curve(W, v, options); });
  };
  const MatrixXd W = 0.5 * MatrixXd::Identity(2, 2);
  const VectorXd v = VectorXd::Ones(2);
  CHECK(message(2.0 * W, v).find("memory::fisher_curve: the spectral radius of W is 1, expected below 1") == 0);
  CHECK(message(W, v, {.lags = -2}) == "memory::fisher_curve: .lags is -2, expected >= 0");
  CHECK(message(W, v, {.noise = 0.0}) == "memory::fisher_curve: .noise is 0, expected finite and > 0");
  MatrixXd one = MatrixXd::Zero(2, 2);
  one(0, 0) = 1.0;
  CHECK(message(W, v, {.noise_covariance = one}) ==
        "memory::fisher_curve: the noise of .noise_covariance does not reach every direction of the state: its stationary "
        "covariance is singular, and the Fisher information would be infinite");
  CHECK(message(W, v, {.noise_covariance = -one}) ==
        "memory::fisher_curve: .noise_covariance has the eigenvalue -1, expected a positive semidefinite matrix");
  CHECK(libration::memory::fisher_curve_result{}.status == status::not_run);
}
