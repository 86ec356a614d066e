// SPDX-License-Identifier: MIT
/// \file
/// How far back one output of a GRU depends on its inputs, over 1,000 lags by adjoints, against the run alone.

#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/memory/reach.hpp>
#include <libration/models/gru.hpp>
#include <libration/rollout/run.hpp>

#include "ratio.hpp"

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  constexpr std::int64_t lags = 1000;
  using gru = libration::models::gru<float>;

  const auto file = libration::io::safetensors::open(LIBRATION_BUNDLED_GRU);
  const auto network = gru::from(file, "rnn.");
  const Eigen::Index n = network.state_size();
  Eigen::MatrixXd output(1, n);
  libration::random_stream(2).fill_normal(output);
  const Eigen::VectorXf start = Eigen::VectorXf::Zero(n);
  // One window, whose set-up is part of the cost, and many that share it.
  for (const std::int64_t windows : {1, 8}) {
    const std::string name = windows == 1 ? "reach" : "reach_windows";
    if (!program.wanted(name)) continue;
    const std::int64_t steps = windows * (lags + 1);
    Eigen::MatrixXf inputs(network.input_size(), steps);
    libration::random_stream(1).fill_normal(inputs);
    const auto work = static_cast<double>(steps);
    program.measure({name,
                     "steps",
                     2.0,
                     false,
                     {"libration, 1,000 lags of one output",
                      work,
                      [&] {
                        const auto heard = libration::memory::reach(
                            network, start, inputs, {.lags = lags, .output = output, .steps = steps, .transient = 0});
                        benchmark::DoNotOptimize(heard.gain.data());
                      }},
                     {{"the run alone", work, [&] {
                         const auto end = libration::rollout::run(network, start, inputs, {.steps = steps});
                         benchmark::DoNotOptimize(end.final_state.data());
                       }}}});
  }
  return program.status();
}
