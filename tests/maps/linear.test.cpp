// SPDX-License-Identifier: MIT
/// \file
/// Linear vector maps: linear, driven_linear, matrix_product, gaussian_product. (basic_linear is with the classical
/// maps.)

#include <cmath>
#include <numbers>
#include <vector>

#include <Eigen/LU>

#include <libration/core/error.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/matrix_product.hpp>

#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using libration::argument_error;

// Digamma at a half-integer or an integer x = k/2, from psi(1), psi(1/2) and psi(x + 1) = psi(x) + 1/x.
double digamma_of_half(int k) {
  const double euler_gamma = 0.57721566490153286061;
  double x = k % 2 == 0 ? 1.0 : 0.5;
  double psi = k % 2 == 0 ? -euler_gamma : -euler_gamma - 2 * std::numbers::ln2;
  for (; x < 0.5 * k - 0.25; x += 1) psi += 1 / x;
  return psi;
}

// Exponents of the product by Gram-Schmidt in each step, from the identity; the plainest form of the definition.
template <class M>
Eigen::VectorXd exponents(const M& map, int steps) {
  const Eigen::Index n = map.state_size();
  Eigen::MatrixXd Q = Eigen::MatrixXd::Identity(n, n), V(n, n);
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(n), h = Eigen::VectorXd::Zero(n), next(n);
  auto stage = maps::detail::stage<M>::make(map, n);
  for (int t = 0; t < steps; ++t) {
    stage.step(map, t, h, h, next);
    stage.tangent(map, Q, V);
    for (Eigen::Index i = 0; i < n; ++i) {
      for (Eigen::Index j = 0; j < i; ++j) V.col(i) -= V.col(j).dot(V.col(i)) * V.col(j);
      sum[i] += std::log(V.col(i).norm());
      V.col(i).normalize();
    }
    Q = V;
  }
  return sum / steps;
}

std::vector<Eigen::MatrixXd> three_matrices() {
  std::vector<Eigen::MatrixXd> list(3, Eigen::MatrixXd(2, 2));
  list[0] << 1, 1, 0, 1;
  list[1] << 1, 0, 2, 1;
  list[2] << 0, 1, 1, 1;
  return list;
}

}  // namespace

TEST_CASE("maps::linear, driven_linear: laws of a vector map", "[law]") {
  check_vector_map(maps::linear<>(normals<double>(5, 5, 10)));
  check_vector_map(maps::linear<>(normals<double>(1, 1, 10)));
  check_vector_map(maps::driven_linear<>(normals<double>(5, 5, 10), normals<double>(5, 2, 11)));
  static_assert(!maps::driven<maps::linear<float>> && maps::driven<maps::driven_linear<float>>);
  static_assert(maps::differentiable<maps::linear<float>> && maps::differentiable<maps::driven_linear<float>>);
}

TEST_CASE("maps::linear, driven_linear: A h, and A h + B x", "[oracle]") {
  const Eigen::MatrixXd A = normals<double>(4, 4, 10), B = normals<double>(4, 2, 11);
  const Eigen::VectorXd h = normals<double>(4, 1, 12), x = normals<double>(2, 1, 13);
  CHECK((stepped(maps::linear<>(A), 0, h, x) - A * h).cwiseAbs().maxCoeff() < 1e-14);
  CHECK((stepped(maps::driven_linear<>(A, B), 0, h, x) - (A * h + B * x)).cwiseAbs().maxCoeff() < 1e-14);
}

TEST_CASE("maps::linear, driven_linear, matrix_product, gaussian_product: shapes that do not fit are refused",
          "[failure]") {
  using M = Eigen::MatrixXd;
  CHECK_THROWS_WITH(maps::linear<>(M::Zero(2, 3)), Contains("maps::linear: A is 2 x 3, expected a square matrix"));
  CHECK_THROWS_AS(maps::linear<>(M()), argument_error);
  CHECK_THROWS_WITH(maps::driven_linear<>(M::Zero(2, 2), M::Zero(3, 1)),
                    Contains("maps::driven_linear: B has 3 rows, expected 2"));
  CHECK_THROWS_AS(maps::driven_linear<>(M::Zero(2, 2), M::Zero(2, 0)), argument_error);
  CHECK_THROWS_AS(maps::matrix_product<>({}), argument_error);
  CHECK_THROWS_WITH(maps::matrix_product<>({M::Zero(2, 2), M::Zero(2, 3)}),
                    Contains("maps::matrix_product: matrix 1 is 2 x 3, expected 2 x 2"));
  CHECK_THROWS_AS(maps::gaussian_product<>(0), argument_error);
  CHECK_THROWS_AS(maps::gaussian_product<>(2, 0, -1.0), argument_error);
  CHECK_THROWS_AS(maps::gaussian_product<>(2, 0, std::nan("")), argument_error);
}

