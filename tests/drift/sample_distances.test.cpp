// SPDX-License-Identifier: MIT
#include <libration/drift/sample_distances.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::RowVectorXd, Eigen::VectorXd;
using libration::argument_error;
using namespace libration_test;

namespace {

MatrixXd normal(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd X(rows, columns);
  libration::random_stream(5, stream).fill_normal(X);
  return X;
}

const RowVectorXd zero_one = (RowVectorXd(2) << 0.0, 1.0).finished(), two_four = (RowVectorXd(2) << 4.0, 2.0).finished();

// Σ over all pairs by the formula's own loops, with the diagonal or without.
template <class Kernel>
double by_loops(const MatrixXd& X, const MatrixXd& Y, const Kernel& k) {
  const auto mean = [&](const MatrixXd& A, const MatrixXd& B, bool same) {
    double sum = 0.0, count = 0.0;
    for (Index i = 0; i < A.cols(); ++i)
      for (Index j = 0; j < B.cols(); ++j) {
        if (same && i == j) continue;
        sum += k((A.col(i) - B.col(j)).norm());
        count += 1.0;
      }
    return sum / count;
  };
  return mean(X, X, true) + mean(Y, Y, true) - 2.0 * mean(X, Y, false);
}

}  // namespace

TEST_CASE("drift::wasserstein: samples of equal and of other sizes", "[oracle]") {
  CHECK(drift::wasserstein(zero_one, two_four) == 2.5);
  CHECK(drift::wasserstein(zero_one, two_four, 2) == 6.5);
  const Eigen::Vector3d three(2.0, 0.0, 1.0);
  const Eigen::Vector2d two(0.0, 3.0);
  CHECK(std::abs(drift::wasserstein(three, two) - 5.0 / 6.0) < 1e-15);
  CHECK(std::abs(drift::wasserstein(three, two, 2) - 7.0 / 6.0) < 1e-15);
  CHECK(drift::wasserstein(three, three) == 0.0);
  CHECK(drift::wasserstein(VectorXd::Zero(1), VectorXd::Constant(1, -3.0), 2) == 9.0);
  // In integers and floats the same.
  CHECK(drift::wasserstein(Eigen::Array2i(0, 1), Eigen::Vector2f(2.0f, 4.0f)) == 2.5);
}

TEST_CASE("drift::wasserstein: a shift of a sample, repeated values, extreme sizes", "[law]") {
  const MatrixXd x = normal(1, 501, 1);
  for (const double shift : {0.25, -3.0}) {
    const MatrixXd y = (x.array() + shift).matrix();
    CHECK(std::abs(drift::wasserstein(x.row(0), y.row(0)) - std::abs(shift)) < 1e-13);
    CHECK(std::abs(drift::wasserstein(x.row(0), y.row(0), 2) - shift * shift) < 1e-13);
  }
  // Each value three times is the same distribution.
  const MatrixXd thrice = x.replicate(1, 3), z = normal(1, 200, 2);
  CHECK(std::abs(drift::wasserstein(thrice.row(0), z.row(0)) - drift::wasserstein(x.row(0), z.row(0))) < 1e-13);
  // Powers of two change no digit, and squares that leave the range are no reason to lose the distance.
  for (const int e : {-500, 500}) {
    const double by = std::ldexp(1.0, e);
    CHECK(drift::wasserstein((by * x).row(0), (by * z).row(0)) == by * drift::wasserstein(x.row(0), z.row(0)));
  }
}

TEST_CASE("drift::energy_distance: two small samples, and the loops of its formula", "[oracle]") {
  CHECK(drift::energy_distance(zero_one, two_four) == 2.0);
  const MatrixXd X = normal(4, 37, 3), Y = 1.5 * normal(4, 52, 4);
  const double wanted = -by_loops(X, Y, [](double d) { return d; });
  CHECK(std::abs(drift::energy_distance(X, Y) - wanted) < 1e-13);
  CHECK(drift::energy_distance(X, Y) == drift::energy_distance(X, Y, 3));
  CHECK(std::abs(drift::energy_distance(Y, X) - wanted) < 1e-13);
  const double by = std::ldexp(1.0, 600);
  CHECK(drift::energy_distance(MatrixXd(by * X), MatrixXd(by * Y)) == by * drift::energy_distance(X, Y));
}

TEST_CASE("drift::energy_distance, maximum_mean_discrepancy: normal distributions a unit apart", "[oracle]") {
  // Means over 40 pairs of samples, against the distributions' own: the estimates are unbiased.
  double energy = 0.0, energy_squares = 0.0, discrepancy = 0.0, discrepancy_squares = 0.0;
  constexpr int runs = 40;
  for (std::uint64_t i = 0; i < runs; ++i) {
    const MatrixXd x = normal(1, 50, 10 + 2 * i), y = (normal(1, 50, 11 + 2 * i).array() + 1.0).matrix();
    const double e = drift::energy_distance(x, y), d = drift::maximum_mean_discrepancy(x, y, {.bandwidth = 1.0}).squared;
    energy += e / runs;
    energy_squares += e * e / runs;
    discrepancy += d / runs;
    discrepancy_squares += d * d / runs;
  }
  const double energy_error = std::sqrt((energy_squares - energy * energy) / runs);
  const double discrepancy_error = std::sqrt((discrepancy_squares - discrepancy * discrepancy) / runs);
  CHECK(std::abs(energy - 0.5418065793) < 4.0 * energy_error);
  CHECK(energy_error < 0.05);
  CHECK(std::abs(discrepancy - 0.1772676349) < 4.0 * discrepancy_error);
  CHECK(discrepancy_error < 0.02);
}

