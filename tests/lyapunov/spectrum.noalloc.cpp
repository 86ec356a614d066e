// SPDX-License-Identifier: MIT
// A longer run allocates no more than a shorter one: nothing is allocated in a step. (A run's own allocations, its result's
// among them, do not depend on its length once there are as many batches as are kept, and none is left out for the frame's sake.)
#include <libration/lyapunov/spectrum.hpp>

#include <cstdint>

#include <libration/lyapunov/largest.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/lorenz96.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/models/gru.hpp>
#include <libration/tangent/finite_difference.hpp>

#include "models/networks.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

// `run(steps)` at a length and at twice that. Powers of two, so that both end with the same number of batches.
template <class Run>
void check_no_allocation(const char* name, Run&& run) {
  INFO(name);
  run(std::int64_t{16384});  // what is allocated once in a program
  const auto once = libration_test::allocations_in([&] { run(std::int64_t{16384}); });
  const auto twice = libration_test::allocations_in([&] { run(std::int64_t{32768}); });
  CHECK(once == twice);
}

}  // namespace

TEST_CASE("lyapunov::spectrum: nothing is allocated in a step", "[no-alloc]") {
  for (const std::int64_t interval : {0, 1, 3}) {
    INFO("interval " << interval);
    check_no_allocation("henon", [&](std::int64_t steps) {
      (void)lyapunov::spectrum(maps::henon{}, maps::henon::start(), {.steps = steps, .frame_transient = 100, .interval = interval});
    });
    const maps::tanh_network<> net(6, 2.0);
    const VectorXd h = net.start();
    check_no_allocation("tanh network", [&](std::int64_t steps) {
      (void)lyapunov::spectrum(net, h, {.steps = steps, .frame_transient = 100, .interval = interval});
    });
  }
}

TEST_CASE("lyapunov::spectrum: nothing is allocated in a step of a driven network, nor of a formula on blocks", "[no-alloc]") {
  const libration::models::gru<double> gru(libration_test::random_layers<double>(3, 2, {3, 4}));
  const VectorXd zero = VectorXd::Zero(7);
  const MatrixXd inputs = libration_test::random_matrix(2, 40'000, 1.0, 9);
  check_no_allocation("gru, a matrix of inputs", [&](std::int64_t steps) {
    (void)lyapunov::spectrum(gru, zero, inputs, {.count = 3, .steps = steps, .frame_transient = 100});
  });
  check_no_allocation("gru, a callable", [&](std::int64_t steps) {
    const auto source = [&](std::int64_t t, libration::vector_span<double> x) { x = inputs.col(t); };
    (void)lyapunov::spectrum(gru, zero, source, {.count = 3, .steps = steps, .frame_transient = 100});
  });
  const auto flow = maps::rk4(maps::lorenz96<12>{}, 0.02);
  check_no_allocation("lorenz96", [&](std::int64_t steps) {
    (void)lyapunov::spectrum(flow, maps::lorenz96<12>::start(), {.count = 2, .steps = steps, .frame_transient = 100});
  });
}

TEST_CASE("lyapunov::largest: nothing is allocated in a step", "[no-alloc]") {
  const maps::tanh_network<> net(6, 2.0);
  const VectorXd h = net.start();
  check_no_allocation("tanh network", [&](std::int64_t steps) { (void)lyapunov::largest(net, h, {.steps = steps}); });
  check_no_allocation("henon",
                      [&](std::int64_t steps) { (void)lyapunov::largest(maps::henon{}, maps::henon::start(), {.steps = steps}); });
}
