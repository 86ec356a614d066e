// SPDX-License-Identifier: MIT
#include <libration/report/format_error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace error = libration::error;
namespace report = libration::report;
namespace stats = libration::stats;
using libration::status;
using namespace libration_test;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

using integers = Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1>;

// Three pairs over `points` steps, whose errors are 1, 2 and 3 times 2^t/1000.
error::growth_curve curve(Eigen::Index points) {
  error::growth_curve c;
  c.time = Eigen::VectorXd::LinSpaced(points, 0.0, static_cast<double>(points - 1));
  c.error.resize(3, points);
  for (Eigen::Index t = 0; t < points; ++t) c.error.col(t) = std::ldexp(1e-3, static_cast<int>(t)) * Eigen::Vector3d(1.0, 2.0, 3.0);
  c.normaliser = 12.345;
  c.normalised_by_spread = true;
  c.size = 1e-8;
  c.status = status::ok;
  return c;
}

error::law_fit exponential() {
  error::law_fit f;
  f.law = error::growth_law::exponential;
  f.name = "exponential";
  f.parameters = 2;
  f.converged = true;
  f.initial = {1e-8, 1e-10, 9.8e-9, 1.02e-8};
  f.rate = {0.41922, 0.00018, 0.41887, 0.41957};
  f.source = {0.0, 0.0, 0.0, 0.0};                    // held by the law
  f.limit = {infinity, unknown, infinity, infinity};  // likewise
  f.r_squared = 0.99876;
  f.largest_residual = 0.021;
  f.weight = 0.987;
  return f;
}

// Pairs with these first divergences, all watched for 100 tokens; -1: none.
error::token_divergence_result divergence(const std::vector<std::int64_t>& first) {
  error::token_divergence_result r;
  r.steps = 100;
  r.merge_length = 16;
  r.status = status::ok;
  for (const std::int64_t t : first) {
    error::token_pair pair;
    pair.first_divergence = t;
    pair.steps = 100;
    pair.status = status::ok;
    r.pairs.push_back(pair);
  }
  r.survival.observations = static_cast<std::int64_t>(first.size());
  r.horizon_99 = {0.99, 3.0, 1.0, 5.0};
  r.horizon_80 = {0.8, 20.0, 12.0, infinity};
  r.horizon_50 = {0.5, infinity, infinity, infinity};
  return r;
}

error::exposure_bias_result exposure(Eigen::Index steps) {
  error::exposure_bias_result r;
  r.steps = steps;
  r.teacher_runs = 40;
  r.student_runs = r.units = 30;
  r.status = status::ok;
  const auto around = [](const Eigen::VectorXd& value) -> error::length_curve {
    return {value, 0.5 * value, 2.0 * value, 0.25 * value};
  };
  r.mean_divergence = around(Eigen::VectorXd::Constant(steps, 0.25));
  const Eigen::VectorXd length = Eigen::VectorXd::LinSpaced(steps, 1.0, static_cast<double>(steps));
  r.regret = around(0.25 * length.cwiseAbs2());
  r.accumulated_error = around(length.cwiseAbs2());  // twice as much at twice the length, over length
  r.excess_percent = around(100.0 * length);
  return r;
}

}  // namespace

TEST_CASE("report::with_interval: as many digits as tell the ends apart", "[oracle][edge]") {
  using report::with_interval;
  CHECK(with_interval(23.1, 22.8, 23.5) == "23.1 (22.8 to 23.5)");
  CHECK(with_interval(0.4192154, 0.4188654, 0.4195654) == "0.41922 (0.41887 to 0.41957)");
  CHECK(with_interval(-0.5, -0.6, -0.4) == "-0.5 (-0.6 to -0.4)");
  CHECK(with_interval(1.000000012345, 1.000000012, 1.0000000127) == "1.00000001234 (1.000000012 to 1.0000000127)");
  CHECK(with_interval(12345.0, 12000.4, 14000.0) == "12345 (12000 to 14000)");  // no 1.234e+04
  CHECK(with_interval(1e-8, 9.8e-9, 1.02e-8) == "1e-08 (9.8e-09 to 1.02e-08)");
  CHECK(with_interval(0.0, 0.0, 1.8e-4) == "0 (0 to 0.00018)");
  CHECK(with_interval(0.0, 0.0, 0.0) == "0 (0 to 0)");
  CHECK(with_interval(1.0, 1.0, 1.0) == "1 (1 to 1)");
}

