// SPDX-License-Identifier: MIT
// The memory of linear recurrences, exactly: what a state of n numbers holds of its past inputs, and what noise leaves of it.

#include <cmath>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/eigenvalue_moduli.hpp>
#include <libration/memory/fisher_curve.hpp>
#include <libration/memory/linear_capacity.hpp>
#include <libration/report/format_memory.hpp>

namespace memory = libration::memory;
using Eigen::MatrixXd, Eigen::VectorXd;

int main() {
  constexpr Eigen::Index n = 20;
  const libration::random_stream random(3);

  // A delay line shifts its inputs on, a ring of gain 0.9 turns them, a random matrix of spectral radius 0.9 mixes them.
  MatrixXd line = MatrixXd::Zero(n, n);
  line.diagonal(-1).setOnes();
  MatrixXd ring = 0.9 * line;
  ring(0, n - 1) = 0.9;
  MatrixXd mixed(n, n);
  random.fill_normal(mixed);
  mixed *= 0.9 / libration::maps::spectral_radius(mixed);
  VectorXd v = VectorXd::Unit(n, 0);

  fmt::print("h' = W h + v u + noise, {} numbers of state: capacity, the variance of past inputs that a readout explains\n", n);
  fmt::print("  {:<14}{:>10}{:>14}{:>14}{:>14}{:>16}\n", "W", "no noise", "noise 1e-6", "noise 1e-3", "noise 0.1",
             "bits, noise 0.1");
  for (const auto& [name, W] : {std::pair{"delay line", line}, {"ring, 0.9", ring}, {"random, 0.9", mixed}}) {
    fmt::print("  {:<14}{:>10.4g}", name, memory::linear_capacity(W, v).total);
    for (const double noise : {1e-6, 1e-3, 0.1}) fmt::print("{:>14.4g}", memory::linear_capacity(W, v, {.noise = noise}).total);
    fmt::print("{:>16.4g}\n", memory::linear_capacity(W, v, {.noise = 0.1}).joint_bits);
  }

  // At which lags: the delay line holds n inputs whole and nothing before them; the random matrix holds the last ones best.
  fmt::print("\nrandom, noise 1e-3: {}\n", memory::linear_capacity(mixed, v, {.noise = 1e-3}));
  fmt::print("\nrandom, noise 1e-3: {}\n", memory::fisher_curve(mixed, v, {.noise = 1e-3}));
}