TEST_CASE("drift::maximum_mean_discrepancy: small samples, and the loops of its formula", "[oracle]") {
  CHECK(std::abs(drift::maximum_mean_discrepancy(zero_one, two_four, {.bandwidth = 1.0}).squared - 0.3652107419) < 1e-10);
  CHECK(std::abs(drift::maximum_mean_discrepancy(zero_one, zero_one, {.bandwidth = 1.0}).squared + 0.3934693403) < 1e-10);
  const MatrixXd X = normal(3, 30, 5), Y = normal(3, 41, 6);
  const auto kernel = [](double d) { return std::exp(-d * d / (2.0 * 0.49)); };
  const auto r = drift::maximum_mean_discrepancy(X, Y, {.bandwidth = 0.7});
  CHECK(std::abs(r.squared - by_loops(X, Y, kernel)) < 1e-14);
  CHECK(r.squared == drift::maximum_mean_discrepancy(X, Y, {.bandwidth = 0.7, .threads = 3}).squared);
  // The median of the six distances 1, 2, 4, 1, 3, 2, and of the three 1, 2, 3.
  CHECK(drift::maximum_mean_discrepancy(zero_one, two_four).bandwidth == 2.0);
  const auto scaled = drift::maximum_mean_discrepancy(std::ldexp(1.0, 600) * X, std::ldexp(1.0, 600) * Y);
  CHECK(scaled.squared == drift::maximum_mean_discrepancy(X, Y).squared);
}

TEST_CASE("drift::sliced_wasserstein: its mean and its standard error over directions", "[oracle]") {
  // Two points: (Δ·θ)², whose mean is |Δ|²/d = 3 and whose variance 2 (d - 1) |Δ|⁴/(d² (d + 2)) = 7.2.
  const Eigen::Vector3d apart(1.0, 2.0, 2.0);
  const auto r = drift::sliced_wasserstein(VectorXd::Zero(3), apart, {.slices = 4000, .seed = 3});
  CHECK(std::abs(r.standard_error / std::sqrt(7.2 / 4000.0) - 1.0) < 0.05);
  CHECK(std::abs(r.squared - 3.0) < 4.0 * r.standard_error);
  CHECK(r.slices == 4000);
  CHECK(r.seed == 3);
  // On a line every direction is the same.
  const MatrixXd x = normal(1, 20, 7), y = normal(1, 33, 8);
  const auto line = drift::sliced_wasserstein(x, y, {.slices = 5});
  CHECK(std::abs(line.squared - drift::wasserstein(x.row(0), y.row(0), 2)) < 1e-14);
  CHECK(line.standard_error < 1e-14);
  // A change of correlation alone, which no axis shows.
  MatrixXd X = normal(2, 2000, 9), Y = normal(2, 2000, 12);
  Y.row(1) = 0.9 * Y.row(0) + std::sqrt(1.0 - 0.81) * Y.row(1);
  const auto correlated = drift::sliced_wasserstein(X, Y), same = drift::sliced_wasserstein(X, normal(2, 2000, 13));
  CHECK(correlated.squared > 10.0 * same.squared);
  CHECK(correlated.squared == drift::sliced_wasserstein(X, Y, {.threads = 3}).squared);
}

TEST_CASE("drift::sample_distances: what they refuse", "[failure]") {
  const MatrixXd X = normal(2, 5, 1), Y = normal(3, 5, 1);
  const auto refusal = [](const auto& call) { return message_of<argument_error>([&] { (void)call(); }); };
  CHECK(refusal([&] { return drift::energy_distance(X, Y); }) ==
        "drift::energy_distance: states of the first sample have 2 components, of the second 3, expected the same number, at least "
        "1");
  CHECK_THAT(refusal([&] { return drift::energy_distance(X, X.leftCols(1)); }),
             Contains("5 and 1 states (columns), expected at least 2"));
  CHECK_THAT(refusal([&] { return drift::maximum_mean_discrepancy(X.leftCols(1), X); }), Contains("at least 2"));
  MatrixXd unknown = X;
  unknown(1, 3) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THAT(refusal([&] { return drift::sliced_wasserstein(X, unknown); }),
             Contains("the second sample has a value that is not finite"));
  CHECK_THAT(refusal([&] { return drift::sliced_wasserstein(X, X, {.slices = 1}); }), Contains(".slices is 1, expected >= 2"));
  CHECK_THAT(refusal([&] { return drift::maximum_mean_discrepancy(X, X, {.bandwidth = -1.0}); }), Contains(".bandwidth is -1"));
  CHECK_THAT(refusal([&] { return drift::maximum_mean_discrepancy(MatrixXd::Ones(2, 3), MatrixXd::Ones(2, 3)); }),
             Contains("the median distance between states is 0"));
  CHECK_THAT(refusal([&] { return drift::wasserstein(zero_one, two_four, 3); }), Contains("order is 3, expected 1 or 2"));
  CHECK_THAT(refusal([&] { return drift::wasserstein(VectorXd(), VectorXd::Ones(1).eval()); }), Contains("at least 1"));
}