TEST_CASE("report::with_interval: ends that are infinite or not known", "[edge]") {
  using report::with_interval;
  CHECK(with_interval(5.0, unknown, unknown) == "5");
  CHECK(with_interval(unknown, 1.0, 2.0) == "unknown");
  CHECK(with_interval(5.0, 3.0, infinity) == "5 (3 to inf)");
  CHECK(with_interval(infinity, 3.0, infinity) == "inf (3 to inf)");
  CHECK(with_interval(infinity, infinity, infinity) == "inf");
  CHECK(with_interval(-infinity, unknown, unknown) == "-inf");
}

TEST_CASE("report::text: two models that do not differ have no exposure bias, and no NaN", "[edge]") {
  auto same = exposure(4);
  for (auto* c : {&same.mean_divergence, &same.regret}) c->value.setZero();
  for (auto* c : {&same.accumulated_error, &same.excess_percent})
    c->value = c->lower = c->upper = Eigen::VectorXd::Constant(4, unknown);
  CHECK_THAT(report::text(same), Contains("none: the two do not differ") && !Contains("nan") && !Contains("unknown"));
}

TEST_CASE("report::text: coordinates that wrap undeclared are named, and no horizon is printed", "[failure]") {
  auto c = curve(5);
  c.jumps = 7;
  c.undeclared = {{2, 6.283187, 7}};
  c.status = status::undeclared_period;
  CHECK_THAT(report::text(c), Contains("status undeclared_period: a coordinate wraps") &&
                                  Contains("; coordinate 2 wraps with period 6.28319 (seen in 7 jumps of a pair)"));
  CHECK_THAT(report::text(error::horizon(c)), Contains("reaches 0.4: unknown\n  status undeclared_period") &&
                                                  Contains("coordinate 2 wraps") && !Contains("never"));
  CHECK_THAT(report::text(error::finite_size_exponent(c)), Contains("status undeclared_period") && Contains("coordinate 2 wraps"));
}

TEST_CASE("report::text: a time that is not reached is never", "[oracle][edge]") {
  CHECK(fmt::format("{}", stats::time_quantile{0.5, 23.0, 20.0, 31.0}) == "23 (20 to 31)");
  CHECK(fmt::format("{}", stats::time_quantile{0.5, 12345.0, 12000.0, infinity}) == "12345 (12000 to never)");
  CHECK(fmt::format("{}", stats::time_quantile{0.5, infinity, 20.0, infinity}) == "at least 20");
  CHECK(fmt::format("{}", stats::time_quantile{0.5, infinity, infinity, infinity}) == "never");
  CHECK(fmt::format("{}", stats::time_quantile{0.5, infinity, unknown, unknown}) == "never");
  CHECK(fmt::format("{}", stats::time_quantile{}) == "unknown");
  CHECK(fmt::format("{:>8}|", stats::time_quantile{0.5, infinity, infinity, infinity}) == "   never|");
}

