// SPDX-License-Identifier: MIT
#include <libration/error/covariance.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <stop_token>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/add_noise.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/tanh_network.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace error = libration::error;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using error::covariance, error::covariance_result, error::noise_covariance;
using libration::argument_error, libration::state, libration::status;
using namespace libration_test;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
const maps::basic_linear<3> contracting{{{0.7, 0.5, 0.0}, {-0.2, 0.6, 0.3}, {0.0, 0.1, -0.8}}};

MatrixXd matrix_of(const maps::basic_linear<3>& map) {
  MatrixXd A(3, 3);
  for (int i = 0; i < 3; ++i)
    for (int j = 0; j < 3; ++j) A(i, j) = map.matrix[i][j];
  return A;
}

MatrixXd normals(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd A(rows, columns);
  libration::random_stream(11, stream).fill_normal(A);
  return A;
}

// The solution of P = A P Aᵀ + Q, by vec(P) = (I - A ⊗ A)^-1 vec(Q).
MatrixXd lyapunov_solution(const MatrixXd& A, const MatrixXd& Q) {
  const Index n = A.rows();
  MatrixXd K = MatrixXd::Identity(n * n, n * n);
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) K.block(i * n, j * n, n, n) -= A(i, j) * A;
  const VectorXd p = libration_test::solve(K, Eigen::Map<const VectorXd>(Q.data(), n * n));
  return Eigen::Map<const MatrixXd>(p.data(), n, n);
}

double smallest_eigenvalue(const MatrixXd& P) { return libration_test::symmetric_eigenpairs_of(P).values[0]; }

// h' = A h + B x, and h' = A h: runs of an ensemble from noise and starts, against P. The standard error of an entry of a sample
// covariance of N normal vectors is √((P_ii P_jj + P_ij²)/N). Four of them: one entry in 16,000 by chance.
template <class Map>
void check_ensemble(const Map& map, const state<double, 2>& h0, const MatrixXd& P, std::int64_t steps, double noise, double start) {
  const int N = 4000;
  state<double, 2> reference = h0;
  for (std::int64_t t = 0; t < steps; ++t) reference = map(reference);
  MatrixXd sample = MatrixXd::Zero(2, 2);
  for (int member = 0; member < N; ++member) {
    const auto noisy = maps::add_noise(map, noise, {.seed = 21, .stream = static_cast<std::uint64_t>(member)});
    const libration::random_stream first(22, static_cast<std::uint64_t>(member));
    state<double, 2> h{h0[0] + start * first.normal(0), h0[1] + start * first.normal(1)};
    for (std::int64_t t = 0; t < steps; ++t) h = noisy(t, h);
    const VectorXd d = (h - reference).vector();
    sample += d * d.transpose() / N;
  }
  for (Index i = 0; i < 2; ++i)
    for (Index j = 0; j <= i; ++j) {
      INFO("entry " << i << ", " << j << ": ensemble " << sample(i, j) << ", linearised " << P(i, j));
      CHECK(std::abs(sample(i, j) - P(i, j)) < 4 * std::sqrt((P(i, i) * P(j, j) + P(i, j) * P(i, j)) / N));
    }
}

struct driven_sine {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  state<T, 2> operator()(const state<T, 2>& h, const state<T, 1>& x) const {
    using std::sin;
    return {sin(h[0] + x[0]) + 0.2 * h[1], 0.5 * h[0] * x[0]};
  }
};

}  // namespace

