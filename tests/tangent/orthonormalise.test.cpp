// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/LU>
#include <Eigen/QR>
#include <libration/core/random.hpp>
#include <libration/tangent/gram_schmidt.hpp>
#include <libration/tangent/orthonormalise.hpp>

#include "support/catch.hpp"

namespace {

using Eigen::Index;
using libration::random_stream;
using libration::tangent::orthonormalisation;
using libration::tangent::orthonormaliser;

template <class S>
using matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
using exact_matrix = matrix<long double>;

template <class S>
matrix<S> gaussian(Index n, Index k, std::uint64_t seed) {
  matrix<S> A(n, k);
  random_stream(seed, 1).fill_normal(A);
  return A;
}

// Orthonormal columns, carried through `steps` random matrices: what a run orthonormalises.
template <class S>
matrix<S> carried(Index n, Index k, int steps, std::uint64_t seed) {
  matrix<S> V = gaussian<S>(n, k, seed);
  orthonormaliser<S>(n, k).factor(V);
  for (int s = 0; s < steps; ++s) V = (gaussian<S>(n, n, 1000 * seed + std::uint64_t(s)) / S(std::sqrt(n)) * V).eval();
  return V;
}

template <class S>
double column_norm(const matrix<S>& V, Index j) {
  return static_cast<double>(V.col(j).template cast<long double>().stableNorm());
}

// Everything that must hold of a block without unresolved columns.
template <class S>
orthonormalisation check_laws(const matrix<S>& V) {
  const Index n = V.rows(), k = V.cols();
  const double rounding = double(n) * double(std::numeric_limits<S>::epsilon());
  orthonormaliser<S> block(n, k);
  matrix<S> Q = V;
  const orthonormalisation r = block.factor(Q);
  CAPTURE(n, k, r.ratio, r.defect, r.repeated, r.column_wise, r.reprojected);
  CHECK(r.finite);
  CHECK(r.unresolved == 0);
  CHECK(block.unresolved().empty());

  const Eigen::HouseholderQR<exact_matrix> exact(V.template cast<long double>());
  const exact_matrix residual =
      Q.template cast<long double>() * block.upper().template cast<long double>() - V.template cast<long double>();
  double ratio = 1, pivot_error = 0, residual_error = 0;
  for (Index j = 0; j < k; ++j) {
    const double norm = column_norm(V, j), pivot = block.pivots()[j];
    CHECK(pivot > 0);
    const double error = std::abs(pivot - static_cast<double>(std::abs(exact.matrixQR()(j, j))));
    pivot_error = std::max(pivot_error, error / norm);
    residual_error = std::max(residual_error, static_cast<double>(residual.col(j).norm()) / norm);
    ratio = std::max(ratio, norm / pivot);
    CHECK(std::abs(static_cast<double>(block.upper()(j, j)) / pivot - 1) <=
          2 * double(std::numeric_limits<S>::epsilon()));
  }
  CHECK(pivot_error <= rounding);
  CHECK(residual_error <= rounding);
  CHECK(std::abs(r.ratio / ratio - 1) <= rounding);
  CHECK(matrix<S>(block.upper().template triangularView<Eigen::StrictlyLower>()).isZero(S(0)));
  // The estimate is of the entries' size; ten is the room that it claims.
  CHECK(orthonormaliser<S>::defect(Q) <= 10 * r.defect);
  CHECK(r.defect <= 2 * std::sqrt(double(std::numeric_limits<S>::epsilon())));
  return r;
}

}  // namespace

TEST_CASE("tangent::orthonormaliser: Householder's textbook matrix", "[tangent][oracle]") {
  Eigen::MatrixXd V(3, 3);
  V << 12, -51, 4, 6, 167, -68, -4, 24, -41;
  orthonormaliser<double> block(3, 3);
  Eigen::MatrixXd Q = V, R(3, 3), expected(3, 3);
  R << 14, 21, -14, 0, 175, -70, 0, 0, 35;
  expected << 6.0 / 7, -69.0 / 175, 58.0 / 175, 3.0 / 7, 158.0 / 175, -6.0 / 175, -2.0 / 7, 6.0 / 35, 33.0 / 35;
  expected.col(2) *= -1;  // the sign that makes R_33 positive
  const auto r = block.factor(Q);
  const double rounding = 3 * std::numeric_limits<double>::epsilon();
  CHECK(r.finite);
  CHECK((block.upper() - R).cwiseAbs().maxCoeff() <= rounding * V.norm());
  CHECK((Q - expected).cwiseAbs().maxCoeff() <= rounding * r.ratio);
  CHECK((block.pivots() - R.diagonal()).cwiseAbs().maxCoeff() <= rounding * V.norm());
}

