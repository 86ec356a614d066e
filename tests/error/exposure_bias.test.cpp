// SPDX-License-Identifier: MIT
#include <libration/error/exposure_bias.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace error = libration::error;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using error::exposure_bias;
using libration::argument_error, libration::random_stream, libration::status;
using namespace libration_test;

namespace {

constexpr double teacher = 0.9;

// The autoregressions y' = c y + N(0, 1) from y = 0: KL(y) = (teacher - student)^2 y^2/2.
struct autoregression {
  double student;

  double scale() const { return (teacher - student) * (teacher - student) / 2.0; }

  // The expected divergence on contexts y_0 .. y_{l-1} of the process with coefficient c.
  VectorXd exact(double c, Index l) const {
    VectorXd D(l);
    double variance = 0.0;
    for (Index t = 0; t < l; ++t) {
      D[t] = scale() * variance;
      variance = c * c * variance + 1.0;
    }
    return D;
  }

  MatrixXd sampled(double c, Index l, Index runs, std::uint64_t seed) const {
    MatrixXd D(l, runs);
    for (Index j = 0; j < runs; ++j) {
      random_stream numbers(seed, static_cast<std::uint64_t>(j));
      double y = 0.0;
      for (Index t = 0; t < l; ++t) {
        D(t, j) = scale() * y * y;
        y = c * y + numbers.next_normal();
      }
    }
    return D;
  }

  // Sum over the first l contexts by the closed form of the geometric series.
  long double total(long double c, long double l) const {
    const long double k = (0.9L - student) * (0.9L - student) / 2.0L, q = c * c;
    if (c == 1.0L) return k * l * (l - 1.0L) / 2.0L;
    return k / (1.0L - q) * (l - (1.0L - std::pow(q, l)) / (1.0L - q));
  }
};

bool near(double x, double expected, double relative) { return std::abs(x - expected) <= relative * std::abs(expected); }

}  // namespace

TEST_CASE("error::exposure_bias: autoregressions in closed form", "[oracle]") {
  constexpr Index l = 50;
  for (const double student : {0.95, 1.0, 0.85, 1.05}) {
    const autoregression ar{student};
    const auto r = exposure_bias(ar.exact(teacher, l), ar.exact(student, l));
    CHECK(r.status == status::ok);
    CHECK(r.steps == l);
    CHECK(r.units == 1);
    for (const Index n : {2, 10, 50}) {
      const long double length = static_cast<long double>(n);
      const long double epsilon = ar.total(0.9L, length) / length, regret = ar.total(student, length);
      CHECK(near(r.mean_divergence.value[n - 1], static_cast<double>(epsilon), 1e-9));
      CHECK(near(r.regret.value[n - 1], static_cast<double>(regret), 1e-9));
      CHECK(near(r.accumulated_error.value[n - 1], static_cast<double>(regret / epsilon), 1e-9));
      // Two steps' contexts are of one law: an excess of 0.
      CHECK(std::abs(r.excess_percent.value[n - 1] -
                     static_cast<double>(100.0L * (regret - length * epsilon) / (length * epsilon))) < 1e-9);
    }
    // The first context is 0: nothing to compare.
    CHECK(r.mean_divergence.value[0] == 0.0);
    CHECK(std::isnan(r.accumulated_error.value[0]));
    CHECK(std::isnan(r.accumulated_error.lower[20]));
    CHECK(std::isnan(r.regret.standard_error[20]));
  }
  const autoregression ar{0.95};
  const auto r = exposure_bias(ar.exact(teacher, l), ar.exact(0.95, l));
  CHECK(std::abs(r.regret.value[49] - 0.51031171) < 5e-9);
  CHECK(std::abs(r.mean_divergence.value[49] - 0.005886445) < 5e-10);
  CHECK(std::abs(r.accumulated_error.value[49] - 86.692683) < 5e-7);
  CHECK(std::abs(r.excess_percent.value[49] - 73.385365) < 5e-7);
}

TEST_CASE("error::exposure_bias: of two models that are one there is none, and the result says so", "[edge]") {
  const auto same = exposure_bias(MatrixXd::Zero(5, 3), MatrixXd::Zero(5, 3));
  CHECK(same.status == status::ok);
  CHECK(same.identical_until(5));
  CHECK(std::isnan(same.accumulated_error.value[4]));
  // Not where they differ on the student's contexts alone, and only until they differ.
  MatrixXd late = MatrixXd::Zero(5, 3);
  late.row(3).setConstant(0.1);
  const auto parts = exposure_bias(MatrixXd::Zero(5, 3), late);
  CHECK(parts.identical_until(3));
  CHECK(!parts.identical_until(4));
}

