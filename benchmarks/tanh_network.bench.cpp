// SPDX-License-Identifier: MIT
/// \file
/// Spectra of a random tanh network of 512 units: what a step costs beside the one matrix product it cannot avoid.

#include <cstdint>
#include <cstdio>
#include <string>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/tanh_network.hpp>
#include <libration/tangent/first_frame.hpp>

#include "ratio.hpp"

namespace {

using libration::maps::tanh_network;

constexpr Eigen::Index units = 512;
constexpr std::int64_t frame_transient = 20;

void measure(benchmarks::program& program, const tanh_network<double>& network, Eigen::Index count, std::int64_t steps,
             double target) {
  const std::string name = "tanh_network_" + std::to_string(count);
  if (!program.wanted(name)) return;

  libration::lyapunov::spectrum_result result;
  const Eigen::VectorXd start = network.start();
  const auto spectrum = [&] {
    result = libration::lyapunov::spectrum(
        network, start, {.count = count, .steps = steps, .transient = 100, .frame_transient = frame_transient});
  };
  const Eigen::MatrixXd& W = network.matrix();
  const Eigen::MatrixXd block = libration::tangent::random_frame(units, count, 0);
  Eigen::MatrixXd product(units, count);
  const auto products = [&] {
    for (std::int64_t t = 0; t < frame_transient + steps; ++t) {
      product.noalias() = W * block;
      benchmark::DoNotOptimize(product.data());
      benchmark::ClobberMemory();
    }
  };
  const auto work = static_cast<double>(frame_transient + steps);  // the steps that carry the frame
  program.measure({name,
                   "steps",
                   target,
                   false,
                   {"libration, " + std::to_string(count) + " exponents", work, spectrum},
                   {{"Eigen, the product of " + std::to_string(units) + " x " + std::to_string(units) + " and " +
                         std::to_string(units) + " x " + std::to_string(count),
                     work, products}}});
  std::printf("    leading exponent %.4f ± %.4f, orthonormalised every %.1f steps\n", result.exponents[0],
              result.standard_error[0], result.mean_interval);
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  const tanh_network<double> network(units, 2.0);
  measure(program, network, units, 200, 2.2);
  measure(program, network, 64, 1024, 1.4);
  return program.status();
}
