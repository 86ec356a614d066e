// SPDX-License-Identifier: MIT
#include <libration/lyapunov/settling.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/random.hpp>

#include "support/catch.hpp"

using Eigen::MatrixXd, Eigen::VectorXd;
using libration::lyapunov::settle;
using libration::lyapunov::settle_alone;

namespace {

// Two exponents 0 and -gap (a step), whose columns have turned for `before` steps: the second's growth moves to the first by
// exp(-gap N) nats in all, and back to it by then.
MatrixXd turning(double gap, std::int64_t window, Eigen::Index windows, std::int64_t before, double noise) {
  MatrixXd growth(2, windows);
  libration::random_stream(5).fill_normal(growth);
  growth *= noise;
  const auto left = [&](Eigen::Index b) { return std::exp(-gap * static_cast<double>(before + b * window)); };
  for (Eigen::Index b = 0; b < windows; ++b) {
    growth(0, b) -= left(b) - left(b + 1);
    growth(1, b) -= gap * static_cast<double>(window) - (left(b) - left(b + 1));
  }
  return growth;
}

}  // namespace

TEST_CASE("lyapunov::settle: of growth without noise as much is left out as the gap asks for", "[oracle]") {
  const VectorXd rounding = VectorXd::Constant(2, 1e-12);
  for (const double gap : {1e-3, 3e-3, 1e-2}) {
    const MatrixXd growth = turning(gap, 50, 200, 100, 0.0);
    const auto found = settle(growth, 50, 100, rounding, true);
    INFO("gap " << gap << ": " << found.discarded << " windows, left " << found.left.transpose());
    // ln(4e12) / gap steps leave the rounding, at most half of the windows.
    const double wanted = (std::log(4.0 / 1e-12) / gap - 100.0) / 50.0;
    CHECK(static_cast<double>(found.discarded) >= std::min(100.0, 0.7 * wanted));
    CHECK(static_cast<double>(found.discarded) <= std::min(100.0, 1.3 * wanted + 2.0));
    // What is left is a bound of what the turning adds to the rest.
    const double truth = std::exp(-gap * static_cast<double>(100 + 50 * found.discarded));
    for (int i = 0; i < 2; ++i) CHECK(found.left[i] >= 0.5 * truth);
    // The gap is measured while the second half still turns: by 2 exp(-gap N) nats in 5000 steps, a factor of 1.02 in what is left.
    for (int i = 0; i < 2; ++i) CHECK(found.left[i] <= 4.0 * 1.02 * truth + 1e-12);
    CHECK(settle(growth, 50, 100, rounding, false).discarded == 0);
  }
}

TEST_CASE("lyapunov::settle: nothing is left out for a turning far below the noise, nor where exponents are equal", "[edge]") {
  CHECK(settle(turning(1e-2, 50, 200, 2000, 10.0), 50, 2000, VectorXd(), true).discarded == 0);
  CHECK(settle(turning(1e-3, 50, 200, 100, 50.0), 50, 100, VectorXd(), true).discarded <= 20);
  const auto equal = settle(MatrixXd::Constant(2, 200, 0.25), 50, 100, VectorXd::Constant(2, 1e-12), true);
  CHECK(equal.discarded == 0);
  CHECK(equal.left.maxCoeff() < 1e-10);  // the sum never parts from a straight line
  // Too few windows to tell, a single exponent, a singular map.
  CHECK(settle(turning(1e-2, 50, 20, 0, 0.0), 50, 0, VectorXd(), true).discarded == 0);
  CHECK(settle(MatrixXd::Constant(1, 200, 1.0), 50, 0, VectorXd(), true).discarded == 0);
  MatrixXd singular = turning(1e-2, 50, 200, 100, 1.0);
  singular(1, 7) = -std::numeric_limits<double>::infinity();
  CHECK(settle(singular, 50, 100, VectorXd(), true).left.allFinite());
}

TEST_CASE("lyapunov::settle_alone: the growth that a turning adds to a single exponent's", "[oracle][stat]") {
  for (const double noise : {0.0, 1e-3}) {
    const MatrixXd growth = turning(1e-2, 50, 200, 0, noise).topRows(1);
    for (const bool discard : {false, true}) {
      const auto found = settle_alone(growth, discard);
      INFO("noise " << noise << ", left out " << found.discarded << ", left " << found.left[0]);
      CHECK(found.discarded <= (discard ? 50 : 0));
      const double truth = std::exp(-1e-2 * 50.0 * static_cast<double>(found.discarded));
      // The later mean is that of 100 windows or more, against which at most 100 windows are held.
      CHECK(std::abs(found.left[0] - truth) < 5.0 * std::sqrt(200.0) * noise + 1e-12);
      if (discard) CHECK(truth < 2.0 * std::sqrt(200.0) * noise + 1e-9);
    }
  }
  // Windows of chance alone change nothing: 2000 series, of which none of more than a quarter in the squared error.
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    MatrixXd noise(1, 64);
    libration::random_stream(seed).fill_normal(noise);
    const auto found = settle_alone(noise, true);
    CHECK(found.discarded == 0);
    CHECK(found.left[0] == 0.0);
  }
  // Errors to both sides are no turning: they count.
  MatrixXd wild(1, 200);
  libration::random_stream(8).fill_normal(wild);
  wild.leftCols(40) *= 50.0;
  const auto both = settle_alone(wild, true);
  CHECK(both.discarded == 0);
  CHECK(both.left[0] > 0.0);
  CHECK(settle_alone(MatrixXd::Constant(1, 200, 0.25), true).discarded == 0);
  CHECK(settle_alone(MatrixXd::Constant(1, 20, 0.25), true).left[0] == 0.0);
  wild(0, 3) = -std::numeric_limits<double>::infinity();
  CHECK(settle_alone(wild, true).discarded == 0);
}