TEST_CASE("error::exposure_bias: sampled autoregressions, with bands", "[oracle][stat][heavy]") {
  constexpr Index l = 50, runs = 400;
  for (const double student : {0.95, 1.0, 0.85, 1.05}) {
    const autoregression ar{student};
    const auto exact = exposure_bias(ar.exact(teacher, l), ar.exact(student, l));
    const auto r =
        exposure_bias(ar.sampled(teacher, l, runs, 1), ar.sampled(student, l, runs + 100, 2), {.bootstrap = {.resamples = 300}});
    CHECK(r.teacher_runs == runs);
    CHECK(r.student_runs == runs + 100);
    CHECK(r.units == runs);
    for (const auto curve : {&error::exposure_bias_result::mean_divergence, &error::exposure_bias_result::regret,
                             &error::exposure_bias_result::accumulated_error, &error::exposure_bias_result::excess_percent})
      for (const Index n : {5, 20, 50}) {
        const error::length_curve& c = r.*curve;
        INFO(student << " " << n << ": " << c.value[n - 1] << " +- " << c.standard_error[n - 1] << " "
                     << (exact.*curve).value[n - 1]);
        // 48 correlated comparisons: a false alarm in some 400 seeds.
        CHECK(std::abs(c.value[n - 1] - (exact.*curve).value[n - 1]) < 4.0 * c.standard_error[n - 1]);
        CHECK(c.lower[n - 1] < c.value[n - 1]);
        CHECK(c.upper[n - 1] > c.value[n - 1]);
      }
  }
}

TEST_CASE("error::exposure_bias: bands hold the truth", "[stat][heavy]") {
  constexpr Index l = 20, runs = 60;
  const autoregression ar{0.95};
  const auto exact = exposure_bias(ar.exact(teacher, l), ar.exact(0.95, l));
  int inside = 0;
  constexpr int trials = 150;
  for (std::uint64_t s = 0; s < trials; ++s) {
    const auto r = exposure_bias(ar.sampled(teacher, l, runs, 100 + s), ar.sampled(0.95, l, runs, 500 + s),
                                 {.bootstrap = {.resamples = 300, .seed = s}});
    const double truth = exact.accumulated_error.value[l - 1];
    inside += r.accumulated_error.lower[l - 1] <= truth && truth <= r.accumulated_error.upper[l - 1] ? 1 : 0;
  }
  INFO(inside << " of " << trials);
  // Nominally 95 %; with 60 runs a little less. Four standard errors below 93 %.
  CHECK(inside >= 126);
}

TEST_CASE("error::exposure_bias: no bias, pairs, seeds", "[law]") {
  const autoregression ar{0.95};
  const MatrixXd D = ar.sampled(teacher, 30, 20, 3).array() + 0.01;
  const auto r = exposure_bias(D, D, {.paired = true});
  for (Index n = 1; n <= 30; ++n) {
    CHECK(near(r.accumulated_error.value[n - 1], static_cast<double>(n), 1e-14));
    CHECK(std::abs(r.excess_percent.value[n - 1]) < 1e-11);
    // Drawn together the two are equal in every resample.
    CHECK(r.accumulated_error.standard_error[n - 1] < 1e-12 * static_cast<double>(n));
  }
  const auto apart = exposure_bias(D, D);
  CHECK(apart.accumulated_error.standard_error[29] > 0.1);
  CHECK(exposure_bias(D, D, {.bootstrap = {.threads = 3}}).regret.upper == apart.regret.upper);
  CHECK(exposure_bias(D, D, {.bootstrap = {.seed = 9}}).regret.upper != apart.regret.upper);
  // The excess is the same band in other units.
  CHECK(near(apart.excess_percent.upper[29], 100.0 * (apart.accumulated_error.upper[29] / 30.0 - 1.0), 1e-12));
}

TEST_CASE("error::exposure_bias: refusals", "[failure]") {
  const auto refusal = [](const MatrixXd& p, const MatrixXd& q, const error::exposure_bias_options& options = {}) {
    return message_of<argument_error>([&] { (void)exposure_bias(p, q, options); });
  };
  const MatrixXd D = MatrixXd::Ones(5, 3);
  CHECK_THAT(refusal(MatrixXd(0, 3), D), Contains("error::exposure_bias: teacher is empty"));
  CHECK_THAT(refusal(D, MatrixXd(5, 0)), Contains("student is empty"));
  CHECK_THAT(refusal(D, MatrixXd::Ones(4, 3)), Contains("student has 4 rows, expected 5 (the teacher's steps; columns are runs)"));
  CHECK_THAT(refusal(D, MatrixXd::Ones(5, 4), {.paired = true}),
             Contains("student has 4 columns, expected 3 (as teacher: .paired)"));
  MatrixXd bad = D;
  bad(2, 1) = std::numeric_limits<double>::infinity();
  CHECK_THAT(refusal(D, bad), Contains("student is not finite at step 3 of run 1"));
  CHECK_THAT(refusal(D, D, {.bootstrap = {.resamples = 0}}), Contains(".resamples is 0"));
}
