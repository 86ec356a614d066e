// SPDX-License-Identifier: MIT
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include <Eigen/QR>
#include <libration/core/random.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/tangent/gram_schmidt.hpp>

#include "support/catch.hpp"

namespace {

using libration::lanes;
using libration::random_stream;
using libration::single;
using libration::state;
using libration::tangent::gram_schmidt;

using exact_matrix = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;

template <class T>
constexpr double epsilon =
    static_cast<double>(std::numeric_limits<typename libration::scalar_traits<T>::base>::epsilon());

template <class T, int n, std::size_t columns>
exact_matrix as_matrix(const state<T, n> (&v)[columns]) {
  constexpr int k = static_cast<int>(columns);
  exact_matrix m(n, k);
  for (int j = 0; j < k; ++j)
    for (int i = 0; i < n; ++i) m(i, j) = static_cast<double>(v[j][i]);
  return m;
}

template <class T, int n, std::size_t columns>
double defect(const state<T, n> (&q)[columns], int count = static_cast<int>(columns)) {
  const exact_matrix Q = as_matrix(q).leftCols(count);
  return static_cast<double>((Q.transpose() * Q - exact_matrix::Identity(count, count)).cwiseAbs().maxCoeff());
}

// Column j is the sum of those before it and a random vector of size `angle`.
template <class T, int n, std::size_t columns>
void fill(state<T, n> (&v)[columns], random_stream& random, double angle) {
  constexpr int k = static_cast<int>(columns);
  for (int j = 0; j < k; ++j)
    for (int i = 0; i < n; ++i) {
      double x = (j == 0 ? 1 : angle) * random.next_normal();
      for (int c = 0; c < j; ++c) x += static_cast<double>(v[c][i]);
      v[j][i] = T(x);
    }
}

// QᵀQ = I, QR = V, and the pivots against Householder in long double, as V's columns become parallel.
template <class T, int n, std::size_t columns>
void check_laws(std::uint64_t seed) {
  constexpr int k = static_cast<int>(columns);
  const double eps = epsilon<T>;
  random_stream random(seed);
  for (double angle = 1; angle > 100 * n * eps; angle /= 4) {
    state<T, n> v[columns];
    fill(v, random, angle);
    const exact_matrix V = as_matrix(v);
    const auto r = gram_schmidt(v);
    const exact_matrix Q = as_matrix(v), R = Q.transpose() * V;
    const Eigen::HouseholderQR<exact_matrix> exact(V);
    CAPTURE(n, k, angle);
    double worst = 1;
    for (int j = 0; j < k; ++j) {
      if (r.unresolved(j)) continue;  // the random part may be smaller than asked for
      const double pivot = static_cast<double>(r.pivot[j]), norm = static_cast<double>(V.col(j).norm());
      const double exact_pivot = static_cast<double>(std::abs(exact.matrixQR()(j, j)));
      worst = std::max(worst, norm / pivot);
      // Each of two passes leaves eps |v| in each of n directions for each column before.
      CHECK(std::abs(pivot - exact_pivot) <= 2 * n * k * eps * norm);
      CHECK(static_cast<double>((V.col(j) - Q.leftCols(j + 1) * R.col(j).head(j + 1)).norm()) <=
            2 * n * k * eps * norm);
      CHECK(static_cast<double>(std::abs(R(j, j)) - pivot) <= 2 * n * k * eps * norm);
      CHECK(R(j, j) > 0);
    }
    CHECK(defect(v) <= 4 * n * eps);
    CHECK(std::abs(static_cast<double>(r.ratio()) / worst - 1) <= 4 * n * eps);
  }
}

}  // namespace

TEST_CASE("tangent::gram_schmidt: a 2 x 2 frame by hand", "[tangent][oracle]") {
  state<double, 2> v[2] = {{3.0, 4.0}, {1.0, 0.0}};
  const auto r = gram_schmidt(v);
  const double eps = epsilon<double>;
  CHECK(r.pivot[0] == 5.0);
  CHECK(std::abs(r.pivot[1] - 0.8) < 4 * eps);  // |det| = 4 = 5 * 0.8
  CHECK(std::abs(r.ratio() - 1.25) < 4 * eps);
  CHECK(std::abs(v[0][0] - 0.6) < 2 * eps);
  CHECK(std::abs(v[0][1] - 0.8) < 2 * eps);
  CHECK(std::abs(v[1][0] - 0.8) < 4 * eps);
  CHECK(std::abs(v[1][1] + 0.6) < 4 * eps);
}