TEST_CASE("maps::matrix_product: laws of a vector map", "[law]") {
  const maps::matrix_product<> map({normals<double>(4, 4, 20), normals<double>(4, 4, 21)});
  check_vector_map(map, 0);
  check_vector_map(map, 7);
  static_assert(maps::timed<maps::matrix_product<>> && maps::differentiable<maps::matrix_product<float>>);
}

TEST_CASE("maps::matrix_product: the first matrix acts first", "[oracle]") {
  const auto list = three_matrices();
  const maps::matrix_product<> map(list);
  Eigen::MatrixXd V = Eigen::Matrix2d::Identity();
  const Eigen::VectorXd zero = Eigen::Vector2d::Zero();
  for (int t = 0; t < 3; ++t) V = tangent_of(map, t, zero, zero, V);
  CHECK(V == list[2] * list[1] * list[0]);
  CHECK(&map.matrix(4) == &map.matrix(1));
}

TEST_CASE("maps::matrix_product: the order of factors tells asinh(3)/3 from the reversed asinh(2)/3", "[oracle]") {
  // The frame turns to its limit within a few periods, and what it loses on the way is divided by the number of steps.
  const int steps = 300'000;
  const Eigen::VectorXd lambda = exponents(maps::matrix_product<>(three_matrices()), steps);
  CHECK(std::abs(lambda[0] - std::asinh(3.0) / 3) < 5.0 / steps);
  CHECK(std::abs(lambda[1] + std::asinh(3.0) / 3) < 5.0 / steps);
  CHECK(std::abs(lambda[0] - std::asinh(2.0) / 3) > 0.1);
}

TEST_CASE("maps::gaussian_product: laws of a vector map", "[law]") {
  const maps::gaussian_product<> map(4, 99, 0.5);
  check_vector_map(map, 0);
  check_vector_map(map, 12);
  check_last_step(map);
  static_assert(maps::timed<maps::gaussian_product<>> && maps::differentiable<maps::gaussian_product<float>>);
}

TEST_CASE("maps::gaussian_product: a matrix is a function of (seed, t) alone, and scales with sigma", "[law]") {
  const maps::gaussian_product<> map(3, 7);
  Eigen::MatrixXd A(3, 3), B(3, 3);
  map.fill(5, A);
  map.fill(6, B);
  CHECK(A != B);
  map.fill(5, B);
  CHECK(A == B);
  maps::gaussian_product<>(3, 8).fill(5, B);
  CHECK(A != B);
  maps::gaussian_product<>(3, 7, 2.0).fill(5, B);
  CHECK(B == 2.0 * A);
  Eigen::MatrixXf S(3, 3);
  maps::gaussian_product<float>(3, 7).fill(5, S);
  CHECK(S == A.cast<float>());
}

TEST_CASE("maps::gaussian_product: entries are N(0, 1)", "[oracle][stat]") {
  // 90'000 entries: mean and second moment within four standard errors (fails once in 8000 seeds).
  const maps::gaussian_product<> map(3, 1);
  double sum = 0, square = 0;
  Eigen::MatrixXd A(3, 3);
  for (int t = 0; t < 10'000; ++t) {
    map.fill(t, A);
    sum += A.sum();
    square += A.squaredNorm();
  }
  const double count = 90'000;
  CHECK(std::abs(sum / count) < 4 / std::sqrt(count));
  CHECK(std::abs(square / count - 1) < 4 * std::sqrt(2 / count));
}

TEST_CASE("maps::gaussian_product: exponents are (1/2) [ln 2 + psi((n - i + 1)/2)]", "[oracle][stat]") {
  // The steps' ln R_ii are independent, with variance psi'((n - i + 1)/2)/4 <= psi'(1/2)/4 = pi^2/8: four standard
  // errors of the largest of them (fails once in 5000 seeds).
  const int n = 3, steps = 20'000;
  const Eigen::VectorXd lambda = exponents(maps::gaussian_product<>(n, 3), steps);
  for (int i = 1; i <= n; ++i) {
    INFO("exponent " << i);
    const double wanted = 0.5 * (std::numbers::ln2 + digamma_of_half(n - i + 1));
    CHECK(std::abs(lambda[i - 1] - wanted) < 4 * std::numbers::pi / std::sqrt(8.0 * steps));
  }
}