TEST_CASE("error::covariance: a linear map's is the sum of its powers, and tends to the Lyapunov equation's solution", "[oracle]") {
  const MatrixXd A = matrix_of(contracting), F = normals(3, 2, 1), Q = F * F.transpose();
  MatrixXd P = MatrixXd::Identity(3, 3) * 4.0, power = MatrixXd::Identity(3, 3), expected = MatrixXd::Zero(3, 3);
  for (int t = 0; t < 5; ++t) {
    expected += power * Q * power.transpose();
    power = A * power;
  }
  expected += power * P * power.transpose();
  const auto five = covariance(contracting, {0.3, 0.2, 0.1}, {.steps = 5, .noise = noise_covariance::matrix(Q), .initial = 2.0});
  CHECK(five.status == status::ok);
  CHECK(five.steps == 5);
  CHECK(five.total.size() == 6);
  CHECK(five.total[0] == 12.0);
  CHECK((five.matrix - expected).cwiseAbs().maxCoeff() < 100 * eps * expected.trace());  // ten products of three terms
  CHECK(std::abs(five.total[5] - expected.trace()) < 100 * eps * expected.trace());

  const auto settled = covariance(contracting, {0.3, 0.2, 0.1}, {.steps = 400, .noise = noise_covariance::factor(F), .leading = 2});
  const MatrixXd solution = lyapunov_solution(A, Q);
  // The slowest direction forgets 0.81^400; the equation is conditioned by 1/(1 - 0.8²).
  CHECK((settled.matrix - solution).cwiseAbs().maxCoeff() < 1000 * eps * solution.trace());
  const auto pairs = libration_test::symmetric_eigenpairs_of(solution);
  REQUIRE(settled.variances.size() == 2);
  for (Index i = 0; i < 2; ++i) {
    CHECK(std::abs(settled.variances[i] - pairs.values[2 - i]) < 1000 * eps * solution.trace());
    CHECK(std::abs(std::abs(settled.directions.col(i).dot(pairs.vectors.col(2 - i))) - 1.0) < 1e-12);
  }
}

TEST_CASE("error::covariance: agrees with an ensemble of noisy runs, linear and weakly nonlinear", "[stat]") {
  const maps::basic_linear<2> A{{{0.9, 0.4}, {-0.3, 0.5}}};
  const auto linear = covariance(A, {0.3, 0.2}, {.steps = 12, .noise = 0.1, .initial = 0.2});
  check_ensemble(A, {0.3, 0.2}, linear.matrix, 12, 0.1, 0.2);
  // Errors grow to about 3e-4: the curvature matters to 1e-3 of them, the ensemble knows a variance to 2e-2.
  const auto henon = covariance(maps::henon{}, {0.1, 0.1}, {.steps = 8, .noise = 1e-5, .initial = 1e-5});
  check_ensemble(maps::henon{}, {0.1, 0.1}, henon.matrix, 8, 1e-5, 1e-5);
}

TEST_CASE("error::covariance: the horizon of a precision, by its rounding as noise", "[stat]") {
  // Hénon on a grid of 2^14 values, and in double, 6 steps from each of 2000 starts on the attractor. The mean square errors of
  // both are compared by the differences' own standard error; the curvature's part is of the order of the errors, 1e-3.
  const auto range = maps::value_range{Eigen::Vector2d(-1.5, -0.45), Eigen::Vector2d(1.5, 0.45)};
  const auto format = maps::number_format::uniform(14, range);
  const auto coarse = maps::quantize(maps::henon{}, format);
  const VectorXd deviation = format.error_deviation(VectorXd(VectorXd::Zero(2)));
  const int N = 2000;
  state<double, 2> h{0.1, 0.1};
  for (int t = 0; t < 100; ++t) h = maps::henon{}(h);
  double sum = 0, squares = 0, predicted = 0;
  for (int i = 0; i < N; ++i) {
    state<double, 2> exact = h, rounded = h;
    for (int t = 0; t < 6; ++t) {
      exact = maps::henon{}(exact);
      rounded = coarse(rounded);
    }
    const double expected = covariance(maps::henon{}, h, {.steps = 6, .noise = deviation}).total[6];
    const double difference = (exact - rounded).vector().squaredNorm() - expected;
    sum += difference;
    squares += difference * difference;
    predicted += expected / N;
    h = exact;
  }
  const double mean = sum / N, standard_error = std::sqrt(squares / N - mean * mean) / std::sqrt(N);
  INFO("mean square error predicted " << predicted << ", measured less predicted " << mean << " +- " << standard_error);
  CHECK(std::abs(mean) < 4 * standard_error + 1e-2 * predicted);
  CHECK(standard_error < 0.1 * predicted);
}

