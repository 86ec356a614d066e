// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>

#include <libration/core/random.hpp>
#include <libration/memory/linear_capacity.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration::argument_error, libration::status;
using libration::memory::linear_capacity;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

MatrixXd normals(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd A(rows, columns);
  libration::random_stream(5, stream).fill_normal(A);
  return A;
}
VectorXd normal_vector(Index n, std::uint64_t stream) { return normals(n, 1, stream); }
MatrixXd orthogonal(Index n, std::uint64_t stream) { return Eigen::HouseholderQR<MatrixXd>(normals(n, n, stream)).householderQ(); }

// h_1' = u, h_{i+1}' = g h_i.
MatrixXd delay_line(Index n, double g) {
  MatrixXd W = MatrixXd::Zero(n, n);
  for (Index i = 0; i + 1 < n; ++i) W(i + 1, i) = g;
  return W;
}
MatrixXd ring(Index n, double r) {
  MatrixXd W = delay_line(n, r);
  W(0, n - 1) = r;
  return W;
}
MatrixXd random_matrix(Index n, double radius, std::uint64_t stream) {
  MatrixXd W = normals(n, n, stream);
  W *= radius / Eigen::EigenSolver<MatrixXd>(W, false).eigenvalues().cwiseAbs().maxCoeff();
  return W;
}

// States of 5 numbers and more, so many from one to the next: without noise the total is their number.
void check_totals(Index apart) {
  for (std::uint64_t k = 0; k < 6; ++k) {
    const Index n = 5 + apart * static_cast<Index>(k);
    const MatrixXd W = random_matrix(n, 0.5 + 0.09 * static_cast<double>(k), 10 + k);
    const auto r = linear_capacity(W, normal_vector(n, 20 + k));
    INFO("n " << n << ", condition " << r.condition);
    CHECK(r.status == status::ok);
    CHECK(r.dimension == n);
    CHECK(r.total == static_cast<double>(n));
    CHECK(r.beyond() <= 1e-9 * static_cast<double>(n));
    CHECK(std::abs(r.capacity.sum() - static_cast<double>(n)) < 1.1e-9 * static_cast<double>(n));
    // 1 - MC_0 = Π |λ_j|², and what an input leaves only fades.
    CHECK(std::abs(1.0 - r.capacity[0] - std::pow(W.determinant(), 2.0)) < 1e-12);
    for (Index i = 1; i < r.capacity.size(); ++i) REQUIRE(r.capacity[i] <= r.capacity[i - 1] + 1e-14);
    // The same in single precision, whose entries are other numbers.
    const auto single = linear_capacity(W.cast<float>(), normal_vector(n, 20 + k).cast<float>(), {.lags = 1});
    CHECK(single.total == static_cast<double>(n));
  }
}

}  // namespace

