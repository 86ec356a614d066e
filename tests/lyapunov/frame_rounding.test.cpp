// SPDX-License-Identifier: MIT
#include <libration/lyapunov/frame_rounding.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "support/catch.hpp"

using Eigen::Index, Eigen::MatrixXd;
using libration::lyapunov::frame_rounding;

namespace {

using exact = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;

// Q and R of V, columns one by one, twice.
exact gram_schmidt_of(exact& V) {
  exact R = exact::Zero(V.cols(), V.cols());
  for (Index j = 0; j < V.cols(); ++j) {
    for (int pass = 0; pass < 2; ++pass)
      for (Index l = 0; l < j; ++l) {
        const long double overlap = V.col(l).dot(V.col(j));
        R(l, j) += overlap;
        V.col(j) -= overlap * V.col(l);
      }
    R(j, j) = V.col(j).norm();
    V.col(j) /= R(j, j);
  }
  return R;
}

// A product of rotations and a triangle, far from normal: neither ordered nor of columns that are nearly orthogonal.
exact matrix_of(Index n, std::uint64_t seed) {
  MatrixXd J(n, n);
  libration::random_stream(seed, 1).fill_normal(J);
  for (Index j = 0; j < n; ++j) J.col(j).head(j) *= 0.02;
  return J.cast<long double>();
}

}  // namespace

TEST_CASE("lyapunov::frame_rounding: is by how much frames with such errors come apart", "[law][stat]") {
  const int seeds = 200, steps = 30;
  const double size = 1e-9;
  for (const Index n : {2, 5, 40}) {
    const exact J = matrix_of(n, static_cast<std::uint64_t>(n));
    std::vector<double> followed(static_cast<std::size_t>(n), 0.0), measured = followed;
    for (int seed = 0; seed < (n > 10 ? 20 : seeds); ++seed) {
      frame_rounding rounding(n, 1e-300, static_cast<std::uint64_t>(seed));
      libration::random_stream signs(static_cast<std::uint64_t>(seed), 2);
      exact Q = exact::Identity(n, n), moved = Q;
      std::vector<long double> apart(static_cast<std::size_t>(n), 0.0L), most = apart;
      for (int t = 0; t < (n > 10 ? 3 : steps); ++t) {
        Q = (J * Q).eval();
        const exact R = gram_schmidt_of(Q);
        moved = (J * moved).eval();
        exact E(n, n);
        for (Index j = 0; j < n; ++j)
          for (Index i = 0; i < n; ++i) E(i, j) = (signs.next_bits() & 1) != 0 ? R.col(j).norm() : -R.col(j).norm();
        moved += static_cast<long double>(size) * (Q * E).eval();
        const exact S = gram_schmidt_of(moved);
        const bool counted = t >= 2;  // what was turned before counts, too
        rounding.add(R.cast<double>().eval(), counted);
        for (Index i = 0; counted && i < n; ++i) {
          const auto at = static_cast<std::size_t>(i);
          apart[at] += std::log(S(i, i) / R(i, i)) / static_cast<long double>(size);
          most[at] = std::max(most[at], std::abs(apart[at]));
        }
      }
      for (Index i = 0; i < n; ++i) {
        const auto at = static_cast<std::size_t>(i);
        followed[at] += rounding.nats(i) * rounding.nats(i);
        measured[at] += static_cast<double>(most[at] * most[at]);
      }
    }
    // Root mean squares of 200 draws each are right to 7 % of their quotient, of 20 to 22 %: four of these.
    for (Index i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double quotient = std::sqrt(followed[at] / measured[at]);
      INFO("exponent " << i << " of " << n << ": " << std::sqrt(followed[at]) << ", by frames " << std::sqrt(measured[at]));
      CHECK(std::abs(std::log(quotient)) < (n > 10 ? 0.9 : 0.28));
    }
  }
}

TEST_CASE("lyapunov::frame_rounding: one column, a zero column, an unresolved one, ratios out of range", "[edge]") {
  frame_rounding one(1, 1e-16, 0);
  one.add(MatrixXd::Constant(1, 1, 0.5).eval(), true);
  CHECK(one.nats(0) == 0.0);

  MatrixXd R(3, 3);
  R << 2.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1e-3;
  frame_rounding unresolved(3, 1e-16, 0);
  for (int t = 0; t < 10; ++t) unresolved.add(R, true);
  CHECK(unresolved.nats(0) <= 10.0);
  CHECK(unresolved.nats(2) > 100.0);
  CHECK(unresolved.nats(2) < 1e6);

  frame_rounding extreme(3, 1e-16, 0);
  extreme.add(MatrixXd::Zero(3, 3).eval(), true);
  R << 1e-300, 1e300, 1.0, 0.0, 1e-300, 1e200, 0.0, 0.0, 1e-200;
  for (int t = 0; t < 10; ++t) extreme.add(R, true);
  for (Index i = 0; i < 3; ++i) {
    CHECK(extreme.nats(i) >= 0.0);
    CHECK(extreme.nats(i) <= 11.0 * 1e16);
  }
}

TEST_CASE("lyapunov::frame_rounding: of a large frame the first factorisations that count stand for all", "[law]") {
  const Index n = 130;
  MatrixXd R = MatrixXd::Identity(n, n);
  frame_rounding longer(n, 1e-16, 3), shorter(n, 1e-16, 3);
  for (int t = 0; t < 5; ++t) longer.add(R, false);
  for (int t = 0; t < 64; ++t) {
    shorter.add(R, true);
    longer.add(R, true);
  }
  CHECK(shorter.nats(7) >= 1.0);
  CHECK(longer.nats(7) == shorter.nats(7));  // what does not count is not followed
  for (int t = 0; t < 64; ++t) longer.add(R, true);
  CHECK(longer.nats(7) == 2.0 * shorter.nats(7));
}