TEST_CASE("error::covariance: first_above is the step at which the root mean square error passes a size", "[oracle]") {
  // P_t = 4^t 1e-6: the root is 2^t 1e-3.
  const auto r = covariance(maps::basic_linear<1>{{{2.0}}}, {0.0}, {.steps = 20, .initial = 1e-3});
  CHECK(r.first_above(0.9) == 10);
  CHECK(r.first_above(1e-4) == 0);
  CHECK(r.first_above(1e9) == -1);
}

TEST_CASE("error::covariance: a driven map, along its inputs", "[differential]") {
  MatrixXd inputs = normals(1, 30, 4);
  const driven_sine map;
  state<double, 2> h{0.3, 0.2};
  MatrixXd P = 0.01 * MatrixXd::Identity(2, 2);
  const VectorXd q = Eigen::Vector2d(0.04, 0.09);
  for (Index t = 0; t < 30; ++t) {
    const double x = inputs(0, t);
    MatrixXd J(2, 2);
    J << std::cos(h[0] + x), 0.2, 0.5 * x, 0.0;
    P = J * P * J.transpose();
    P.diagonal() += q;
    h = map(h, state<double, 1>{x});
  }
  const auto r = covariance(map, {0.3, 0.2}, inputs, {.noise = VectorXd(Eigen::Vector2d(0.2, 0.3)), .initial = 0.1});
  CHECK(r.status == status::ok);
  CHECK(r.steps == 30);
  CHECK((r.matrix - P).cwiseAbs().maxCoeff() < 1000 * eps * P.trace());  // 30 steps of products of four terms
}

TEST_CASE("error::covariance: a factor of full rank is the whole matrix, for every kind of noise", "[differential]") {
  const MatrixXd F = normals(3, 2, 1);
  for (const auto& noise : {noise_covariance(0.3), noise_covariance(VectorXd(Eigen::Vector3d(0.1, 0.0, 0.7))),
                            noise_covariance::factor(F), noise_covariance::matrix(F * F.transpose()), noise_covariance(0.0)}) {
    const auto whole = covariance(contracting, {0.3, 0.2, 0.1}, {.steps = 20, .noise = noise, .initial = 0.5});
    const auto factor = covariance(contracting, {0.3, 0.2, 0.1}, {.rank = 3, .steps = 20, .noise = noise, .initial = 0.5});
    CHECK(whole.factor.size() == 0);
    CHECK(factor.matrix.size() == 0);
    const double tolerance = 1000 * eps * whole.total.maxCoeff();
    CHECK((factor.factor * factor.factor.transpose() - whole.matrix).cwiseAbs().maxCoeff() < tolerance);
    CHECK((factor.total - whole.total).cwiseAbs().maxCoeff() < tolerance);
    CHECK((factor.variances - whole.variances).cwiseAbs().maxCoeff() < tolerance);
    CHECK(factor.largest_discarded < 1000 * eps);
  }
}