TEST_CASE("memory::linear_capacity: without noise, closed forms and the total", "[oracle]") {
  SECTION("one unit: a^2k (1 - a^2)") {
    const auto r = linear_capacity(MatrixXd::Constant(1, 1, 0.9), VectorXd::Constant(1, -3.0), {.lags = 40});
    REQUIRE(r.status == status::ok);
    REQUIRE(r.capacity.size() == 40);
    for (Index k = 0; k < 40; ++k) {
      const double exact = std::pow(0.81, static_cast<double>(k)) * 0.19;
      CHECK(std::abs(r.capacity[k] - exact) < 1e-15);
      CHECK(std::abs(r.bits[k] + 0.5 * std::log2(1.0 - exact)) < 1e-14);
    }
    CHECK(r.total == 1.0);
    CHECK(std::abs(r.beyond() - std::pow(0.81, 40.0)) < 1e-14);
    CHECK(r.joint_bits == infinity);
    CHECK(std::abs(r.condition - 1.0) < 1e-12);
    CHECK(std::abs(r.spectral_radius - 0.9) < 1e-15);
  }
  SECTION("a ring of 10, r = 0.9: the sum over k >= 1 is 10 - (1 - r^20)") {
    VectorXd v = VectorXd::Zero(10);
    v[0] = 1.0;
    const auto r = linear_capacity(ring(10, 0.9), v);
    CHECK(r.dimension == 10);
    CHECK(std::abs(r.total - r.capacity[0] - 9.121576655) < 1e-9);
    CHECK(r.beyond() <= 1e-8);
    const double r20 = std::pow(0.9, 20.0);
    for (Index k = 0; k < 60; ++k)
      CHECK(std::abs(r.capacity[k] - (1.0 - r20) * std::pow(r20, static_cast<double>(k / 10))) < 1e-12);
    CHECK(std::abs(r.condition - std::pow(0.9, -18.0)) < 1e-9);
  }
  SECTION("a delay line holds its n last inputs whole, in any basis and at any gain") {
    for (const Index n : {Index{10}, Index{60}})
      for (const double g : {0.9, 1.0, 1.1}) {
        const MatrixXd Q = orthogonal(n, 7);
        const auto r = linear_capacity(Q * delay_line(n, g) * Q.transpose(), Q.col(0), {.lags = n + 5});
        INFO("n " << n << ", gain " << g);
        CHECK(r.dimension == n);
        CHECK(r.total == static_cast<double>(n));
        // R's condition is g^2(n-1): up to 8e4, times n eps.
        CHECK((r.capacity.head(n).array() - 1.0).abs().maxCoeff() < 1e-9);
        CHECK(r.capacity.tail(5).maxCoeff() < 1e-9);
      }
  }
  SECTION("a lag of the definition: R by its series") {
    const MatrixXd W = random_matrix(4, 0.8, 1);
    const VectorXd v = normal_vector(4, 2);
    MatrixXd R = MatrixXd::Zero(4, 4);
    VectorXd w = v;
    for (int k = 0; k < 400; ++k) {
      R += w * w.transpose();
      w = (W * w).eval();
    }
    const auto r = linear_capacity(W, v, {.lags = 12});
    REQUIRE(r.condition < 1e6);
    w = v;
    for (Index k = 0; k < 12; ++k) {
      CHECK(std::abs(r.capacity[k] - w.dot(R.ldlt().solve(w))) < 1e-9);
      w = (W * w).eval();
    }
  }
}

TEST_CASE("memory::linear_capacity: without noise the total is the dimension of up to 100 numbers", "[law][heavy]") {
  check_totals(19);
}

TEST_CASE("memory::linear_capacity: without noise the total is the dimension that inputs reach", "[law]") {
  check_totals(9);
  SECTION("parts that inputs do not reach hold nothing") {
    MatrixXd W = MatrixXd::Zero(6, 6);
    W.topLeftCorner(3, 3) = random_matrix(3, 0.9, 3);
    W.bottomRightCorner(3, 3) = random_matrix(3, 0.9, 4);
    VectorXd v = VectorXd::Zero(6);
    v.head(3) = normal_vector(3, 5);
    const MatrixXd Q = orthogonal(6, 6);
    const auto r = linear_capacity(Q * W * Q.transpose(), Q * v);
    CHECK(r.dimension == 3);
    CHECK(std::abs(r.capacity.sum() - 3.0) < 1e-8);
    CHECK(linear_capacity(0.5 * MatrixXd::Identity(4, 4), VectorXd::Ones(4)).dimension == 1);
    const auto none = linear_capacity(W, VectorXd::Zero(6), {.lags = 3});
    CHECK(none.dimension == 0);
    CHECK(none.total == 0.0);
    CHECK(none.capacity.size() == 3);
    CHECK(none.bits.sum() == 0.0);
  }
}

