// SPDX-License-Identifier: MIT
#include <libration/models/diagonal_recurrence.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"

using namespace libration_test;
namespace models = libration::models;
namespace maps = libration::maps;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd, Eigen::MatrixXcd, Eigen::VectorXcd;
using network = models::diagonal_recurrence<double>;
using complex = std::complex<double>;

namespace {

MatrixXcd random_complex(Index rows, Index columns, std::uint64_t stream) {
  return random_matrix(rows, columns, 1.0, stream).cast<complex>() +
         complex(0, 1) * random_matrix(rows, columns, 1.0, stream + 1).cast<complex>();
}

network random_lru() {
  const VectorXd nu = random_matrix(4, 1, 1.0, 1).array() - 1.5;
  return network::lru(nu, random_matrix(4, 1, 1.0, 2), random_matrix(4, 1, 1.0, 3), random_complex(4, 3, 4),
                      random_complex(3, 4, 6), random_matrix(3, 1, 1.0, 8));
}
network random_s4d(Index channels = 3) {
  return network::s4d(random_matrix(channels, 1, 1.0, 11), random_matrix(channels, 2, 1.0, 12), random_matrix(channels, 2, 3.0, 13),
                      random_complex(channels, 2, 14), random_matrix(channels, 1, 1.0, 16));
}

// Outputs along inputs from the zero state.
MatrixXd outputs(const network& net, const MatrixXd& inputs) {
  MatrixXd y(net.output_size(), inputs.cols());
  VectorXd h = VectorXd::Zero(net.state_size()), next(h.size());
  auto ws = net.make_workspace(0);
  for (Index t = 0; t < inputs.cols(); ++t) {
    net.step(h, inputs.col(t), next, ws);
    h.swap(next);
    net.evaluate(h, inputs.col(t), y.col(t));
  }
  return y;
}

}  // namespace

TEST_CASE("models::diagonal_recurrence: the recurrence is its convolution", "[differential]") {
  const MatrixXd u = random_matrix(3, 15, 1.0, 20);
  {  // LRU: y_t = Re Σ_k C λ^k e^gamma B u_{t-k} + D u_t
    const VectorXd nu = random_matrix(4, 1, 1.0, 1).array() - 1.5, theta = random_matrix(4, 1, 1.0, 2),
                   gamma = random_matrix(4, 1, 1.0, 3), D = random_matrix(3, 1, 1.0, 8);
    const MatrixXcd B = random_complex(4, 3, 4), C = random_complex(3, 4, 6);
    MatrixXd expected = D.asDiagonal() * u;
    for (Index t = 0; t < u.cols(); ++t)
      for (Index k = 0; k <= t; ++k) {
        VectorXcd driven = B * u.col(t - k).cast<complex>();
        for (Index j = 0; j < 4; ++j)
          driven[j] *= std::exp(gamma[j]) * std::exp(double(k) * complex(-std::exp(nu[j]), std::exp(theta[j])));
        expected.col(t) += (C * driven).real();
      }
    CHECK((outputs(random_lru(), u) - expected).cwiseAbs().maxCoeff() < 1e-12);
  }
  {  // S4D: the kernel 2 Re Σ_j C_j (e^{A Δ} - 1)/A e^{A Δ k}, channel by channel
    const VectorXd log_dt = random_matrix(3, 1, 1.0, 11), D = random_matrix(3, 1, 1.0, 16);
    const MatrixXd log_A = random_matrix(3, 2, 1.0, 12), A_imag = random_matrix(3, 2, 3.0, 13);
    const MatrixXcd C = random_complex(3, 2, 14);
    MatrixXd expected = D.asDiagonal() * u;
    for (Index c = 0; c < 3; ++c)
      for (Index j = 0; j < 2; ++j) {
        const complex A(-std::exp(log_A(c, j)), A_imag(c, j)), dtA = A * std::exp(log_dt[c]);
        for (Index t = 0; t < u.cols(); ++t)
          for (Index k = 0; k <= t; ++k)
            expected(c, t) += 2 * (C(c, j) * (std::exp(dtA) - 1.0) / A * std::exp(dtA * double(k))).real() * u(c, t - k);
      }
    CHECK((outputs(random_s4d(), u) - expected).cwiseAbs().maxCoeff() < 1e-12);
  }
  {  // S5 with one real mode: zero-order hold of s' = -s + u over ln 2 is s/2 + u/2
    const VectorXcd lambda = VectorXcd::Constant(1, -1.0);
    const MatrixXcd one = MatrixXcd::Ones(1, 1);
    const network net = network::s5(lambda, VectorXd::Constant(1, std::log(2.0)), one, one, VectorXd());
    const MatrixXd y = outputs(net, MatrixXd::Ones(1, 3));
    CHECK((y - Eigen::RowVector3d(0.5, 0.75, 0.875)).cwiseAbs().maxCoeff() < 1e-15);
    const network integrator = network::s5(VectorXcd::Zero(1), VectorXd::Constant(1, 0.25), one, one, VectorXd());
    CHECK(outputs(integrator, MatrixXd::Ones(1, 4))(0, 3) == 1.0);
  }
}

