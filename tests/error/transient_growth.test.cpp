// SPDX-License-Identifier: MIT
#include <libration/error/transient_growth.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/tanh_network.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace error = libration::error;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using error::transient_growth;
using libration::argument_error, libration::state, libration::status;
using namespace libration_test;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

MatrixXd normals(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd A(rows, columns);
  libration::random_stream(12, stream).fill_normal(A);
  return A;
}
MatrixXd jordan(double a, double b) { return (MatrixXd(2, 2) << a, b, 0.0, a).finished(); }
double norm_of(const MatrixXd& A) { return singular_values(A)[0]; }

// ‖[[a, 1],[0, a]]^k‖₂: the larger root of σ² - b σ - a^2k, b = k a^(k-1).
double jordan_norm(double a, int k) {
  const double b = k * std::pow(a, k - 1), c = std::pow(a, k);
  return 0.5 * (b + std::sqrt(b * b + 4 * c * c));
}

struct driven_henon {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>& x) const {
    return {1.0 - 1.4 * h[0] * h[0] + h[1] + 0.1 * x[0], 0.3 * h[0]};
  }
};

}  // namespace

TEST_CASE("error::transient_growth: a Jordan block of 0.9 grows to 3.912567 at k = 9 before it fades", "[oracle]") {
  const auto r = transient_growth(jordan(0.9, 1.0));
  CHECK(r.status == status::ok);
  CHECK(r.step == 9);
  CHECK(std::abs(r.largest - 3.912567) < 5e-7);
  CHECK(std::abs(r.largest - jordan_norm(0.9, 9)) <= r.upper - r.largest);
  CHECK(r.upper - r.largest < 1e-12);
  CHECK(r.complete);
  REQUIRE(r.growth.size() == r.steps + 1);
  for (int k = 0; k <= r.steps; ++k) CHECK(std::abs(r.growth[k] - jordan_norm(0.9, k)) < 1e-12);
  CHECK(r.growth[r.steps] <= 1.0);
  CHECK(r.growth[r.steps - 1] > 1.0);
  MatrixXd power = MatrixXd::Identity(2, 2);
  for (int k = 0; k < 9; ++k) power = jordan(0.9, 1.0) * power;
  CHECK(std::abs(r.initial.norm() - 1.0) < 4 * eps);
  CHECK((power * r.initial - r.largest * r.response).norm() < 1e-13);
}

TEST_CASE("error::transient_growth: matrices whose squares leave the range", "[law][edge]") {
  MatrixXd A(2, 2);
  A << 0.5, 2.0, -0.25, 1.5;
  const auto once = error::transient_growth(A, error::power_growth_options{1});
  for (const int e : {-1000, -540, 520, 1000}) {
    const auto r = error::transient_growth(MatrixXd(std::ldexp(1.0, e) * A), error::power_growth_options{1});
    CHECK(std::abs(std::ldexp(r.growth[1], -e) / once.growth[1] - 1.0) < 1e-14);
    CHECK(std::abs(r.response.norm() - 1.0) < 1e-14);
    CHECK(std::isfinite(r.upper));
  }
  const auto along = error::transient_growth(maps::linear<>(MatrixXd(1e100 * A)), VectorXd::Zero(2).eval(), {.steps = 3});
  CHECK(along.status == status::ok);
  CHECK(std::abs(along.response.norm() - 1.0) < 1e-14);
}

TEST_CASE("error::transient_growth: powers of a random matrix have the norms that their decomposition gives", "[differential]") {
  const MatrixXd A = 0.4 * normals(6, 6, 1);
  const auto r = transient_growth(A, {.steps = 12});
  CHECK(r.steps == 12);
  MatrixXd power = MatrixXd::Identity(6, 6);
  for (int k = 0; k <= 12; ++k) {
    CHECK(std::abs(r.growth[k] - norm_of(power)) < 1000 * eps * std::pow(A.norm(), k));
    power = A * power;
  }
  CHECK(r.largest == r.growth.maxCoeff());
}