TEST_CASE("memory::linear_capacity: with noise, delay lines, one unit and a ring", "[oracle]") {
  SECTION("a delay line: I_k = ½ log2(1 + g^2k (P/σ²)/Σ_{j<=k} g^2j)") {
    struct row {
      double g, first, second, last, total;
    };
    for (const auto& [g, first, second, last, total] : {row{1.0, 3.3291057414, 2.8362126710, 1.7297158093, 22.7072902272},
                                                       row{0.9, 3.3291057414, 2.7578716967, 1.0431364829, 19.2043114468},
                                                       row{1.1, 3.3291057414, 2.9004645866, 2.2092823621, 25.2585224414}}) {
      VectorXd v = VectorXd::Zero(10);
      v[0] = 1.0;
      const auto r = linear_capacity(delay_line(10, g), v, {.lags = 12, .power = 300.0, .noise = 3.0});
      REQUIRE(r.status == status::ok);
      CHECK(std::abs(r.bits[0] - first) < 1e-10);
      CHECK(std::abs(r.bits[1] - second) < 1e-10);
      CHECK(std::abs(r.bits[9] - last) < 1e-10);
      CHECK(std::abs(r.joint_bits - total) < 1e-9);
      CHECK(std::abs(r.bits.sum() - total) < 1e-9);
      CHECK(r.bits.tail(2).cwiseAbs().maxCoeff() == 0.0);
      if (g == 1.0) CHECK(std::abs(r.total - 9.4857080604) < 1e-9);
      CHECK(std::abs(r.total - r.capacity.sum()) < 1e-9);
    }
  }
  SECTION("one unit, a = 0.9: the sum of the bits is not the joint") {
    const auto r = linear_capacity(MatrixXd::Constant(1, 1, 0.9), VectorXd::Ones(1), {.lags = 300, .power = 100.0, .noise = 1.0});
    CHECK(std::abs(r.bits[0] - 0.1503297391) < 1e-10);
    CHECK(std::abs(r.bits[1] - 0.1192520310) < 1e-10);
    CHECK(std::abs(r.bits[10] - 0.0166894217) < 1e-10);
    CHECK(std::abs(r.bits.sum() - 0.7551940155) < 1e-9);
    CHECK(std::abs(r.joint_bits - 0.5 * std::log2(101.0)) < 1e-12);
    CHECK(std::abs(r.total - 100.0 / 101.0) < 1e-12);
  }
  SECTION("a ring of 10, r = 0.9") {
    VectorXd v = VectorXd::Zero(10);
    v[0] = 1.0;
    const auto r = linear_capacity(ring(10, 0.9), v, {.lags = 0, .power = 100.0, .noise = 1.0});
    CHECK(std::abs(r.total - 8.7979414393) < 1e-9);
    CHECK(std::abs(r.bits[0] - 1.3201539718) < 1e-9);
    CHECK(std::abs(r.bits.sum() - 11.6934307) < 1e-6);
    CHECK(std::abs(r.joint_bits - 16.2763995) < 1e-6);
    CHECK(r.beyond() <= 1e-8);
  }
  SECTION("a covariance is what its σ² is, and little noise is the noiseless form") {
    const MatrixXd W = random_matrix(5, 0.8, 31);
    const VectorXd v = normal_vector(5, 32);
    const auto r = linear_capacity(W, v, {.lags = 20, .noise = 0.25});
    const auto same = linear_capacity(W, v, {.lags = 20, .noise_covariance = 0.25 * MatrixXd::Identity(5, 5)});
    CHECK((r.capacity - same.capacity).cwiseAbs().maxCoeff() < 1e-13);
    const auto exact = linear_capacity(W, v, {.lags = 20}), near = linear_capacity(W, v, {.lags = 20, .noise = 1e-12});
    REQUIRE(exact.condition < 1e6);
    CHECK(near.status == status::ok);
    CHECK((exact.capacity - near.capacity).cwiseAbs().maxCoeff() < 1e-3);
    CHECK((exact.capacity - linear_capacity(W, v, {.lags = 20, .noise = 1e-9}).capacity).cwiseAbs().maxCoeff() >
          (exact.capacity - near.capacity).cwiseAbs().maxCoeff());
  }
}