TEST_CASE("error::covariance: a factor loses nothing where the rank is enough, and says when it does", "[oracle]") {
  // One direction of error, no noise: rank 1 for ever.
  const maps::tanh_network<> net(30, 2.0, 3);
  const VectorXd h = net.start();
  const MatrixXd one = normals(30, 1, 5);
  const auto whole = covariance(net, h, {.steps = 25, .initial = noise_covariance::factor(one)});
  const auto factor = covariance(net, h, {.rank = 1, .steps = 25, .initial = noise_covariance::factor(one)});
  CHECK(factor.largest_discarded == 0.0);
  CHECK((factor.total - whole.total).cwiseQuotient(whole.total).cwiseAbs().maxCoeff() < 1e4 * eps);  // 25 steps of 30 terms
  CHECK((factor.factor * factor.factor.transpose() - whole.matrix).cwiseAbs().maxCoeff() < 1e4 * eps * whole.matrix.trace());
  // Noise in one direction: a rank more each step, of which six hold all but what has been forgotten.
  const auto noisy = covariance(net, h, {.rank = 6, .steps = 6, .noise = noise_covariance::factor(one)});
  CHECK(noisy.largest_discarded == 0.0);
  CHECK(noisy.factor.cols() == 6);
  const auto longer = covariance(net, h, {.rank = 6, .steps = 40, .noise = noise_covariance::factor(one)});
  CHECK(longer.factor.cols() == 6);
  CHECK((longer.largest_discarded > 0.0 && longer.largest_discarded < 0.5));
}

TEST_CASE("error::covariance: what a factor holds is below the whole in the order of semidefinite matrices", "[law]") {
  const maps::tanh_network<> net(30, 2.0, 3);
  const VectorXd h = net.start();
  VectorXd uneven = VectorXd::LinSpaced(30, 0.0, 1e-3);
  for (const auto& noise :
       {noise_covariance(1e-3), noise_covariance(uneven), noise_covariance::factor(1e-3 * normals(30, 12, 6))}) {
    const auto whole = covariance(net, h, {.steps = 40, .noise = noise, .initial = 1e-3, .leading = 30});
    for (const Index rank : {1, 5, 15}) {
      const auto r = covariance(net, h, {.rank = rank, .steps = 40, .noise = noise, .initial = 1e-3});
      CHECK(r.status == status::ok);
      CHECK(r.rank == rank);
      const double rounding = 1e4 * eps * whole.matrix.trace();  // 40 steps of 30 terms
      CHECK(smallest_eigenvalue(whole.matrix - r.factor * r.factor.transpose()) > -rounding);
      CHECK(((whole.total - r.total).array() > -rounding).all());
      CHECK((r.largest_discarded > 0.0 && r.largest_discarded < 1.0));
      for (Index i = 0; i < r.variances.size(); ++i) CHECK(r.variances[i] <= whole.variances[i] + rounding);
      CHECK((r.directions.transpose() * r.directions - MatrixXd::Identity(r.variances.size(), r.variances.size()))
                .cwiseAbs()
                .maxCoeff() < 1e-6);  // of a Gram matrix's eigenvectors: √eps and less for the smallest
    }
  }
}

TEST_CASE("error::covariance: the total from samples is within its standard error of the whole", "[stat]") {
  const maps::tanh_network<> net(30, 2.0, 3);
  const VectorXd h = net.start();
  for (const auto& noise : {noise_covariance(1e-3), noise_covariance::factor(1e-3 * normals(30, 12, 6))}) {
    const auto whole = covariance(net, h, {.steps = 40, .noise = noise, .initial = 1e-3});
    const auto r = covariance(
        net, h, {.rank = 30, .steps = 40, .noise = noise, .initial = 1e-3, .columns = error::factor_columns::sampled, .seed = 3});
    REQUIRE(r.total.size() == 41);
    REQUIRE(r.total_standard_error.size() == 41);
    // Sums of few squares are skewed; from 30 samples four standard errors are left by chance once in 1,000 or so. The seed is
    // fixed, and the steps are dependent.
    CHECK(((r.total - whole.total).array().abs() < 4 * r.total_standard_error.array()).all());
    // At most √(2/r) of the total, which 30 samples know to about a third.
    CHECK((r.total_standard_error.array() < 2 * std::sqrt(2.0 / 30) * whole.total.array()).all());
    CHECK(r.largest_discarded == 0.0);
    const auto again = covariance(
        net, h, {.rank = 30, .steps = 40, .noise = noise, .initial = 1e-3, .columns = error::factor_columns::sampled, .seed = 3});
    CHECK(again.total == r.total);
  }
}

