// SPDX-License-Identifier: MIT
// Closed forms of vector maps: matrix products, networks, lattices of many sites.
#include <libration/lyapunov/spectrum.hpp>

#include <cmath>
#include <numbers>
#include <vector>


#include <libration/core/random.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/models/lstm.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"
#include "support/dense.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::status;
using libration::verdict;
using lyapunov::spectrum;
using namespace libration_test;

namespace {

// h' = A_t h with random row-stochastic matrices.
struct stochastic_product {
  using scalar_type = double;
  Eigen::Index n = 4;

  Eigen::Index state_size() const { return n; }
  MatrixXd matrix(std::int64_t t) const {
    const libration::random_stream numbers(3, static_cast<std::uint64_t>(t));
    MatrixXd A(n, n);
    for (Eigen::Index i = 0; i < A.size(); ++i) A.data()[i] = numbers.uniform(static_cast<std::uint64_t>(i));
    A.array().colwise() /= A.rowwise().sum().array().eval();
    return A;
  }
  void step(std::int64_t t, libration::vector_view<double> h, libration::vector_span<double> next) const { next = matrix(t) * h; }
  void tangent(std::int64_t t, libration::vector_view<double>, libration::matrix_view<double> V,
               libration::matrix_span<double> JV) const {
    JV = matrix(t) * V;
  }
};

// psi and psi' at (n - i + 1) / 2, by recurrence from psi(1/2) = -gamma - 2 ln 2 and psi(1) = -gamma.
double digamma_half(int twice) {
  double x = twice % 2 == 1 ? 0.5 : 1.0;
  double value = -std::numbers::egamma - (twice % 2 == 1 ? 2.0 * std::numbers::ln2 : 0.0);
  for (; x < 0.5 * twice - 0.25; x += 1.0) value += 1.0 / x;
  return value;
}
double trigamma_half(int twice) {
  double x = twice % 2 == 1 ? 0.5 : 1.0;
  double value = std::numbers::pi * std::numbers::pi / (twice % 2 == 1 ? 2.0 : 6.0);
  for (; x < 0.5 * twice - 0.25; x += 1.0) value -= 1.0 / (x * x);
  return value;
}

// All weights 0, the forget gate's bias b: every gate is constant.
libration::models::lstm<double> zero_weights(Eigen::Index hidden, double b) {
  libration::models::layer_weights<double> layer{MatrixXd::Zero(4 * hidden, 1), MatrixXd::Zero(4 * hidden, hidden),
                                                 VectorXd::Zero(4 * hidden), VectorXd::Zero(4 * hidden)};
  layer.input_bias.segment(hidden, hidden).setConstant(b);  // gates in the order i, f, g, o
  return libration::models::lstm<double>({layer});
}

}  // namespace

TEST_CASE("lyapunov::spectrum: a constant matrix of any size has the logarithms of its eigenvalues", "[oracle]") {
  const VectorXd eigenvalues = (VectorXd(6) << 3.0, 1.5, -1.0, 0.4, 0.03, -1e-3).finished();
  MatrixXd random(6, 6);
  libration::random_stream(5).fill_normal(random);
  const MatrixXd Q = libration_test::householder_qr(random).Q;
  const maps::linear<> map(Q * eigenvalues.asDiagonal() * Q.transpose());
  const auto r = spectrum(map, VectorXd::Zero(6).eval(), {.steps = 2000});
  CHECK(r.status == status::ok);
  const VectorXd expected = eigenvalues.cwiseAbs().array().log();
  CHECK((r.exponents - expected).cwiseAbs().maxCoeff() < rounding(r));
  CHECK(r.worst_defect < 1e-14);
}

TEST_CASE("lyapunov::spectrum: matrices act in order of time", "[oracle]") {
  const MatrixXd A = (MatrixXd(2, 2) << 1, 1, 0, 1).finished(), B = (MatrixXd(2, 2) << 1, 0, 2, 1).finished(),
                 C = (MatrixXd(2, 2) << 0, 1, 1, 1).finished();
  const double forward = std::asinh(3.0) / 3.0, backward = std::asinh(2.0) / 3.0;
  for (const std::int64_t interval : {0, 1, 3}) {
    const auto r = spectrum(maps::matrix_product<>({A, B, C}), VectorXd::Zero(2).eval(),
                            {.steps = 3000, .transient = 0, .frame_transient = 300, .interval = interval});
    CHECK(std::abs(r.exponents[0] - forward) < rounding(r));
    CHECK(std::abs(r.exponents[1] + forward) < rounding(r));
    const auto reversed = spectrum(maps::matrix_product<>({C, B, A}), VectorXd::Zero(2).eval(),
                                   {.steps = 3000, .transient = 0, .frame_transient = 300, .interval = interval});
    CHECK(std::abs(reversed.exponents[0] - backward) < rounding(reversed));
  }
}

TEST_CASE("lyapunov::spectrum: products of independent Gaussian matrices", "[oracle][stat]") {
  const std::int64_t steps = 20'000;
  for (const int n : {1, 3, 4}) {
    const auto r = spectrum(maps::gaussian_product<>(n, 17), VectorXd::Zero(n).eval(), {.steps = steps});
    CHECK(r.status == status::ok);
    for (int i = 1; i <= n; ++i) {
      INFO("n = " << n << ", exponent " << i);
      const double truth = 0.5 * (std::numbers::ln2 + digamma_half(n - i + 1));
      check_exponent(r, i - 1, truth);
      // The steps are independent: the standard error is known. With at least 16 degrees of freedom its estimate has a
      // spread of 18 %; four times that.
      const double exact = std::sqrt(0.25 * trigamma_half(n - i + 1) / static_cast<double>(steps));
      CHECK(std::abs(r.standard_error[i - 1] / exact - 1.0) < 0.72);
    }
  }
}