TEST_CASE("models::diagonal_recurrence: the hold of a slow mode does not cancel", "[edge]") {
  // (e^λ - 1)/λ = 1 + λ/2 + λ²/6 + ..., the first input that a mode holds
  for (const complex lambda : {complex(-1e-10, 0), complex(-1e-10, 3e-9), complex(0, 1e-7), complex(-1e-6, -1e-5)}) {
    const network net = network::s5(VectorXcd::Constant(1, lambda), VectorXd::Ones(1), MatrixXcd::Ones(1, 1), MatrixXcd::Ones(1, 1),
                                    VectorXd());
    VectorXd state(2);
    auto ws = net.make_workspace(0);
    net.step(VectorXd::Zero(2), VectorXd::Ones(1), state, ws);
    const complex expected = 1.0 + lambda / 2.0 + lambda * lambda / 6.0;  // the next term is at most 5e-17
    CHECK(std::abs(complex(state[0], state[1]) - expected) < 1e-15);
  }
}

TEST_CASE("models::diagonal_recurrence: it keeps the laws of a map", "[law]") {
  STATIC_REQUIRE(maps::vector_map<network> && maps::differentiable_in_input<network> && maps::steps_batches<network>);
  for (const network& net : {random_lru(), random_s4d()}) {
    const Index n = net.state_size();
    const VectorXd h = random_matrix(n, 1, 1.0, 30), x = random_matrix(3, 1, 1.0, 31);
    CHECK(libration::testing::check_laws(net, h, x).text() == "");
    auto ws = net.make_workspace(5, 5);
    const MatrixXd H = random_matrix(n, 5, 1.0, 32), X = random_matrix(3, 5, 1.0, 33);
    MatrixXd Next(n, 5), JV(n, 5);
    VectorXd next(n);
    net.step_batch(H, X, Next, ws);
    for (Index j = 0; j < 5; ++j) {
      net.step(H.col(j), X.col(j), next, ws);
      CHECK((Next.col(j) - next).cwiseAbs().maxCoeff() < 1e-14);
    }
    net.tangent(H, X, JV, ws);  // linear: the tangent of (H, X) is their step
    CHECK((JV - Next).cwiseAbs().maxCoeff() < 1e-14);
  }
}

TEST_CASE("models::diagonal_recurrence: the exponents are ln |lambda|, each twice", "[oracle]") {
  // Apart by 0.35 and more, so that 100 discarded steps leave e^-35 of what the frame began as.
  const VectorXd nu = VectorXd(Eigen::Vector4d(0.05, 0.4, 0.9, 1.6)).array().log();
  const network net = network::lru(nu, random_matrix(4, 1, 1.0, 2), VectorXd::Zero(4), random_complex(4, 3, 4),
                                   random_complex(3, 4, 6), VectorXd());
  const MatrixXd inputs = random_matrix(3, 600, 1.0, 40);
  const auto r =
      libration::lyapunov::spectrum(net, VectorXd(VectorXd::Zero(8)), inputs, {.count = 8, .steps = 400, .transient = 100});
  VectorXd expected(8);
  for (Index j = 0; j < 4; ++j) expected[2 * j] = expected[2 * j + 1] = std::log(std::abs(net.lambda()[j]));
  std::sort(expected.data(), expected.data() + 8, std::greater<>());
  for (Index i = 0; i < 8; ++i) CHECK(std::abs(r.exponents[i] - expected[i]) < 1e-8);
  CHECK(std::abs(net.log_abs_determinant(VectorXd()) - expected.sum()) < 1e-12);
}

