// SPDX-License-Identifier: MIT
#include <libration/attention/dilution_theory.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace attention = libration::attention;
using namespace attention;
using libration::argument_error;
using libration_test::message_of;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

bool near(double x, double y, double relative) { return std::abs(x - y) <= relative * std::abs(y); }

double entropy_of(const Eigen::ArrayXd& logits) {
  const Eigen::ArrayXd s = logits - logits.maxCoeff(), w = s.exp();
  return std::log(w.sum()) - (s * w).sum() / w.sum();
}

}  // namespace

TEST_CASE("attention::leading_key_weight: published cases, and the same from a softmax", "[oracle][differential]") {
  CHECK(near(leading_key_weight(1000.0, 5.0), 0.12934588, 1e-7));  // eight digits are given
  CHECK(near(scalable_softmax_weight(1000.0, 5.0, 0.43), 0.99964567, 1e-8));
  CHECK(leading_key_weight(1.0, -3.0) == 1.0);
  CHECK(near(leading_key_weight(8.0, 0.0), 0.125, eps));
  for (const double gap : {-40.0, -3.0, 0.0, 0.5, 7.0, 30.0})
    for (const Eigen::Index n : {2, 3, 17, 400}) {
      CAPTURE(gap, n);
      Eigen::ArrayXd logits = Eigen::ArrayXd::Constant(n, 2.0);
      logits[n / 2] += gap;
      const Eigen::ArrayXd w = (logits - logits.maxCoeff()).exp();
      // The sum of n terms, and gap + 2 - 2 rounded.
      CHECK(near(leading_key_weight(static_cast<double>(n), gap), w[n / 2] / w.sum(), 64.0 * eps * static_cast<double>(n)));
    }
}

TEST_CASE("attention::halving_context: there the weight is a half, and the slope of the entropy 1/2 + gap/4", "[law]") {
  for (const double gap : {0.5, 1.0, 5.0, 12.0, 20.0}) {
    const double n = halving_context(gap);
    CHECK(near(leading_key_weight(n, gap), 0.5, 8.0 * eps * (1.0 + gap)));
    CHECK(near(leading_key_slope(n, gap), n / (n - 1.0) * (0.5 + 0.25 * gap), 1e-14));
  }
  CHECK(halving_context(0.0) == 2.0);
  CHECK(halving_context(-1000.0) == 1.0);
  CHECK(halving_context(1000.0) == infinity);
}

TEST_CASE("attention::leading_key_entropy: the collapsed case, the even one, and the same from a softmax",
          "[oracle][differential]") {
  CHECK(near(leading_key_entropy(4.0, 20.0), 1.298527e-7, 4e-7));  // seven digits are given
  CHECK(leading_key_entropy(1.0, 3.0) == 0.0);
  for (const Eigen::Index n : {2, 3, 64, 1000}) {
    CHECK(near(leading_key_entropy(static_cast<double>(n), 0.0), std::log(static_cast<double>(n)), 4.0 * eps));
    for (const double gap : {-30.0, -2.0, 0.3, 1.0, 5.0, 8.0}) {
      CAPTURE(gap, n);
      Eigen::ArrayXd logits = Eigen::ArrayXd::Zero(n);
      logits[0] = gap;
      // The reference cancels: its two terms are at most 7 + gap.
      CHECK(std::abs(leading_key_entropy(static_cast<double>(n), gap) - entropy_of(logits)) < 1e-13 * (1.0 + std::abs(gap)));
    }
  }
}