TEST_CASE("tangent::orthonormaliser: the product of a square block's pivots is |det|", "[tangent][oracle]") {
  const Index n = 60;
  matrix<double> V = gaussian<double>(n, n, 2);
  const double expected = std::log(std::abs(V.partialPivLu().determinant()));
  orthonormaliser<double> block(n, n);
  const auto r = block.factor(V);
  CHECK(std::abs(block.pivots().array().log().sum() - expected) <=
        double(n) * double(n) * std::numeric_limits<double>::epsilon() * r.ratio);
}

TEST_CASE("tangent::orthonormaliser: QᵀQ = I, QR = V, pivots as Householder's in long double, at every ratio",
          "[tangent][law][differential][heavy]") {
  struct shape {
    Index n, k;
    int most;
  };
  // The steps double until columns begin to be unresolved.
  for (const shape s : {shape{1, 1, 4},
                        {2, 2, 4},
                        {7, 1, 8},
                        {20, 8, 64},
                        {40, 9, 64},
                        {40, 40, 4},
                        {33, 17, 16},
                        {100, 64, 16},
                        {260, 40, 4},
                        {300, 200, 4},
                        {280, 280, 2}})
    for (int steps = 0; steps <= s.most; steps = steps == 0 ? 1 : 2 * steps) {
      CAPTURE(steps);
      check_laws<double>(carried<double>(s.n, s.k, steps, 7));
      if (steps <= s.most / 4) check_laws<float>(carried<float>(s.n, s.k, steps, 8));
    }
}

TEST_CASE("tangent::orthonormaliser: each way of working is taken, and reported", "[tangent][law]") {
  const auto narrow = check_laws<double>(carried<double>(64, 6, 1, 3));
  CHECK(narrow.column_wise == 1);
  const auto easy = check_laws<double>(carried<double>(64, 20, 1, 3));
  CHECK(easy.panels == 2);
  CHECK(easy.repeated == 0);
  CHECK(easy.reprojected == 0);
  const auto skew = check_laws<double>(carried<double>(64, 64, 2, 3));
  CHECK(skew.repeated > 0);
  CHECK(skew.reprojected == 0);
  const auto steep = check_laws<double>(carried<double>(40, 40, 8, 7));
  CHECK(steep.ratio > 1e8);
  CHECK(steep.reprojected > 0);
}

TEST_CASE("tangent::orthonormaliser: a small defect is kept where it is asked for", "[tangent][law]") {
  const matrix<double> V = carried<double>(40, 40, 6, 7);
  matrix<double> loose = V, strict = V;
  orthonormaliser<double> loose_block(40, 40), strict_block(40, 40, {.defect = 1e-13});
  const auto a = loose_block.factor(loose), b = strict_block.factor(strict);
  CHECK(a.ratio > 1e6);
  CHECK(orthonormaliser<double>::defect(strict) < 1e-12);
  CHECK(b.reprojected > a.reprojected);
  CHECK((loose_block.pivots() - strict_block.pivots()).cwiseQuotient(strict_block.pivots()).cwiseAbs().maxCoeff() <
        40 * std::numeric_limits<double>::epsilon() * b.ratio);
}

TEST_CASE("tangent::orthonormaliser: over a run the defect does not accumulate in the pivots' logarithms",
          "[tangent][law]") {
  const Index n = 32;
  const int calls = 40, steps = 8;
  orthonormaliser<double> loose(n, n, {.defect = 0.1}), strict(n, n, {.defect = 1e-13});
  matrix<double> V = matrix<double>::Identity(n, n), W = V;
  Eigen::VectorXd gap = Eigen::VectorXd::Zero(n);
  double worst_defect = 0, worst_ratio = 1;
  std::uint64_t seed = 100;
  for (int call = 0; call < calls; ++call) {
    for (int s = 0; s < steps; ++s) {
      const matrix<double> J = gaussian<double>(n, n, seed++);
      V = (J * V).eval();
      W = (J * W).eval();
    }
    const auto r = loose.factor(V);
    const auto q = strict.factor(W);
    REQUIRE(r.unresolved + q.unresolved == 0);
    worst_defect = std::max(worst_defect, orthonormaliser<double>::defect(V));
    worst_ratio = std::max(worst_ratio, r.ratio);
    gap += (loose.pivots().array().log() - strict.pivots().array().log()).matrix();
  }
  CHECK(worst_defect > 1e-9);  // it was loose
  // Each call leaves about eps ratio in a logarithm, whatever the defect; the defect itself counts once, at the end.
  CHECK(gap.cwiseAbs().maxCoeff() < calls * std::numeric_limits<double>::epsilon() * worst_ratio + 10 * worst_defect);
}