TEST_CASE("error::transient_growth: what never grows, what grows for ever, and a given number of steps", "[edge]") {
  const auto contracting = transient_growth(MatrixXd(0.5 * MatrixXd::Identity(3, 3)));
  CHECK((contracting.largest == 1.0 && contracting.step == 0 && contracting.steps == 1 && contracting.complete));
  CHECK(std::abs(contracting.initial.norm() - 1.0) < 4 * eps);
  const auto nothing = transient_growth(MatrixXd(MatrixXd::Zero(2, 2)));
  CHECK((nothing.largest == 1.0 && nothing.complete && nothing.status == status::ok));
  const auto few = transient_growth(jordan(0.9, 1.0), {.steps = 3});
  CHECK((few.step == 3 && !few.complete && few.status == status::ok));
  CHECK(std::abs(few.largest - jordan_norm(0.9, 3)) < 1e-14);
  const auto slow = transient_growth(MatrixXd(MatrixXd::Constant(1, 1, 1.001)));
  CHECK((slow.status == status::not_converged && slow.step == 10'000 && !slow.complete));
  CHECK(std::abs(slow.largest / std::pow(1.001, 10'000) - 1.0) < 1e4 * eps);
  const auto fast = transient_growth(MatrixXd(MatrixXd::Constant(1, 1, 1e200)));
  CHECK((fast.status == status::diverged && fast.steps == 1 && fast.failed_at == 2 && fast.largest == 1e200));
  CHECK(error::transient_growth_result{}.status == status::not_run);
}

TEST_CASE("error::transient_growth: along an orbit, a linear map is the powers of its matrix", "[differential]") {
  const maps::basic_linear<2> map{{{0.9, 1.0}, {0.0, 0.9}}};
  const auto r = transient_growth(map, {0.0, 0.0}, {.steps = 40});
  const auto powers = transient_growth(jordan(0.9, 1.0), {.steps = 40});
  CHECK(r.status == status::ok);
  CHECK((r.step == 9 && r.steps == 40 && r.directions == 2));
  CHECK((r.growth - powers.growth).cwiseAbs().maxCoeff() < 1e-13);
  CHECK(r.upper == r.largest);
  CHECK(std::abs(std::abs(r.initial.dot(powers.initial)) - 1.0) < 1e-13);
  CHECK(std::abs(std::abs(r.response.dot(powers.response)) - 1.0) < 1e-13);
}

TEST_CASE("error::transient_growth: along orbits of formulas and networks, driven or not, the product of the Jacobians",
          "[differential]") {
  MatrixXd J(2, 2), product = MatrixXd::Identity(2, 2);
  state<double, 2> h{0.1, 0.1};
  MatrixXd inputs = normals(1, 12, 2);
  const auto r = transient_growth(driven_henon{}, {0.1, 0.1}, inputs);
  REQUIRE(r.steps == 12);
  double largest = 1.0;
  for (Index t = 0; t < 12; ++t) {
    J << -2.8 * h[0], 1.0, 0.3, 0.0;
    product = J * product;
    h = driven_henon{}(h, state<double, 1>{inputs(0, t)});
    largest = std::max(largest, norm_of(product));
    CHECK(std::abs(r.growth[t + 1] - norm_of(product)) < 1e-12 * std::max(1.0, norm_of(product)));
    if (t + 1 == r.step) CHECK((product * r.initial - r.largest * r.response).norm() < 1e-12 * r.largest);
  }
  CHECK(std::abs(r.largest - largest) < 1e-12 * largest);

  // h' = J tanh(h) with a spectral radius below 1 and entries above the diagonal that make it far from normal.
  MatrixXd W = 0.5 * MatrixXd(normals(20, 20, 3).triangularView<Eigen::StrictlyUpper>());
  W.diagonal().setConstant(0.6);
  const maps::linear<float> network(W.cast<float>().eval());
  const auto in_float = transient_growth(network, Eigen::VectorXf(Eigen::VectorXf::Zero(20)), {.steps = 30});
  const auto exact = transient_growth(MatrixXd(W.cast<float>().cast<double>()), {.steps = 30});
  CHECK(in_float.largest > 10.0);
  CHECK(in_float.step == exact.step);
  // 20 products a row and step: n eps a step, of single precision.
  CHECK(std::abs(in_float.largest / exact.largest - 1.0) <
        20.0 * static_cast<double>(exact.step) * static_cast<double>(std::numeric_limits<float>::epsilon()));
}

TEST_CASE("error::transient_growth: few directions hold the truth between their bounds", "[stat]") {
  const maps::tanh_network<> net(60, 1.2, 3);
  const VectorXd h = net.start();
  const auto exact = transient_growth(net, h, {.steps = 25});
  CHECK(exact.largest > 2.0);
  double nearest = std::numeric_limits<double>::infinity();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto r = transient_growth(net, h, {.directions = 12, .steps = 25, .seed = seed});
    CHECK(r.largest <= exact.largest * (1 + 1e-12));
    CHECK(r.upper >= exact.largest);  // fails by chance once in 1,000
    CHECK(r.upper < 10.0 * exact.largest);
    nearest = std::min(nearest, r.upper / exact.largest);
    CHECK((r.directions == 12 && r.failure_probability == 1e-3 && r.seed == seed));
    CHECK(r.growth.size() == 26);
    // The direction that it gives does grow so.
    CHECK(std::abs(r.initial.norm() - 1.0) < 1e-13);
    CHECK(r.largest > 0.2 * exact.largest);  // √(12/60) of one direction that stands out, and the rest grows too
  }
  INFO("smallest upper bound relative to the truth: " << nearest);
  CHECK(nearest < 5.0);
  const auto all = transient_growth(net, h, {.directions = 60, .steps = 25});
  CHECK(all.largest == exact.largest);
  CHECK(all.failure_probability == 0.0);
}

TEST_CASE("error::transient_growth: the chi-squared quantile is below the true one", "[oracle]") {
  // Two degrees of freedom: P(χ² < q) = 1 - e^(-q/2). Four: 1 - e^(-q/2)(1 + q/2).
  for (const double p : {0.1, 1e-3, 1e-6}) {
    const double two = error::detail::small_chi_squared(2.0, p), four = error::detail::small_chi_squared(4.0, p);
    CHECK((two > 0.0 && -std::expm1(-0.5 * two) <= p));
    CHECK((four > two && 1.0 - std::exp(-0.5 * four) * (1.0 + 0.5 * four) <= p));
  }
}

TEST_CASE("error::transient_growth: an estimator in one pass is the call by itself", "[differential]") {
  const auto [first, second] =
      libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 10, .transient = 5}, error::transient_growth_estimator{},
                         error::transient_growth_estimator{{.directions = 1, .seed = 4}});
  const auto alone = transient_growth(maps::henon{}, {0.1, 0.1}, {.steps = 10, .transient = 5});
  CHECK(first.growth == alone.growth);
  CHECK(first.initial == alone.initial);
  CHECK((second.directions == 1 && second.largest <= first.largest && second.upper >= first.largest));
}

TEST_CASE("error::transient_growth: statuses and refusals", "[failure]") {
  const auto far = transient_growth(maps::basic_linear<1>{{{1e200}}}, {0.0}, {.steps = 5});
  CHECK((far.status == status::diverged && far.steps == 1 && far.failed_at == 1 && far.largest == 1e200));
  CHECK(transient_growth(maps::henon{}, {10.0, 10.0}).status == status::diverged);
  std::stop_source source;
  source.request_stop();
  CHECK(transient_growth(maps::henon{}, {0.1, 0.1}, {.stop = source.get_token()}).status == status::cancelled);

  const auto of_matrix = [](const MatrixXd& A, const error::power_growth_options& options) {
    return message_of<argument_error>([&] { (void)transient_growth(A, options); });
  };
  CHECK_THAT(of_matrix(MatrixXd::Ones(2, 3), {}), Contains("error::transient_growth: A is 2 x 3, expected a square matrix"));
  CHECK_THAT(of_matrix(MatrixXd::Constant(2, 2, NAN), {}), Contains("of finite numbers"));
  CHECK_THAT(of_matrix(MatrixXd::Ones(2, 2), {.steps = -1}), Contains(".steps is -1, expected >= 0"));
  const auto refusal = [](const error::transient_growth_options& options) {
    return message_of<argument_error>([&] { (void)transient_growth(maps::henon{}, {0.1, 0.1}, options); });
  };
  CHECK_THAT(refusal({.directions = 3}), Contains("error::transient_growth: .directions is 3, expected 0 to 2"));
  CHECK_THAT(refusal({.steps = -1}), Contains(".steps is -1"));
  CHECK_THAT(refusal({.transient = -1}), Contains(".transient is -1"));
  CHECK_THAT(refusal({.failure_probability = 1.0}), Contains(".failure_probability is 1"));
}
