// SPDX-License-Identifier: MIT
/// \file
/// Mamba layers of width 768 with a state of 16 a channel, in float: a step against the memory's bandwidth, 64 runs together
/// against one after another, and the exact spectrum of 24 of them against 64 exponents by a frame.

#include <cmath>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/models/mamba.hpp>

#include "ratio.hpp"

namespace {

namespace lyapunov = libration::lyapunov;
namespace models = libration::models;
using Eigen::Index, Eigen::MatrixXf, Eigen::VectorXf;
using mamba = models::mamba<float>;

constexpr Index runs = 64;

models::mamba_config shape(Index layers) {
  models::mamba_config c;
  c.hidden_size = 768;
  c.inner_size = 1536;
  c.state_size = 16;
  c.time_step_rank = 48;
  c.layers = layers;
  return c;
}

// Weights as large as a trained network's, and rates and time steps as the published model begins with.
struct filler {
  std::uint64_t stream = 0;
  void matrix(const std::string& name, MatrixXf& values, Index rows, Index columns) {
    values.resize(rows, columns);
    if (name.ends_with("A_log")) {
      for (Index j = 0; j < columns; ++j) values.col(j).setConstant(std::log(static_cast<float>(j + 1)));
      return;
    }
    libration::random_stream(7, stream++).fill_normal(values);
    values /= std::sqrt(static_cast<float>(columns));
  }
  void kernel(const std::string& name, MatrixXf& values, Index channels, Index width) { matrix(name, values, channels, width); }
  void vector(const std::string& name, VectorXf& values, Index n) {
    values.setOnes(n);
    if (name.ends_with("conv1d.bias")) values.setZero();
    if (name.ends_with("dt_proj.bias")) values.setLinSpaced(n, -6.9f, -2.3f);  // softplus: 0.001 to 0.1
  }
  void require_that(bool, const std::string&, const std::string&) const {}
};

mamba random_network(Index layers) {
  const auto c = shape(layers);
  mamba::weights_type weights;
  weights.layers.resize(static_cast<std::size_t>(layers));
  filler fill;
  weights.visit(weights, c, "", fill);
  return mamba(c, weights);
}

// A step's weights, and its state, read and written.
double step_bytes(const mamba& net) {
  const auto& c = net.config();
  const Index I = c.inner_size, N = c.state_size, R = c.time_step_rank, d = c.hidden_size;
  const Index weights = 2 * I * d + I * c.conv_kernel + (R + 2 * N) * I + I * R + I * N + d * I;
  return 4.0 * static_cast<double>(c.layers * weights + 2 * net.state_size());
}

struct runner {
  const mamba& net;
  mamba::workspace ws;
  MatrixXf X, H, Next;

  runner(const mamba& network, Index members)
      : net(network),
        ws(network.make_workspace(0, members)),
        X(network.input_size(), members),
        H(MatrixXf::Zero(network.state_size(), members)),
        Next(H) {
    libration::random_stream(3).fill_normal(X);
  }
  void together() {
    net.step_batch(H, X, Next, ws);
    H.swap(Next);
    benchmark::DoNotOptimize(H.data());
  }
  void one(Index j) {
    net.step(H.col(j), X.col(j), Next.col(j), ws);
    benchmark::DoNotOptimize(Next.data());
  }
};

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  if (program.wanted("mamba_step_bandwidth") || program.wanted("mamba_exact_spectrum")) {
    const mamba net = random_network(24);
    if (program.wanted("mamba_step_bandwidth")) {
      runner r(net, 1);
      const VectorXf memory = VectorXf::Ones(Index{1} << 27);
      constexpr int steps = 4;
      program.measure({"mamba_step_bandwidth",
                       "bytes",
                       1.3,
                       false,
                       {"libration, a step of 24 layers: weights and states", steps * step_bytes(net),
                        [&] {
                          for (int t = 0; t < steps; ++t) r.together();
                        }},
                       {{"Eigen, the sum of 512 MiB", 4.0 * static_cast<double>(memory.size()), [&] {
                           float sum = memory.sum();
                           benchmark::DoNotOptimize(sum);
                         }}}});
    }
    if (program.wanted("mamba_exact_spectrum")) {
      constexpr std::int64_t many = 64, few = 4;
      MatrixXf X(net.input_size(), many);
      libration::random_stream(4).fill_normal(X);
      const VectorXf h0 = VectorXf::Zero(net.state_size());
      const auto spectrum = [&](std::int64_t steps, bool structured) {
        const auto r =
            lyapunov::spectrum(net, h0, X.leftCols(steps),
                               {.count = 64, .steps = steps, .transient = 0, .frame_transient = 0, .structured = structured});
        benchmark::DoNotOptimize(r.exponents.data());
      };
      program.measure({"mamba_exact_spectrum",
                       "steps",
                       50,
                       true,
                       {"libration, by the gates of 24 layers", many, [&] { spectrum(many, true); }},
                       {{"libration, 64 exponents by a frame", few, [&] { spectrum(few, false); }}}});
    }
  }
  if (program.wanted("mamba_runs")) {
    const mamba net = random_network(4);
    runner all(net, runs);
    constexpr int steps = 2;
    program.measure({"mamba_runs",
                     "run steps",
                     5,
                     true,
                     {"libration, 64 runs of 4 layers together", static_cast<double>(steps * runs),
                      [&] {
                        for (int t = 0; t < steps; ++t) all.together();
                      }},
                     {{"libration, one after another", static_cast<double>(runs), [&] {
                         for (Index j = 0; j < runs; ++j) all.one(j);
                       }}}});
  }
  return program.status();
}