TEST_CASE("report::text: a growth curve names its unit and gives quantiles at a few times", "[oracle]") {
  auto c = curve(5);
  CHECK(fmt::format("{}", c) ==
        "growth of an error of size 1e-08: 3 pairs, Euclidean norm in units of the attractor's size, 12.35\n"
        "       step       5 %    median      95 %\n"
        "          0  1.10e-03  2.00e-03  2.90e-03\n"
        "          1  2.20e-03  4.00e-03  5.80e-03\n"
        "          2  4.40e-03  8.00e-03  1.16e-02\n"
        "          3  8.80e-03  1.60e-02  2.32e-02\n"
        "          4  1.76e-02  3.20e-02  4.64e-02\n"
        "  status ok: ran to its end");

  c.size = 0.0;
  c.norm = error::norm::root_mean_square;
  c.normalised_by_spread = false;
  c.per_unit_of_time = true;
  c.error(2, 4) = infinity;
  c.diverged_pairs = 1;
  c.status = status::diverged;
  c.failed_at = 77;
  const std::string text = fmt::format("{}", c);
  CHECK_THAT(text, Contains("growth of an error from 0, between two maps: 3 pairs, root mean square norm in units of 12.35\n"));
  CHECK_THAT(text, Contains("       time       5 %"));
  CHECK_THAT(text, Contains("inf\n  status diverged") && Contains("(step 77); 1 perturbed runs diverged"));
  CHECK_THAT(text, !Contains("attractor"));

  c.norm = error::norm::maximum;
  c.error.setConstant(1.5);
  c.normalised_by_spread = true;
  CHECK_THAT(fmt::format("{}", c), Contains("maximum norm") && Contains("there is no growth to be seen"));
}