TEST_CASE("tangent::orthonormaliser: small frames and blocks agree", "[tangent][differential]") {
  random_stream random(5);
  for (int round = 0; round < 20; ++round) {
    libration::state<double, 4> v[3];
    matrix<double> V(4, 3);
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 4; ++i) V(i, j) = v[j][i] = random.next_normal();
    const auto small = libration::tangent::gram_schmidt(v);
    orthonormaliser<double> block(4, 3);
    const auto r = block.factor(V);
    const double rounding = 8 * 4 * std::numeric_limits<double>::epsilon() * r.ratio;
    CHECK(std::abs(small.ratio() / r.ratio - 1) < rounding * r.ratio);
    for (int j = 0; j < 3; ++j) {
      CHECK(std::abs(small.pivot[j] / block.pivots()[j] - 1) < rounding);
      for (int i = 0; i < 4; ++i) CHECK(std::abs(V(i, j) - v[j][i]) < rounding * r.ratio);
    }
  }
}

TEST_CASE("tangent::orthonormaliser: dependent columns are listed, the columns after them are right",
          "[tangent][failure]") {
  // Column j depends on the others where it is listed; widths on both sides of a panel's, and of columns by themselves.
  for (const Index n : {Index{6}, Index{40}, Index{70}}) {
    CAPTURE(n);
    const Index k = n - 1;
    matrix<double> V = gaussian<double>(n, k, 11);
    std::vector<Index> dependent = {1, k / 2, k - 2};
    V.col(dependent[0]) = -3 * V.col(0);
    V.col(dependent[1]).setZero();
    V.col(dependent[2]) = V.leftCols(dependent[2] - 1).rowwise().sum();
    matrix<double> Q = V;
    orthonormaliser<double> block(n, k);
    const auto r = block.factor(Q);
    CHECK(r.finite);
    CHECK(r.unresolved == 3);
    CHECK(std::vector<Index>(block.unresolved().begin(), block.unresolved().end()) == dependent);
    for (const Index j : dependent) CHECK(block.pivots()[j] == 0.0);
    CHECK(orthonormaliser<double>::defect(Q) <= 10 * r.defect);
    CHECK(r.defect < 1e-7);

    // The same without the dependent columns.
    std::vector<Index> rest;
    for (Index j = 0; j < k; ++j)
      if (block.pivots()[j] > 0) rest.push_back(j);
    const matrix<double> U = V(Eigen::all, rest);
    const Eigen::HouseholderQR<exact_matrix> exact(U.cast<long double>());
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const Index j = rest[i];
      const double pivot = static_cast<double>(std::abs(exact.matrixQR()(Index(i), Index(i))));
      CHECK(std::abs(block.pivots()[j] - pivot) <=
            7 * double(n) * std::numeric_limits<double>::epsilon() * V.col(j).norm());
    }
    // V = Q R but for what was below the threshold.
    for (Index j = 0; j < k; ++j)
      CHECK((Q * block.upper().col(j) - V.col(j)).norm() <=
            2 * double(n) * std::numeric_limits<double>::epsilon() * V.col(j).norm());
  }
}

TEST_CASE("tangent::orthonormaliser: a block of zeros, and one of equal columns, become orthonormal",
          "[tangent][failure][edge]") {
  for (const Index k : {Index{1}, Index{5}, Index{20}, Index{40}}) {
    orthonormaliser<double> block(40, k);
    matrix<double> zeros = matrix<double>::Zero(40, k), ones = matrix<double>::Ones(40, k);
    CHECK(block.factor(zeros).unresolved == k);
    CHECK(block.pivots().isZero(0.0));
    CHECK(block.upper().isZero(0.0));
    CHECK(orthonormaliser<double>::defect(zeros) < 40 * std::numeric_limits<double>::epsilon());
    const auto r = block.factor(ones);
    CHECK(r.unresolved == k - 1);
    CHECK(r.ratio == 1.0);
    CHECK(std::abs(block.pivots()[0] - std::sqrt(40.0)) < 40 * std::numeric_limits<double>::epsilon());
    CHECK(orthonormaliser<double>::defect(ones) < 40 * std::numeric_limits<double>::epsilon());
  }
}