TEST_CASE("error::covariance: isotropic noise of a linear map in a factor has the leading eigenpairs in one step", "[oracle]") {
  const MatrixXd A = matrix_of(contracting);
  // From P_0 = 0 the first L is s times any two directions; after one more step L Lᵀ is J L Lᵀ Jᵀ + s² on its own span.
  const auto r = covariance(contracting, {0, 0, 0}, {.rank = 2, .steps = 1, .noise = 0.3});
  CHECK(std::abs(r.total[1] - 3 * 0.09) < 10 * eps);
  CHECK((r.variances - VectorXd::Constant(2, 0.09)).cwiseAbs().maxCoeff() < 10 * eps);
  CHECK(std::abs(r.largest_discarded - 1.0 / 3) < 10 * eps);
}

TEST_CASE("error::covariance: single precision has the range of double, and the digits of single", "[edge]") {
  const maps::linear<float> map(Eigen::MatrixXf((Eigen::MatrixXf(2, 2) << 100.0f, 1.0f, 0.0f, 50.0f).finished()));
  const Eigen::VectorXf zero = Eigen::VectorXf::Zero(2);
  for (const Index rank : {0, 2}) {
    const auto r = covariance(map, zero, {.rank = rank, .steps = 30, .initial = 1.0});
    CHECK(r.status == status::ok);
    // (A^30)(A^30)ᵀ: 100^30 and 2 · 100^30 (1 - 2^-30)/100 in the first row.
    const double top = std::pow(100.0, 60) * (1.0 + 4e-4);
    CHECK(std::abs(r.variances[0] / top - 1.0) < 100 * static_cast<double>(std::numeric_limits<float>::epsilon()));
  }
  const auto formula = covariance<libration::single>(maps::basic_linear<1>{{{100.0}}}, {0.0}, {.steps = 60, .initial = 1.0});
  CHECK(std::abs(formula.total[60] / 1e240 - 1.0) < 1e-4);
}

TEST_CASE("error::covariance: an estimator in one pass is the call by itself", "[differential]") {
  const error::covariance_options options{.noise = 1e-3, .initial = 1e-2};
  const auto [first, second] =
      libration::analyze(maps::henon{}, {0.1, 0.1}, {.steps = 10, .transient = 5}, error::covariance_estimator{options},
                         error::covariance_estimator{{.rank = 1, .noise = 1e-3}});
  const auto alone = covariance(maps::henon{}, {0.1, 0.1}, {.steps = 10, .transient = 5, .noise = 1e-3, .initial = 1e-2});
  CHECK(first.matrix == alone.matrix);
  CHECK(first.total == alone.total);
  CHECK(second.rank == 1);
  CHECK(second.steps == 10);
}

TEST_CASE("error::covariance: statuses", "[failure]") {
  // 1e10^(2 t) leaves the range of double at t = 16 (1e320), the orbit itself at t = 31.
  const auto far = covariance(maps::basic_linear<1>{{{1e10}}}, {1.0}, {.steps = 40, .initial = 1.0});
  CHECK(far.status == status::diverged);
  CHECK(far.steps == 15);
  CHECK(far.failed_at == 15);
  CHECK(far.total.size() == 16);
  CHECK(std::abs(far.total[15] / 1e300 - 1.0) < 1e-12);
  const auto factor = covariance(maps::basic_linear<1>{{{1e10}}}, {1.0}, {.rank = 1, .steps = 40, .initial = 1.0});
  CHECK(factor.status == status::diverged);
  CHECK(factor.failed_at == 15);
  CHECK(covariance(maps::henon{}, {10.0, 10.0}, {.noise = 0.1}).status == status::diverged);
  std::stop_source source;
  source.request_stop();
  CHECK(covariance(maps::henon{}, {0.1, 0.1}, {.stop = source.get_token()}).status == status::cancelled);
  CHECK(covariance_result{}.status == status::not_run);
  const auto nothing = covariance(maps::henon{}, {0.1, 0.1}, {.rank = 1, .steps = 5});
  CHECK(nothing.total == VectorXd::Zero(6));
  CHECK(nothing.variances.size() == 0);
}

