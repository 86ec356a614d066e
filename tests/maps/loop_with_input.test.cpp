// SPDX-License-Identifier: MIT
#include <libration/maps/loop_with_input.hpp>

#include <cmath>
#include <cstdint>
#include <string>

#include <Eigen/Core>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/with_time_step.hpp>
#include <libration/models/feedback.hpp>
#include <libration/models/gru.hpp>
#include <libration/models/reservoir.hpp>
#include <libration/rollout/run.hpp>
#include <libration/testing/laws.hpp>

#include "models/networks.hpp"
#include "support/catch.hpp"
#include "support/message.hpp"

namespace maps = libration::maps;
namespace models = libration::models;
namespace rollout = libration::rollout;
using Eigen::Index, Eigen::MatrixXd, Eigen::VectorXd;
using libration_test::random_layers, libration_test::random_matrix;

namespace {

VectorXd joined(const VectorXd& h, const VectorXd& x) {
  VectorXd state(h.size() + x.size());
  state << h, x;
  return state;
}

}  // namespace

TEST_CASE("maps::loop_with_input: from (h, f(h)) its h is the closed loop's, bit for bit", "[law]") {
  const models::gru<double> net(random_layers<double>(3, 3, {4, 5}, 1.2));
  const models::readout<double> readout(random_matrix(3, 5, 2.0, 31), random_matrix(3, 1, 0.5, 32));
  const models::direct_feedback<double> feedback(net, readout);
  const VectorXd h0 = random_matrix(net.state_size(), 1, 0.5, 33);
  VectorXd x0(3);
  feedback.evaluate(h0, x0);
  const auto loop = maps::loop_with_input(net, feedback);
  REQUIRE(loop.state_size() == net.state_size() + 3);
  const auto own = rollout::run(loop, joined(h0, x0), {.steps = 200, .every = 1});
  const auto closed = rollout::run(models::close_loop(net, readout), h0, {.steps = 200, .every = 1});
  CHECK(own.states.topRows(h0.size()) == closed.states);
  VectorXd x(3);
  for (Index j = 0; j < own.kept(); ++j) {
    feedback.evaluate(closed.states.col(j), x);
    CHECK(own.states.col(j).tail(3) == x);
  }
  CHECK(libration::testing::check_laws(loop, joined(h0, x0)).ok());
  CHECK(maps::loop_with_input(maps::with_time_step(net, 0.5), feedback).time_step() == 0.5);
}

TEST_CASE("maps::loop_with_input: exponents of both loops are the same, and m more are minus infinity", "[differential]") {
  const Index n = 12, m = 3;
  constexpr std::int64_t steps = 4'000;
  const models::reservoir<double> net(random_matrix(n, n, 0.4, 1), random_matrix(n, m, 0.9, 2));
  const models::readout<double> readout(random_matrix(m, n, 1.5, 3), VectorXd());
  const models::direct_feedback<double> feedback(net, readout);
  const VectorXd h0 = random_matrix(n, 1, 0.5, 4);
  VectorXd x0(m);
  feedback.evaluate(h0, x0);
  const auto closed = libration::lyapunov::spectrum(models::close_loop(net, readout), h0, {.count = 3, .steps = steps});
  const auto own = libration::lyapunov::spectrum(maps::loop_with_input(net, feedback), joined(h0, x0), {.steps = steps});
  REQUIRE(own.exponents.size() == n + m);
  // Along the same orbit their growth differs by what a norm of (h, x) is to one of h, at both ends: a few nats in all.
  for (Index i = 0; i < 3; ++i) CHECK(std::abs(own.exponents[i] - closed.exponents[i]) < 10.0 / static_cast<double>(steps));
  for (Index i = n; i < n + m; ++i) CHECK((own.unresolved(i) || std::isinf(own.exponents[i])));
}

TEST_CASE("maps::loop_with_input: increments add up", "[oracle]") {
  const models::gru<double> net(random_layers<double>(3, 2, {4}, 1.0));
  const models::readout<double> readout(random_matrix(2, 4, 0.3, 41), VectorXd());
  const models::direct_feedback<double> feedback(net, readout);
  const auto loop = maps::loop_with_input(net, feedback, maps::loop_output::increment);
  VectorXd h = random_matrix(4, 1, 0.5, 42), x = random_matrix(2, 1, 0.5, 43), next(4), dx(2);
  const VectorXd start = joined(h, x);
  CHECK(libration::testing::check_laws(loop, start).ok());
  auto ws = net.make_workspace(0);
  for (int t = 0; t < 30; ++t) {
    net.step(h, x, next, ws);
    h = next;
    feedback.evaluate(h, dx);
    x += dx;
  }
  CHECK((rollout::run(loop, start, {.steps = 30}).final_state - joined(h, x)).cwiseAbs().maxCoeff() < 1e-14);
}

namespace {

// An angle that a force drives, and how far it has turned in all: h' = (h0 + 1 + x modulo 6, h1 + 1 + x).
struct driven_rotor {
  using scalar_type = double;
  Index state_size() const { return 2; }
  Index input_size() const { return 1; }
  VectorXd periods() const { return VectorXd{{6.0, 0.0}}; }
  Eigen::Array<bool, Eigen::Dynamic, 1> unbounded() const { return Eigen::Array<bool, 2, 1>(false, true); }
  void step(libration::vector_view<double> h, libration::vector_view<double> x, libration::vector_span<double> next) const {
    next[0] = std::fmod(h[0] + 1.0 + x[0], 6.0);
    next[1] = h[1] + 1.0 + x[0];
  }
};
struct no_force {
  using scalar_type = double;
  Index input_size() const { return 2; }
  Index output_size() const { return 1; }
  void evaluate(libration::vector_view<double>, libration::vector_span<double> x) const { x[0] = 0.0; }
};

}  // namespace

TEST_CASE("maps::loop_with_input: which of the cell's coordinates wrap and grow is known of the loop too", "[law]") {
  const auto loop = maps::loop_with_input(driven_rotor{}, no_force{});
  const maps::coordinates c(loop);
  REQUIRE(c.size() == 3);
  CHECK(c.period(0) == 6.0);
  CHECK(c.period(1) == 0.0);
  CHECK(c.period(2) == 0.0);
  CHECK_FALSE(c.unbounded(0));
  CHECK(c.unbounded(1));
  CHECK_FALSE(c.unbounded(2));
  CHECK(c.difference(0, 5.5, 0.5) == -1.0);
}

TEST_CASE("maps::loop_with_input: parts that do not fit are refused", "[failure]") {
  const models::gru<double> net(random_layers<double>(3, 2, {4}, 1.0)), wider(random_layers<double>(3, 5, {4}, 1.0));
  const models::direct_feedback<double> feedback(net, models::readout<double>(random_matrix(2, 4, 0.3, 41), VectorXd()));
  CHECK(libration_test::message_of<libration::argument_error>([&] { (void)maps::loop_with_input(wider, feedback); }) ==
        "maps::loop_with_input: the feedback's output has 2 rows, expected 5 (the cell's input size)");
}