TEST_CASE("tangent::orthonormaliser: an infinity or a NaN leaves the block alone", "[tangent][failure]") {
  for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    orthonormaliser<double> block(30, 20);
    matrix<double> V = gaussian<double>(30, 20, 9);
    V(3, 4) = 1e-300;
    V(7, 19) = bad;
    V.col(2) *= 1e250;
    const matrix<double> before = V;
    const auto r = block.factor(V);
    CHECK_FALSE(r.finite);
    CHECK(block.pivots().array().isNaN().all());
    CHECK(V.leftCols(19) == before.leftCols(19));
    V(7, 19) = 0;
    CHECK(block.factor(V).finite);
  }
}

TEST_CASE("tangent::orthonormaliser: columns of any magnitude", "[tangent][edge]") {
  for (const Index k : {Index{4}, Index{30}}) {
    const Index n = 40;
    const matrix<double> V = carried<double>(n, k, 2, 4);
    matrix<double> scaled = V, plain = V;
    std::vector<int> exponent;
    for (Index j = 0; j < k; ++j) {
      exponent.push_back(j % 3 == 0 ? 990 : j % 3 == 1 ? -990 : 0);
      scaled.col(j) = V.col(j).unaryExpr([&](double x) { return std::ldexp(x, exponent.back()); });
    }
    orthonormaliser<double> a(n, k), b(n, k);
    const auto r = a.factor(plain), s = b.factor(scaled);
    CHECK(s.finite);
    CHECK(s.unresolved == 0);
    // Powers of two are exact; what differs is the choice between one pass and two.
    const double rounding = double(n) * std::numeric_limits<double>::epsilon() * r.ratio;
    CHECK(std::abs(s.ratio / r.ratio - 1) < rounding);
    for (Index j = 0; j < k; ++j)
      CHECK(std::abs(std::ldexp(b.pivots()[j], -exponent[std::size_t(j)]) / a.pivots()[j] - 1) < rounding);
    CHECK(orthonormaliser<double>::defect(scaled) <= 10 * s.defect);
  }
  orthonormaliser<double> block(2, 2);
  matrix<double> denormal(2, 2);
  denormal << 3e-320, 1e-322, 4e-320, 0;
  const auto r = block.factor(denormal);
  CHECK(r.unresolved == 0);
  CHECK(orthonormaliser<double>::defect(denormal) < 8 * std::numeric_limits<double>::epsilon());
  CHECK(std::abs(block.pivots()[0] - 5e-320) <= 2 * std::numeric_limits<double>::denorm_min());
}

TEST_CASE("tangent::orthonormaliser: a block within a larger matrix, and the same digits at every call",
          "[tangent][edge]") {
  const matrix<double> whole = gaussian<double>(50, 60, 6);
  matrix<double> A = whole, B = whole.block(10, 5, 40, 30);
  orthonormaliser<double> block(40, 30);
  block.factor(A.block(10, 5, 40, 30));
  block.factor(B);
  CHECK((A.block(10, 5, 40, 30) - B).isZero(1e-13));
  A.block(10, 5, 40, 30) = whole.block(10, 5, 40, 30);
  CHECK(A == whole);
  matrix<double> C = whole.block(10, 5, 40, 30);
  block.factor(C);
  CHECK(B == C);
}

TEST_CASE("tangent::orthonormaliser: what is refused", "[tangent][failure]") {
  using libration::argument_error;
  CHECK_THROWS_AS(orthonormaliser<double>(3, 4), argument_error);
  CHECK_THROWS_AS(orthonormaliser<double>(3, 0), argument_error);
  CHECK_THROWS_AS(orthonormaliser<double>(3, 2, {.defect = 1.0}), argument_error);
  CHECK_THROWS_AS(orthonormaliser<double>(3, 2, {.defect = -1e-9}), argument_error);
  orthonormaliser<double> block(3, 2);
  matrix<double> V = matrix<double>::Ones(3, 3);
  CHECK_THROWS_WITH(block.factor(V), "tangent::orthonormaliser: the block has 3 columns, expected 2 (as constructed)");
  matrix<double> W = matrix<double>::Ones(4, 2);
  CHECK_THROWS_AS(block.factor(W), argument_error);
}
