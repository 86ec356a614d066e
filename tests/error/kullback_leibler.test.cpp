// SPDX-License-Identifier: MIT
#include <libration/error/kullback_leibler.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

using Eigen::Index, Eigen::Vector2d, Eigen::Vector3d, Eigen::VectorXd, Eigen::VectorXf;
using libration::argument_error, libration::random_stream;
using libration::error::kullback_leibler, libration::error::kullback_leibler_from_logits;
using namespace libration_test;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

bool near(double x, double expected, double relative) { return std::abs(x - expected) <= relative * std::abs(expected); }

VectorXd random_logits(Index V, std::uint64_t stream, double size) {
  VectorXd l(V);
  random_stream(91, stream).fill_normal(l);
  return size * l;
}

VectorXd softmax(const VectorXd& l) {
  const VectorXd w = (l.array() - l.maxCoeff()).exp();
  return w / w.sum();
}

// The same by long doubles, from logits.
double reference(const VectorXd& p, const VectorXd& q) {
  const auto total = [](const VectorXd& l) {
    long double sum = 0;
    for (const double x : l) sum += std::exp(static_cast<long double>(x));
    return std::log(sum);
  };
  const long double a = total(p), b = total(q);
  long double sum = 0;
  for (Index i = 0; i < p.size(); ++i)
    sum += std::exp(static_cast<long double>(p[i]) - a) * ((static_cast<long double>(p[i]) - q[i]) - (a - b));
  return static_cast<double>(sum);
}

}  // namespace

TEST_CASE("error::kullback_leibler: two tokens by hand", "[oracle]") {
  const double expected = 0.25 * std::log(0.5) + 0.75 * std::log(1.5);
  CHECK(near(kullback_leibler(Vector2d(0.25, 0.75), Vector2d(0.5, 0.5)), expected, 10.0 * eps));
  CHECK(near(kullback_leibler_from_logits(Vector2d(0.0, std::log(3.0)), Vector2d(7.0, 7.0)), expected, 20.0 * eps));
  CHECK(kullback_leibler(Vector2d(0.25, 0.75), Vector2d(0.25, 0.75)) == 0.0);
  CHECK(kullback_leibler(Vector2d(1.0, 0.0), Vector2d(0.5, 0.5)) == std::log(2.0));
  CHECK(kullback_leibler(Vector2d(1.0, 0.0), Vector2d(1.0, 0.0)) == 0.0);
  CHECK(near(kullback_leibler_from_logits(Vector2d(3.0, -infinity), Vector2d(5.0, 5.0)), std::log(2.0), 10.0 * eps));
  CHECK(kullback_leibler_from_logits(Vector2d(3.0, -infinity), Vector2d(-4.0, -infinity)) == 0.0);
}

TEST_CASE("error::kullback_leibler: agrees with long doubles for distant and for close distributions", "[differential]") {
  for (const double distance : {10.0, 1.0, 1e-2, 1e-5}) {
    const VectorXd p = random_logits(200, 1, 3.0), q = p + random_logits(200, 2, distance);
    const double expected = reference(p, q);
    // The reference itself cancels: a long double's 5e-20 against a divergence of distance^2/2.
    const double unsure = 1e-18 / expected;
    INFO(distance << ": " << expected << " " << kullback_leibler_from_logits(p, q) << " "
                  << kullback_leibler(softmax(p), softmax(q)));
    CHECK(near(kullback_leibler_from_logits(p, q), expected, 40.0 * eps + unsure));
    // A probability is rounded to eps of itself: that is eps/distance of a difference.
    CHECK(near(kullback_leibler(softmax(p), softmax(q)), expected, 40.0 * eps * (1.0 + 1.0 / distance) + unsure));
    CHECK(near(kullback_leibler_from_logits((p.array() + 3000.0).matrix(), q), expected,
               3000.0 * eps + 1e-11 * (1.0 + 1.0 / distance)));
  }
}

TEST_CASE("error::kullback_leibler: single precision, and sizes at the ends of the range", "[edge]") {
  const VectorXd p = random_logits(50, 3, 2.0), q = random_logits(50, 4, 2.0);
  const VectorXf single_p = p.cast<float>(), single_q = q.cast<float>();
  CHECK(near(kullback_leibler_from_logits(single_p, single_q), reference(single_p.cast<double>(), single_q.cast<double>()),
             40.0 * eps));
  CHECK(near(kullback_leibler(softmax(p).cast<float>(), softmax(q).cast<float>()), reference(p, q), 1e-5));
  // A token that underflows: p = (1, e^-2000), q = (e^-2000, 1).
  CHECK(near(kullback_leibler_from_logits(Vector2d(0.0, -2000.0), Vector2d(-2000.0, 0.0)), 2000.0, 10.0 * eps));
  CHECK(near(kullback_leibler(Vector2d(1.0, 0.0), Vector2d(1e-310, 1.0)), -std::log(1e-310), 10.0 * eps));
  CHECK(near(kullback_leibler(Vector2d(1e-310, 1.0), Vector2d(1.0 - 1e-7, 1e-7)), -std::log(1e-7), 10.0 * eps));
  CHECK(kullback_leibler(VectorXd::Ones(1), VectorXd::Ones(1)) == 0.0);
}

TEST_CASE("error::kullback_leibler: refusals", "[failure]") {
  const auto refusal = [](const VectorXd& p, const VectorXd& q) {
    return message_of<argument_error>([&] { (void)kullback_leibler(p, q); });
  };
  const Vector2d half(0.5, 0.5);
  CHECK_THAT(refusal(Vector3d(0.5, 0.5, 0.0), half), Contains("error::kullback_leibler: q has 2 rows, expected 3 (as p)"));
  CHECK_THAT(refusal(VectorXd(), VectorXd()), Contains("p is empty"));
  CHECK_THAT(refusal(half, Vector2d(0.5, 0.6)), Contains("q sums to 1.1, expected 1"));
  CHECK_THAT(refusal(Vector2d(0.5, 0.4), half), Contains("p sums to 0.9, expected 1"));
  CHECK_THAT(refusal(Vector2d(1.5, -0.5), half), Contains("p[1] is -0.5, expected >= 0"));
  CHECK_THAT(refusal(half, Vector2d(std::nan(""), 0.5)), Contains("q[0] is nan"));
  CHECK_THAT(refusal(half, Vector2d(1.0, 0.0)), Contains("q[1] is 0 where p is 0.5: the divergence is infinite"));
  CHECK(message_of<argument_error>([&] { (void)kullback_leibler(half, Vector2d(0.5, 0.501), 0.01); }).empty());
  const auto logits = [](const VectorXd& p, const VectorXd& q) {
    return message_of<argument_error>([&] { (void)kullback_leibler_from_logits(p, q); });
  };
  CHECK_THAT(logits(half, Vector3d::Zero()), Contains("error::kullback_leibler_from_logits: q has 3 rows, expected 2"));
  CHECK_THAT(logits(VectorXd(), VectorXd()), Contains("p is empty"));
  CHECK_THAT(logits(half, Vector2d(0.0, infinity)), Contains("q[1] is infinite"));
  CHECK_THAT(logits(Vector2d(std::nan(""), 0.0), half), Contains("p[0] is NaN"));
  CHECK_THAT(logits(Vector2d(-infinity, -infinity), half), Contains("p excludes every token"));
  CHECK_THAT(logits(half, Vector2d(0.0, -infinity)),
             Contains("q[1] is minus infinity where p is 0.5: the divergence is infinite"));
}