TEST_CASE("error::covariance: what is out of range is refused by name", "[failure]") {
  const auto refusal = [](const error::covariance_options& options) {
    return message_of<argument_error>([&] { (void)covariance(maps::henon{}, {0.1, 0.1}, options); });
  };
  CHECK(refusal({.rank = 3}) == "error::covariance: .rank is 3, expected 0 to 2 (the map's dimension; 0: the whole matrix)");
  CHECK_THAT(refusal({.steps = -1}), Contains(".steps is -1, expected >= 0"));
  CHECK_THAT(refusal({.transient = -1}), Contains(".transient is -1"));
  CHECK_THAT(refusal({.leading = -1}), Contains(".leading is -1"));
  CHECK_THAT(refusal({.noise = VectorXd(VectorXd::Ones(3))}), Contains("error::covariance: .noise has 3 rows, expected 2"));
  CHECK_THAT(refusal({.initial = noise_covariance::factor(MatrixXd::Ones(3, 1))}), Contains(".initial has 3 rows"));
  CHECK_THAT(refusal({.rank = 1, .columns = error::factor_columns::sampled}),
             Contains(".rank is 1, expected >= 2 (sampled columns)"));
  const auto bad = [](auto&& make) { return message_of<argument_error>(make); };
  CHECK_THAT(bad([] { (void)noise_covariance(-1.0); }), Contains("error::noise_covariance: standard deviation 0 is -1"));
  CHECK_THAT(bad([] { (void)noise_covariance(1e200); }), Contains("whose square is finite"));
  CHECK_THAT(bad([] { (void)noise_covariance::matrix(MatrixXd::Ones(2, 3)); }), Contains("Q is 2 x 3"));
  CHECK_THAT(bad([] { (void)noise_covariance::matrix((MatrixXd(2, 2) << 1, 2, 2, 1).finished()); }), Contains("eigenvalue -1"));
  CHECK_THAT(bad([] { (void)noise_covariance::matrix((MatrixXd(2, 2) << 1, 0.1, 0.2, 1).finished()); }), Contains("not symmetric"));
  CHECK_THAT(bad([] { (void)noise_covariance::factor(MatrixXd(0, 0)); }), Contains("the factor is empty"));
}

TEST_CASE("error::covariance: samples of a factor with more columns than the state has components", "[oracle][stat]") {
  // P' = 0.95² P + F Fᵀ: the total after t steps is |F|² (1 - 0.95^(2t)) / (1 - 0.95²).
  const maps::linear<> map(0.95 * MatrixXd::Identity(2, 2));
  MatrixXd F(2, 8);
  libration::random_stream(3).fill_normal(F);
  constexpr int steps = 60, seeds = 300;
  const double exact = F.squaredNorm() * (1.0 - std::pow(0.95, 2 * steps)) / (1.0 - 0.95 * 0.95);
  VectorXd totals(seeds);
  for (int s = 0; s < seeds; ++s)
    totals[s] = error::covariance(map, VectorXd::Zero(2).eval(),
                                  {.rank = 2,
                                   .steps = steps,
                                   .noise = error::noise_covariance::factor(F),
                                   .columns = error::factor_columns::sampled,
                                   .seed = static_cast<std::uint64_t>(s)})
                    .total[steps];
  const double deviation = std::sqrt((totals.array() - totals.mean()).square().sum() / (seeds - 1.0));
  CHECK(std::abs(totals.mean() - exact) < 4.0 * deviation / std::sqrt(static_cast<double>(seeds)));
}