// The two forms meet at z = 1, where gap = ln(n - 1).
TEST_CASE("attention::leading_key_entropy: no step where the forms meet, and bounds at every gap and n", "[law][edge]") {
  for (const double n : {2.0, 10.0, 1e6, 1e12}) {
    const double gap = std::log(n - 1.0);
    CHECK(near(leading_key_entropy(n, gap * (1.0 - 4.0 * eps)), leading_key_entropy(n, gap * (1.0 + 4.0 * eps)), 1e-13));
    double before = infinity;
    for (double g = 0.0; g <= 60.0; g += 0.5) {  // the more a key is ahead, the lower
      const double H = leading_key_entropy(n, g);
      CHECK((H > 0.0 && H <= std::log(n) * (1.0 + 4.0 * eps) && H <= before * (1.0 + 4.0 * eps)));
      before = H;
    }
  }
  for (const double n : {1.0, 2.0, 1e12, 1e300})
    for (const double gap : {-1000.0, -720.0, 720.0, 1000.0}) {
      CAPTURE(n, gap);
      const double p = leading_key_weight(n, gap), H = leading_key_entropy(n, gap);
      CHECK((p >= 0.0 && p <= 1.0 && std::isfinite(H) && H >= 0.0));
      if (gap > 0.0 && n <= 1e12) CHECK((p == 1.0 && H < 1e-290));
      if (gap < 0.0 && n > 1.0) CHECK((p < 1e-300 && std::abs(H - std::log(n - 1.0)) <= 2.0 * eps * H + 1e-290));
    }
}

TEST_CASE("attention::leading_key_slope: the derivative of the entropy by ln n", "[differential]") {
  for (const double gap : {-20.0, -1.0, 0.0, 2.0, 10.0, 25.0})
    for (const double n : {2.0, 50.0, 1e4, 1e8}) {
      CAPTURE(gap, n);
      constexpr double step = 1e-4;
      const double up = leading_key_entropy(n * std::exp(step), gap), down = leading_key_entropy(n * std::exp(-step), gap);
      const double slope = leading_key_slope(n, gap);
      // step² of the third derivative, and the entropies' rounding by the step.
      CHECK(std::abs((up - down) / (2.0 * step) - slope) <
            1e-7 * (1.0 + std::abs(slope)) + 4e-12 * (1.0 + std::abs(gap)) * (1.0 + up));
    }
  CHECK(leading_key_slope(100.0, 0.0) == 1.0);
  CHECK(leading_key_slope(100.0, 1000.0) == 0.0);
  CHECK(near(leading_key_slope(1e12, 2.0), 1.0, 1e-9));
}

TEST_CASE("attention::self_weight: about a half at the critical scaling, all or nothing beside it", "[law]") {
  for (const double rho : {-1.0, 0.0, 0.5, 0.9}) {
    const double critical = critical_scaling(rho);
    CHECK(near(critical, 1.0 / (1.0 - rho), eps));
    for (const double n : {2.0, 100.0, 1e12})
      CHECK(near(self_weight(n, critical, rho), n / (2.0 * n - 1.0), 32.0 * eps * std::log(n)));
    CHECK(self_weight(1e12, 1.5 * critical, rho) > 0.999998);
    CHECK(self_weight(1e12, 0.5 * critical, rho) < 1.1e-6);
  }
  CHECK(near(self_weight(1000.0, 0.7, 1.0), 1e-3, 2.0 * eps));  // all alike: no scaling tells them apart
  // s gap = 1 is to scalable softmax what the critical scaling is here.
  CHECK(near(scalable_softmax_weight(1e6, 4.0, 0.25), self_weight(1e6, 1.0, 0.0), 1e-13));
}

// 400 rows, which scatter by 0.020 at sigma 1 and 0.25 at 2, about means that are 0.0007 and 0.037 above the formula (measured over
// 4000 rows: finite n): 5 and 4.4 errors of the mean, a false alarm in 1e5 seeds.
TEST_CASE("attention::gaussian_logits_entropy: the mean over random rows of 4096 keys", "[stat]") {
  constexpr Eigen::Index n = 4096;
  double one = 0.0, two = 0.0;
  Eigen::ArrayXd logits(n);
  for (std::uint64_t row = 0; row < 400; ++row) {
    libration::random_stream(3, row).fill_normal(logits);
    one += entropy_of(logits) / 400.0;
    two += entropy_of(2.0 * logits) / 400.0;
  }
  CHECK(std::abs(one - gaussian_logits_entropy(4096.0, 1.0) - 0.0007) < 0.005);
  CHECK(std::abs(two - gaussian_logits_entropy(4096.0, 2.0) - 0.037) < 0.055);
  CHECK(near(gaussian_logits_entropy(100.0, 0.0), std::log(100.0), eps));
}