TEST_CASE("models::diagonal_recurrence: tensors by their names are the model that was written", "[law]") {
  const MatrixXcd B = random_complex(4, 3, 4), C = random_complex(3, 4, 6), S = random_complex(3, 2, 14);
  const VectorXd nu = random_matrix(4, 1, 1.0, 1).array() - 1.5;
  libration::io::safetensors::tensor_set set;
  set.add("l.nu_log", nu)
      .add("l.theta_log", VectorXd(random_matrix(4, 1, 1.0, 2)))
      .add("l.gamma_log", VectorXd(random_matrix(4, 1, 1.0, 3)))
      .add("l.B_re", MatrixXd(B.real()))
      .add("l.B_im", MatrixXd(B.imag()))
      .add("l.C_re", MatrixXd(C.real()))
      .add("l.C_im", MatrixXd(C.imag()))
      .add("l.D", VectorXd(random_matrix(3, 1, 1.0, 8)));
  std::vector<double> parts;
  for (Index c = 0; c < 3; ++c)
    for (Index j = 0; j < 2; ++j) parts.insert(parts.end(), {S(c, j).real(), S(c, j).imag()});
  set.add("s.kernel.log_dt", VectorXd(random_matrix(3, 1, 1.0, 11)))
      .add("s.kernel.log_A_real", random_matrix(3, 2, 1.0, 12))
      .add("s.kernel.A_imag", random_matrix(3, 2, 3.0, 13))
      .add("s.kernel.C", libration::io::element::f64, {3, 2, 2}, std::as_bytes(std::span<const double>(parts)))
      .add("s.D", VectorXd(random_matrix(3, 1, 1.0, 16)));
  const auto file = file_of(set);
  models::checkpoint tensors(file);
  const network lru = network::lru(tensors, "l."), s4d = network::s4d(tensors, "s.");
  tensors.require_all_used("test");
  const MatrixXd u = random_matrix(3, 6, 1.0, 20);
  CHECK(outputs(lru, u) == outputs(random_lru(), u));
  CHECK(outputs(s4d, u) == outputs(random_s4d(), u));
}

TEST_CASE("models::diagonal_recurrence: what is wrong is refused by name", "[failure]") {
  const MatrixXcd one = MatrixXcd::Ones(1, 1);
  const auto refused = [](auto make) { return message_of<libration::argument_error>(make); };
  CHECK(refused([&] { network(VectorXcd::Constant(1, 1.5), one, one); }) ==
        "models::diagonal_recurrence: |lambda| is 1.5 at 0, expected in (0, 1]");
  CHECK(refused([&] { network(VectorXcd::Zero(1), one, one); }).find("|lambda| is 0 at 0") != std::string::npos);
  CHECK(refused([&] { network(VectorXcd::Constant(1, std::nan("")), one, one); }).find("|lambda| is nan") != std::string::npos);
  CHECK(refused([&] { network(VectorXcd::Ones(2), one, one); }) ==
        "models::diagonal_recurrence: B has shape (1, 1), expected (modes, inputs)");
  CHECK(refused([&] { network(VectorXcd::Ones(1), one, MatrixXcd::Constant(1, 1, INFINITY)); }).find("C holds a number") !=
        std::string::npos);
  CHECK(refused([&] { network(VectorXcd::Ones(1), one, one, VectorXd::Ones(2)); }).find("D") != std::string::npos);
  CHECK(refused([&] { network::s5(VectorXcd::Ones(1), VectorXd::Ones(1), one, one, VectorXd()); }).find("|lambda| is 2.71828") !=
        std::string::npos);
}