TEST_CASE("tangent::gram_schmidt: the product of the pivots of a square frame is |det|", "[tangent][oracle]") {
  // The Vandermonde matrix of 1, 2, 3, 4: det = 1! 2! 3! = 12.
  state<double, 4> v[4];
  for (int j = 0; j < 4; ++j)
    for (int i = 0; i < 4; ++i) v[j][i] = std::pow(i + 1.0, j);
  const auto r = gram_schmidt(v);
  const double product = r.pivot[0] * r.pivot[1] * r.pivot[2] * r.pivot[3];
  CHECK(std::abs(product / 12 - 1) < 16 * epsilon<double> * 4 * r.ratio());
}

TEST_CASE("tangent::gram_schmidt: Q is orthonormal, QR = V, and the pivots are Householder's",
          "[tangent][law][differential]") {
  check_laws<double, 1, 1>(1);
  check_laws<double, 2, 2>(2);
  check_laws<double, 3, 2>(3);
  check_laws<double, 3, 3>(4);
  check_laws<double, 4, 4>(5);
  check_laws<double, 12, 10>(6);
  check_laws<single, 3, 3>(7);
  check_laws<float, 2, 2>(8);
}

namespace {

// Each lane holds another frame, some of them dependent, huge, tiny or not finite: the digits are those of plain
// numbers.
template <class T, class Plain, int n, std::size_t columns>
void check_lanes(std::uint64_t seed, int count = static_cast<int>(columns)) {
  constexpr int k = static_cast<int>(columns);
  constexpr int width = libration::scalar_traits<T>::width;
  using base = typename libration::scalar_traits<T>::base;
  random_stream random(seed);
  for (int round = 0; round < 12; ++round) {
    const bool troubled = round % 3 != 0;
    state<T, n> v[columns];
    state<Plain, n> plain[std::size_t{width}][columns];
    for (int l = 0; l < width; ++l) {
      fill(plain[l], random, std::pow(0.01, round / 3));
      if (troubled && l % 5 == 1) plain[l][k - 1] = plain[l][0];
      if (troubled && l % 5 == 2)
        for (auto& x : plain[l][k / 2]) x = x * Plain(std::numeric_limits<base>::max() / 64);
      if (troubled && l % 5 == 3)
        for (auto& x : plain[l][0]) x = x * Plain(std::numeric_limits<base>::min());
      if (troubled && l % 7 == 4) plain[l][0][0] = Plain(std::numeric_limits<base>::infinity());
      for (int j = 0; j < k; ++j)
        for (int i = 0; i < n; ++i) v[j][i].value()[l] = static_cast<base>(plain[l][j][i]);
    }
    const auto r = gram_schmidt(v, count);
    const T ratio = r.ratio();
    for (int l = 0; l < width; ++l) {
      const auto expected = gram_schmidt(plain[l], count);
      const auto same = [](base a, base b) { return a == b || (std::isnan(a) && std::isnan(b)); };
      CAPTURE(n, k, round, l);
      CHECK(same(ratio[l], static_cast<base>(expected.ratio())));
      for (int j = 0; j < k; ++j) {
        CHECK(same(r.pivot[j][l], static_cast<base>(expected.pivot[j])));
        for (int i = 0; i < n; ++i) CHECK(same(v[j][i][l], static_cast<base>(plain[l][j][i])));
      }
    }
  }
}

}  // namespace

TEST_CASE("tangent::gram_schmidt: a lane has the digits of plain numbers, whatever is beside it",
          "[tangent][differential]") {
  check_lanes<lanes<double, 4>, double, 2, 2>(21);
  check_lanes<lanes<double, 8>, double, 3, 3>(22);
  check_lanes<lanes<double, 4>, double, 3, 2>(23);
  check_lanes<lanes<double, 4>, double, 10, 9>(24);
  check_lanes<lanes<double, 4>, double, 10, 9>(25, 4);
  check_lanes<lanes<float, 8>, single, 3, 3>(26);
}

TEST_CASE("tangent::gram_schmidt: a frame in use in part leaves the other columns alone", "[tangent][edge]") {
  random_stream random(31);
  state<double, 5> v[5], whole[5];
  fill(v, random, 0.5);
  for (int j = 0; j < 5; ++j) whole[j] = v[j];
  const auto untouched = v[3];
  const auto r = gram_schmidt(v, 3);
  const auto expected = gram_schmidt(whole);
  for (int j = 0; j < 3; ++j) {
    CHECK(std::abs(r.pivot[j] - expected.pivot[j]) < 8 * epsilon<double> * expected.pivot[j] * expected.ratio());
    CHECK_FALSE(r.unresolved(j));
  }
  CHECK(defect(v, 3) < 20 * epsilon<double>);
  CHECK(v[3] == untouched);
  CHECK(r.pivot[3] == 1.0);
  CHECK(r.pivot[4] == 1.0);
}