TEST_CASE("report::text: of a long curve some points, the first and the last among them", "[edge]") {
  for (const Eigen::Index points : {1, 2, 7, 8, 9, 1000, 20'001}) {
    const auto chosen = report::samples(points);
    CAPTURE(points);
    REQUIRE(!chosen.empty());
    CHECK(chosen.front() == 0);
    CHECK(chosen.back() == points - 1);
    CHECK(chosen.size() <= 8);
    CHECK(std::is_sorted(chosen.begin(), chosen.end()));
    CHECK(std::adjacent_find(chosen.begin(), chosen.end()) == chosen.end());
  }
  CHECK(report::samples(0).empty());
  for (const Eigen::Index few : {0, 1, 2}) CHECK(report::samples(5, few) == std::vector<Eigen::Index>{0, 4});  // 1 was 0/0
  auto c = curve(2);
  c.time = Eigen::Vector2d(0.0, 12'345.0);  // every digit of a step
  CHECK_THAT(fmt::format("{}", c), Contains("\n      12345  2.20e-03"));
}

TEST_CASE("report::text: finite-size exponents, size by size", "[oracle]") {
  error::finite_size_result r;
  r.status = status::ok;
  r.ratio = 2.0;
  r.floor = 2.2e-14;
  r.size = Eigen::Vector4d(1e-8, 3.16e-3, 0.5, unknown);
  r.exponent = Eigen::Vector4d(0.41922, 0.4, 0.123456, unknown);
  r.standard_error = Eigen::Vector4d(0.00035, 0.012, unknown, unknown);
  r.count = (integers(4) << 64, 60, 2, 0).finished();
  r.censored = (integers(4) << 0, 4, 10, 64).finished();
  CHECK(fmt::format("{}", r) ==
        "finite-size exponents, growth by a factor of 2:\n"
        "        size  exponent                  errors\n"
        "   1.000e-08  0.41922 ± 0.00035             64\n"
        "   3.160e-03  0.400 ± 0.012                 60 (4 did not get there)\n"
        "   5.000e-01  0.123456 (error unknown)       2 (10 did not get there)\n"
        "  rounding shows below 2.2e-14");
  r.count.setZero();
  CHECK_THAT(fmt::format("{}", r), Contains("no error was seen to grow so far (78 did not get there)") && !Contains("exponent  "));
}

TEST_CASE("report::text: a horizon with what was predicted", "[oracle]") {
  error::horizon_result r;
  r.status = status::ok;
  r.threshold = 0.4;
  r.crossing = Eigen::Vector4d(20.0, 23.0, 31.0, infinity);
  r.censored = 1;
  r.median = {0.5, 23.1, 22.8, 23.5};
  const std::string measured = "median time until the error reaches 0.4: 23.1 (22.8 to 23.5); 1 of 4 pairs never do";
  CHECK(fmt::format("{}", r) == measured);
  r.exponent = 0.5;
  r.predicted = 24.25;
  CHECK(fmt::format("{}", r) == measured + "; that is 11.6 Lyapunov times; predicted from the exponent: 24.25");
  r.exponent = -0.5;  // no Lyapunov time
  r.predicted = infinity;
  CHECK(fmt::format("{}", r) == measured + "; predicted from the exponent: never");

  r.crossing.setConstant(infinity);
  r.censored = 4;
  r.median = {0.5, infinity, infinity, infinity};
  r.exponent = 0.5;
  r.predicted = 24.25;
  CHECK(fmt::format("{}", r) ==
        "median time until the error reaches 0.4: never; 4 of 4 pairs never do; predicted from the exponent: 24.25");
  r.status = status::cancelled;
  CHECK_THAT(fmt::format("{}", r), EndsWith("24.25\n  status cancelled: stopped by the caller: what is here was done before"));
}

TEST_CASE("report::text: a law with the parameters that were fitted, not those it holds", "[oracle]") {
  auto f = exponential();
  CHECK(fmt::format("{}", f) == "exponential: initial 1e-08 (9.8e-09 to 1.02e-08), rate 0.41922 (0.41887 to 0.41957)");
  f.converged = false;
  CHECK_THAT(fmt::format("{}", f), EndsWith("to 0.41957) (the fit did not converge)"));

  error::law_fit power;
  power.name = "power";
  power.converged = true;
  power.coefficient.value = 2.0;  // intervals are not known
  power.exponent.value = 0.5;
  CHECK(fmt::format("{}", power) == "power: coefficient 2, exponent 0.5");

  error::law_fit limited;
  limited.name = "Dalcher-Kalnay";
  limited.converged = true;
  limited.source = {0.25, 0.125, 0.0, 0.5};
  limited.limit = {1.5, 0.5, 1.0, infinity};
  CHECK(fmt::format("{}", limited) == "Dalcher-Kalnay: source 0.25 (0 to 0.5), limit 1.5 (1 to inf)");
}

TEST_CASE("report::text: a growth law that is decided on, and one that is not", "[oracle]") {
  error::growth_law_result r;
  r.status = status::ok;
  r.law = error::growth_law::exponential;
  r.name = "exponential";
  r.fits = {exponential()};
  r.points = 41;
  r.first_time = 0.0;
  r.last_time = 12.5;
  CHECK(fmt::format("{}", r) ==
        "growth law: exponential: initial 1e-08 (9.8e-09 to 1.02e-08), rate 0.41922 (0.41887 to 0.41957)\n"
        "  over 41 points from 0 to 12.5; it has R² 0.9988, largest residual 0.021, weight 0.99");
  r.law = error::growth_law::undecided;
  r.name = "undecided";
  r.reason = "several laws do as well: exponential (weight 0.6) power (weight 0.4)";
  CHECK(fmt::format("{}", r) ==
        "growth law undecided: several laws do as well: exponential (weight 0.6) power (weight 0.4)\n"
        "  over 41 points from 0 to 12.5; the best, exponential, has R² 0.9988, largest residual 0.021, weight 0.99");
  r.fits.clear();
  r.points = 0;
  r.first_time = r.last_time = unknown;
  r.reason = "0 points, fewer than 8";
  r.status = status::diverged;
  CHECK_THAT(fmt::format("{}", r), StartsWith("growth law undecided: 0 points, fewer than 8\n  over 0 points\n  status diverged"));
}

TEST_CASE("report::text: token divergence", "[oracle]") {
  auto r = divergence({-1, 3, 20, -1});
  r.survival.event_count = 2;
  r.hazard.constant = {0.012, 0.01, 0.0155, -1.0, 2, 225, 0.95};
  CHECK(fmt::format("{}", r) ==
        "coupled runs of two models: 4 pairs of 100 tokens, 2 of them have parted\n"
        "  tokens after which fewer than 99 %, 80 %, 50 % still agree: 3 (1 to 5); 20 (12 to never); never\n"
        "  chance of parting per token: 0.012 (0.01 to 0.0155)\n"
        "  status ok: ran to its end");

  r.hazard.weibull.status = status::ok;
  r.hazard.weibull.shape = 1.25;
  r.hazard.weibull.shape_lower = 1.05;
  r.hazard.weibull.shape_upper = 1.5;
  r.hazard.p_value = 0.0123;
  r.mergings = 3;
  r.diverged_pairs = 1;
  r.status = status::diverged;
  const std::string text = fmt::format("{}", r);
  CHECK_THAT(text, Contains("; Weibull shape 1.25 (1.05 to 1.5) (1: the same all along; p 0.012)\n"));
  CHECK_THAT(text, Contains("  mergings, at least 16 equal tokens after a difference: 3\n"));
  CHECK_THAT(text, Contains("status diverged") && Contains("; 1 pairs ended at a logit that was not finite"));

  // No pair parted: the chance of it still has an upper bound.
  auto same = divergence({-1, -1});
  same.hazard.constant = {0.0, 0.0, 0.0188, -1.0, 0, 200, 0.95};
  CHECK_THAT(fmt::format("{}", same), Contains("chance of parting per token: 0 (0 to 0.0188)\n") && !Contains("Weibull"));
}

TEST_CASE("report::text: exposure bias at a few lengths", "[oracle][edge]") {
  auto r = exposure(3);
  const std::string text =
      "exposure bias over 40 runs of the teacher and 30 of the student:\n"
      "  length  mean divergence, nats         accumulated error over length (1: no bias)\n"
      "       1  0.25 (0.125 to 0.5)           1 (0.5 to 2)\n"
      "       2  0.25 (0.125 to 0.5)           2 (1 to 4)\n"
      "       3  0.25 (0.125 to 0.5)           3 (1.5 to 6)\n"
      "  status ok: ran to its end";
  CHECK(fmt::format("{}", r) == text);

  error::model_exposure_result models;
  models.bias = r;
  CHECK(fmt::format("{}", models) == text);
  models.failed_runs = 2;
  CHECK(fmt::format("{}", models) == text + "; 2 pairs of runs left out");

  // One run: no bands. Equal models: the accumulated error is 0/0.
  r.mean_divergence.value.setZero();
  r.accumulated_error.value.setConstant(unknown);
  for (auto* c : {&r.mean_divergence, &r.accumulated_error}) c->lower = c->upper = Eigen::VectorXd::Constant(3, unknown);
  CHECK_THAT(fmt::format("{}", r), Contains("\n       3  0                             unknown\n"));
  const std::string longer = fmt::format("{}", exposure(1000));
  CHECK_THAT(longer, Contains("\n    1000  ") && Contains("1000 (500 to 2000)\n"));
  CHECK(std::count(longer.begin(), longer.end(), '\n') == 10);
}

TEST_CASE("report::text: a covariance, whole, bounded and sampled", "[oracle]") {
  error::covariance_result r;
  r.status = status::ok;
  r.steps = 2;
  r.total = Eigen::Vector3d(0.0, 1.0, 2.5);
  r.variances = Eigen::Vector3d(2.25, 0.25, -1e-20);  // rounding below zero
  CHECK(fmt::format("{}", r) ==
        "covariance of small errors after 2 steps, the whole matrix:\n"
        "  total variance 2.5\n"
        "  leading standard deviations 1.5, 0.5, 0\n"
        "  status ok: ran to its end");
  r.rank = 2;
  r.largest_discarded = 0.034;
  CHECK_THAT(fmt::format("{}", r),
             Contains("a factor of rank 2:\n") &&
                 Contains("total variance 2.5 (a lower bound: up to 3.4 % of it was left out in one step)\n"));
  r.largest_discarded = 0.0;
  r.total *= 1e-16;
  r.total_standard_error = Eigen::Vector3d(0.0, 1e-17, 3.21e-17);  // small numbers, no rounding
  CHECK_THAT(fmt::format("{}", r), Contains("  total variance 2.5e-16 ± 3.2e-17, from samples\n"));
  r.variances = Eigen::VectorXd::Constant(20, 4.0);
  CHECK_THAT(fmt::format("{}", r), Contains("deviations 2, 2, 2, 2, 2, 2, 2, 2\n"));
  r.status = status::diverged;
  r.failed_at = 3;
  CHECK_THAT(fmt::format("{}", r), EndsWith("(step 3)"));
}

TEST_CASE("report::text: transient growth, Kreiss constant and numerical radius", "[oracle]") {
  error::transient_growth_result growth;
  growth.status = status::ok;
  growth.largest = 12.3456789;
  growth.upper = 12.5;
  growth.step = 7;
  growth.steps = 40;
  growth.growth = Eigen::Vector3d(1.0, 12.3456789, 0.875);
  CHECK(fmt::format("{}", growth) ==
        "largest growth of a small error: a factor of 12.3457 (at most 12.5), after 7 of 40 steps; 0.875 at the end\n"
        "  status ok: ran to its end");
  growth.complete = true;
  growth.failure_probability = 1e-6;
  CHECK_THAT(fmt::format("{}", growth),
             Contains("(at most 12.5, but for a chance of 1e-06)") && Contains("0.875 at the end; none is larger later\n"));

  error::kreiss_result kreiss;
  kreiss.status = status::ok;
  kreiss.lower = 2.5;
  kreiss.upper = 2.5025;
  kreiss.spectral_radius = 0.9;
  CHECK(fmt::format("{}", kreiss) == "Kreiss constant between 2.5 and 2.5025, spectral radius 0.9\n  status ok: ran to its end");
  kreiss.upper = infinity;
  kreiss.status = status::not_converged;
  CHECK_THAT(fmt::format("{}", kreiss), StartsWith("Kreiss constant at least 2.5, ") && Contains("status not_converged"));
  kreiss.lower = infinity;
  kreiss.spectral_radius = 1.5;
  CHECK_THAT(fmt::format("{}", kreiss), StartsWith("Kreiss constant infinite, spectral radius 1.5\n"));

  error::numerical_radius_result radius;
  radius.status = status::ok;
  radius.lower = 1.25;
  radius.upper = 1.25125;
  CHECK(fmt::format("{}", radius) == "numerical radius between 1.25 and 1.25125\n  status ok: ran to its end");
}

TEST_CASE("report::text: a result of error/ that holds nothing says so", "[edge]") {
  const auto says_so = [](const std::string& text) {
    CHECK_THAT(text, EndsWith("nothing was computed"));
    CHECK_THAT(text, !Contains("nan"));
  };
  says_so(fmt::format("{}", error::growth_curve{}));
  says_so(fmt::format("{}", error::finite_size_result{}));
  says_so(fmt::format("{}", error::horizon_result{}));
  says_so(fmt::format("{}", error::law_fit{}));
  says_so(fmt::format("{}", error::growth_law_result{}));
  says_so(fmt::format("{}", error::token_divergence_result{}));
  says_so(fmt::format("{}", error::exposure_bias_result{}));
  says_so(fmt::format("{}", error::model_exposure_result{}));
  says_so(fmt::format("{}", error::covariance_result{}));
  says_so(fmt::format("{}", error::transient_growth_result{}));
  says_so(fmt::format("{}", error::kreiss_result{}));
  says_so(fmt::format("{}", error::numerical_radius_result{}));

  // Stopped before the first pair or the first step.
  error::growth_curve none;
  none.error.resize(0, 5);
  none.size = 1e-8;
  none.status = status::cancelled;
  CHECK(fmt::format("{}", none) ==
        "growth of an error of size 1e-08: 0 pairs\n  status cancelled: stopped by the caller: what is here was done before");
  none.error.resize(3, 0);
  CHECK_THAT(fmt::format("{}", none), StartsWith("growth of an error of size 1e-08: 3 pairs\n  status cancelled"));
  // All runs failed: a length, and no curves.
  error::exposure_bias_result failed;
  failed.steps = 10;
  failed.status = status::diverged;
  CHECK_THAT(fmt::format("{}", failed), Contains("of the student:\n  status diverged"));
}