TEST_CASE("memory::linear_capacity: what is refused, and what is not resolved", "[failure][edge]") {
  const auto message = [](const MatrixXd& W, const VectorXd& v, const libration::memory::linear_capacity_options& options = {}) {
    return message_of<argument_error>([&] { (void)linear_capacity(W, v, options); });
  };
  const MatrixXd I = MatrixXd::Identity(2, 2), W = 0.5 * I;
  const VectorXd v = VectorXd::Ones(2);
  CHECK(message(I, v) == "memory::linear_capacity: the spectral radius of W is 1, expected below 1: the state has no stationary "
                         "covariance otherwise");
  CHECK(message(MatrixXd::Zero(2, 3), v) == "memory::linear_capacity: W is 2 x 3, expected a square matrix of at least one row");
  CHECK(message(MatrixXd(0, 0), VectorXd(0)) ==
        "memory::linear_capacity: W is 0 x 0, expected a square matrix of at least one row");
  CHECK(message(W, VectorXd::Ones(3)) == "memory::linear_capacity: v has 3 rows, expected 2 (the rows of W)");
  CHECK(message(W * infinity, v) == "memory::linear_capacity: W has an entry that is not finite");
  CHECK(message(W, v * infinity) == "memory::linear_capacity: v has an entry that is not finite");
  CHECK(message(W, v, {.lags = -1}) == "memory::linear_capacity: .lags is -1, expected >= 0");
  CHECK(message(W, v, {.power = 0.0}) == "memory::linear_capacity: .power is 0, expected finite and > 0");
  CHECK(message(W, v, {.noise = -1.0}) == "memory::linear_capacity: .noise is -1, expected finite and >= 0");
  CHECK(message(W, v, {.noise_covariance = MatrixXd::Identity(3, 3)}) ==
        "memory::linear_capacity: .noise_covariance is 3 x 3, expected 2 x 2 (the rows of W)");
  MatrixXd C = I;
  C(0, 1) = 2.0;
  CHECK(message(W, v, {.noise_covariance = C}) ==
        "memory::linear_capacity: .noise_covariance is not symmetric: entries differ by 2 from their mirror images");
  C(1, 0) = 2.0;
  CHECK(message(W, v, {.noise_covariance = C}) ==
        "memory::linear_capacity: .noise_covariance has the eigenvalue -1, expected a positive semidefinite matrix");
  // Noise below what rounding leaves of R: said, not shown as a number of digits.
  const auto lost = linear_capacity(random_matrix(40, 0.7, 8), normal_vector(40, 9), {.lags = 3, .noise = 1e-30});
  CHECK(lost.status == status::not_resolved);
  CHECK(lost.condition == infinity);
  // A part whose variance is 1e12 of another's, which converges long after it; and the same in other units.
  MatrixXd two = MatrixXd::Zero(4, 4);
  two(1, 0) = 1e6;
  two(2, 2) = 0.999;
  two(3, 3) = 0.5;
  const VectorXd of_two = VectorXd::Ones(4);
  const auto large = linear_capacity(two, of_two, {.lags = 2000, .power = 4.0, .noise = 1.0});
  VectorXd units = of_two;
  units[1] = 1e-6;
  const auto small = linear_capacity(units.asDiagonal() * two * units.cwiseInverse().asDiagonal(), units.cwiseProduct(of_two),
                                     {.lags = 2000, .power = 4.0, .noise_covariance = units.cwiseAbs2().asDiagonal()});
  CHECK(large.status == status::ok);
  CHECK(small.capacity[1999] > 1e-6);
  CHECK(std::abs(large.capacity[1999] / small.capacity[1999] - 1.0) < 1e-9);
  // A state that grows by e120 before it fades.
  CHECK(linear_capacity(delay_line(30, 1e12), VectorXd::Ones(30), {.noise = 1.0}).status == status::diverged);
  CHECK(libration::memory::linear_capacity_result{}.status == status::not_run);
}