TEST_CASE("tangent::gram_schmidt: a dependent column is unresolved, the columns after it are right",
          "[tangent][failure]") {
  // v2 = 3 v0: R_22 = 0. v3 has 4 across the span of v0 and v1.
  state<double, 5> v[4] = {
      {1.0, 1.0, 0.0, 0.0, 0.0}, {0.0, 0.0, 2.0, 0.0, 0.0}, {3.0, 3.0, 0.0, 0.0, 0.0}, {7.0, 7.0, 5.0, 4.0, 0.0}};
  const auto r = gram_schmidt(v);
  CHECK_FALSE(r.unresolved(0));
  CHECK_FALSE(r.unresolved(1));
  CHECK(r.unresolved(2));
  CHECK(r.pivot[2] <= 0.0);
  CHECK(std::abs(r.pivot[2] + 5 * epsilon<double> * std::sqrt(18.0)) < 1e-2 * epsilon<double>);  // its upper bound
  CHECK(std::abs(r.pivot[3] - 4.0) < 10 * epsilon<double> * 12);
  CHECK(defect(v) < 20 * epsilon<double>);
  CHECK(std::abs(r.ratio() - std::sqrt(139.0) / 4) < 10 * epsilon<double> * r.ratio() * r.ratio());
}

TEST_CASE("tangent::gram_schmidt: frames of rank 0 and 1 become orthonormal", "[tangent][failure][edge]") {
  state<double, 3> none[3] = {};
  const auto r = gram_schmidt(none);
  for (int j = 0; j < 3; ++j) CHECK(r.unresolved(j));
  for (int j = 0; j < 3; ++j) CHECK(r.pivot[j] == 0.0);
  CHECK(defect(none) <= 12 * epsilon<double>);
  CHECK(r.ratio() == 1.0);

  state<double, 3> one[3] = {{}, {1.0, 2.0, 3.0}, {2.0, 4.0, 6.0}};
  const auto s = gram_schmidt(one);
  CHECK(s.unresolved(0));
  CHECK(std::abs(s.pivot[1] - std::sqrt(14.0)) < 4 * epsilon<double>);
  CHECK(s.unresolved(2));
  CHECK(defect(one) <= 12 * epsilon<double>);
}

TEST_CASE("tangent::gram_schmidt: the threshold of an unresolved column is n eps of its norm", "[tangent][failure]") {
  const double threshold = 2 * epsilon<double>;
  state<double, 2> at[2] = {{1.0, 0.0}, {1.0, threshold}};
  CHECK(gram_schmidt(at).unresolved(1));
  state<double, 2> above[2] = {{1.0, 0.0}, {1.0, 2 * threshold}};
  const auto r = gram_schmidt(above);
  CHECK_FALSE(r.unresolved(1));
  CHECK(r.pivot[1] == 2 * threshold);
}

TEST_CASE("tangent::gram_schmidt: an infinity or a NaN leaves the frame alone, with NaN pivots", "[tangent][failure]") {
  for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    state<double, 2> v[2] = {{1.0, 2.0}, {3.0, bad}};
    const auto r = gram_schmidt(v);
    CHECK(std::isnan(r.pivot[0]));
    CHECK(std::isnan(r.pivot[1]));
    CHECK(std::isnan(r.ratio()));
    CHECK(v[0] == state<double, 2>{1.0, 2.0});
    CHECK(v[1][0] == 3.0);
    CHECK_FALSE(r.unresolved(1));
  }
}

TEST_CASE("tangent::gram_schmidt: columns of any magnitude", "[tangent][edge]") {
  const double sizes[] = {std::numeric_limits<double>::denorm_min(), 1e-320, 1e-300, 1e-180, 1.0, 1e180, 1e300};
  for (const double a : sizes)
    for (const double b : sizes) {
      CAPTURE(a, b);
      state<double, 2> v[2] = {{3 * a, 4 * a}, {1 * b, 0.0}};
      const auto r = gram_schmidt(v);
      // Denormal entries and pivots carry an absolute error of half the smallest number each.
      const double tiny = std::numeric_limits<double>::denorm_min();
      CHECK(std::abs(r.pivot[0] - 5 * a) <= 4 * epsilon<double> * a + tiny);
      CHECK(std::abs(r.pivot[1] - 0.8 * b) <= 4 * epsilon<double> * b + tiny);
      CHECK(std::abs(r.ratio() - 1.25) <= 4 * epsilon<double>);
      CHECK(defect(v) <= 8 * epsilon<double>);
    }
  state<single, 3> v[2] = {{single(1e-40), 0.0, 0.0}, {single(3e30), single(4e30), 0.0}};
  const auto r = gram_schmidt(v);
  CHECK(static_cast<double>(r.pivot[0]) > 0.0);
  CHECK(std::abs(static_cast<double>(r.pivot[1]) / 4e30 - 1) <= 4 * epsilon<single>);
}