TEST_CASE("attention::gaussian_logits_entropy: nothing is said from its limit on", "[edge]") {
  const double limit = gaussian_logits_limit(1000.0);
  CHECK(near(limit, 3.7169221888498383, 2.0 * eps));
  CHECK(std::abs(gaussian_logits_entropy(1000.0, limit * (1.0 - 1e-12))) < 1e-10);
  CHECK(std::isnan(gaussian_logits_entropy(1000.0, limit)));
  CHECK(std::isnan(gaussian_logits_entropy(1000.0, 9.0)));
  CHECK(gaussian_logits_limit(1.0) == 0.0);
  CHECK(gaussian_logits_entropy(1.0, 5.0) == 0.0);
}

TEST_CASE("attention::entropy_floor: the published case; random logits lie above, one key ahead on it", "[oracle][law]") {
  CHECK(near(entropy_floor(16.0, 4.0), 1.018039766, 1e-9));
  CHECK(near(entropy_floor(10.0, 0.0), std::log(10.0), 4.0 * eps));
  CHECK(entropy_floor(1.0, 3.0) == 0.0);
  for (std::uint64_t stream = 0; stream < 50; ++stream) {
    const Eigen::Index n = 2 + static_cast<Eigen::Index>(stream);
    Eigen::ArrayXd logits(n);
    libration::random_stream(9, stream).fill_normal(logits);
    logits = 3.0 * logits + 5.0;
    const double norm = (logits - logits.mean()).matrix().norm();
    CHECK(entropy_of(logits) >= entropy_floor(static_cast<double>(n), norm) - 1e-14);
    Eigen::ArrayXd peak = Eigen::ArrayXd::Zero(n);
    peak[1] = 2.5;
    const double peak_norm = (peak - peak.mean()).matrix().norm();
    CHECK(near(entropy_of(peak), entropy_floor(static_cast<double>(n), peak_norm), 1e-13));
  }
}

TEST_CASE("attention::dilution_theory: what is out of range is refused by name", "[failure]") {
  const double nan = std::nan("");
  CHECK(message_of<argument_error>([] { (void)leading_key_weight(0.5, 1.0); }) ==
        "attention::leading_key_weight: n is 0.5 keys, expected >= 1 and finite");
  CHECK(message_of<argument_error>([=] { (void)leading_key_entropy(3.0, nan); }) ==
        "attention::leading_key_entropy: gap is nan, expected a finite number");
  CHECK_THROWS_AS(leading_key_slope(infinity, 1.0), argument_error);
  CHECK_THROWS_AS(halving_context(infinity), argument_error);
  CHECK_THROWS_AS(scalable_softmax_weight(3.0, 1.0, nan), argument_error);
  CHECK(message_of<argument_error>([] { (void)critical_scaling(1.0); }) ==
        "attention::critical_scaling: rho is 1, expected >= -1 and < 1");
  CHECK_THROWS_AS(critical_scaling(nan), argument_error);
  CHECK_THROWS_AS(self_weight(2.0, 1.0, 1.5), argument_error);
  CHECK_THROWS_AS(gaussian_logits_entropy(2.0, -1.0), argument_error);
  CHECK_THROWS_AS(gaussian_logits_limit(0.0), argument_error);
  CHECK_THROWS_AS(entropy_floor(2.0, -1.0), argument_error);
  CHECK_THROWS_AS(entropy_floor(nan, 1.0), argument_error);
}