TEST_CASE("lyapunov::spectrum: products of row-stochastic matrices have a leading exponent 0", "[oracle]") {
  const stochastic_product map;
  MatrixXd ones = MatrixXd::Ones(4, 1);
  const auto fixed = spectrum(map, VectorXd::Zero(4).eval(), {.count = 1, .steps = 2000, .frame_transient = 0, .frame = ones});
  CHECK(std::abs(fixed.exponents[0]) < 8 * eps);  // (1, 1, 1, 1) is kept by each
  CHECK(fixed.verdict == verdict::neutral);
  const auto r = spectrum(map, VectorXd::Zero(4).eval(), {.steps = 2000});
  CHECK(std::abs(r.exponents[0]) < rounding(r));  // the frame's transient has turned the first column to it
  CHECK(r.exponents[1] < -0.1);
}

TEST_CASE("lyapunov::spectrum: an LSTM without weights forgets by its forget gate, and half of it at once", "[oracle]") {
  const Eigen::Index hidden = 4;
  for (const double b : {-1.0, 0.5, 4.0}) {
    INFO("forget bias " << b);
    const auto net = zero_weights(hidden, b);
    const MatrixXd inputs = MatrixXd::Zero(1, 700);
    const double gate = 1.0 / (1.0 + std::exp(-b));
    const auto r = spectrum(net, VectorXd::Zero(2 * hidden).eval(), inputs, {.transient = 10, .frame_transient = 10});
    CHECK(r.status == status::not_resolved);
    for (Eigen::Index i = 0; i < hidden; ++i) {
      CHECK(std::abs(r.exponents[i] - std::log(gate)) < rounding(r));
      // The Jacobian has rank `hidden`, but not by a determinant that the network gives: rounding is all that is seen of the rest.
      CHECK(r.unresolved(hidden + i));
      CHECK(std::isnan(r.standard_error[hidden + i]));
      CHECK(r.exponents[hidden + i] < std::log(gate) - 28.0);
    }
    CHECK(r.verdict == verdict::stable);
  }
}

TEST_CASE("lyapunov::spectrum: a driven linear map has the exponents of its matrix, whatever the inputs", "[oracle]") {
  const MatrixXd A = (MatrixXd(2, 2) << 0.9, 0.3, 0.0, 0.5).finished();
  const maps::driven_linear<> map(A, MatrixXd::Ones(2, 3));
  const auto r = spectrum(map, VectorXd::Zero(2).eval(), uniform_inputs(3, 2000, 4), {.transient = 100});
  CHECK(r.steps == 1789);  // and a sixteenth of them before
  CHECK(std::abs(r.exponents[0] - std::log(0.9)) < rounding(r));
  CHECK(std::abs(r.exponents[1] - std::log(0.5)) < rounding(r));
}

TEST_CASE("lyapunov::spectrum: a network's leading exponents are those of its full spectrum, in float nearly so",
          "[differential]") {
  const maps::tanh_network<> net(20, 3.0, 2);
  const VectorXd h = net.start(1);
  const auto full = spectrum(net, h, {.steps = 1000, .transient = 100});
  const auto part = spectrum(net, h, {.count = 4, .steps = 1000, .transient = 100});
  CHECK((full.exponents.head(4) - part.exponents).cwiseAbs().maxCoeff() < 1e-9);
  for (int i = 1; i < 20; ++i) CHECK(full.exponents[i - 1] > full.exponents[i]);
  const maps::tanh_network<float> rounded(net.matrix().cast<float>());
  const auto less = spectrum(rounded, h.cast<float>().eval(), {.count = 4, .steps = 1000, .transient = 100});
  CHECK(less.status == status::ok);
  for (int i = 0; i < 4; ++i)  // another orbit of the same attractor; a pivot is right to 7e-5
    CHECK(std::abs(less.exponents[i] - part.exponents[i]) <
          4.0 * std::hypot(less.standard_error[i], part.standard_error[i]) + 7e-5);
}

TEST_CASE("lyapunov::spectrum: one component, and one step", "[edge]") {
  const maps::linear<> map(MatrixXd::Constant(1, 1, -3.0));
  const auto r = spectrum(map, VectorXd::Zero(1).eval(), {.steps = 1, .transient = 0, .frame_transient = 0});
  CHECK(r.status == status::ok);
  CHECK(r.steps == 1);
  CHECK(std::abs(r.exponents[0] - std::log(3.0)) < 1e-15);
  CHECK(std::isnan(r.standard_error[0]));  // one number has no spread
  CHECK(r.verdict == verdict::undecided);
}

TEST_CASE("lyapunov::spectrum: random tanh networks of 300 units, their mean over seeds", "[oracle][stat][.slow]") {
  // Six networks; their mean has a spread of its own, measured here. Student's t with 5 degrees of freedom exceeds 4
  // once in 100 draws of networks.
  const int seeds = 6;
  VectorXd leading(seeds);
  for (int s = 0; s < seeds; ++s) {
    const maps::tanh_network<> net(300, 3.0, static_cast<std::uint64_t>(s));
    const auto r = spectrum(net, net.start(1), {.count = 1, .steps = 3000, .transient = 500, .frame_transient = 200});
    CHECK(r.status == status::ok);
    leading[s] = r.exponents[0];
  }
  const double mean = leading.mean();
  const double error = std::sqrt((leading.array() - mean).square().sum() / (seeds - 1) / seeds);
  INFO(mean << " +- " << error);
  CHECK(std::abs(mean - 0.3013) < 4.0 * std::hypot(error, 0.0006));
}
