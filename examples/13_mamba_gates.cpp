// SPDX-License-Identifier: MIT
// What a Mamba forgets, read off its gates: exact exponents without a frame, half-lives, and how far back an output depends on its
// inputs.

#include <cmath>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/memory/gate_half_lives.hpp>
#include <libration/memory/reach.hpp>
#include <libration/models/mamba.hpp>
#include <libration/report/format_memory.hpp>

namespace models = libration::models;
using Eigen::Index;

// As the published model begins its training: A = -1 ... -N in every channel, time steps between 0.001 and 0.1.
models::mamba<double> untrained(const models::mamba_config& c) {
  std::uint64_t stream = 0;
  const auto normal = [&](Index rows, Index columns) {
    Eigen::MatrixXd W(rows, columns);
    libration::random_stream(1, ++stream).fill_normal(W);
    return Eigen::MatrixXd(W / std::sqrt(static_cast<double>(columns)));
  };
  models::mamba_weights<double> weights;
  weights.norm.setOnes(c.hidden_size);
  for (Index l = 0; l < c.layers; ++l) {
    models::mamba_weights<double>::layer w;
    w.norm.setOnes(c.hidden_size);
    w.in = normal(2 * c.inner_size, c.hidden_size);
    w.conv = normal(c.inner_size, c.conv_kernel);
    w.conv_bias.setZero(c.inner_size);
    w.x = normal(c.time_step_rank + 2 * c.state_size, c.inner_size);
    w.dt = normal(c.inner_size, c.time_step_rank);
    // Δ = softplus(dt_bias) is log-uniform over the channels.
    w.dt_bias = Eigen::ArrayXd::LinSpaced(c.inner_size, std::log(1e-3), std::log(0.1)).exp().expm1().log();
    w.A_log = Eigen::RowVectorXd::LinSpaced(c.state_size, 1.0, static_cast<double>(c.state_size)).array().log().matrix().replicate(
        c.inner_size, 1);
    w.D.setOnes(c.inner_size);
    w.out = normal(c.hidden_size, c.inner_size);
    weights.layers.push_back(w);
  }
  return {c, weights};
}

int main() {
  models::mamba_config c;
  c.hidden_size = 16;
  c.inner_size = 32;
  c.state_size = 8;
  c.layers = 2;
  c.time_step_rank = 2;
  const auto mamba = untrained(c);

  constexpr Index steps = 4000;
  Eigen::MatrixXd X(mamba.input_size(), steps);
  libration::random_stream(2).fill_normal(X);
  const Eigen::VectorXd h = Eigen::VectorXd::Zero(mamba.state_size());

  // Every step multiplies each number of the state by its own gate e^{Δ A}: the exponents are the gates' mean logarithms. The
  // convolution's inputs are gone after K - 1 steps: -∞.
  const auto exact = libration::lyapunov::spectrum(mamba, h, X, {.transient = 200});
  const Index gone = (exact.exponents.array() == -INFINITY).count();
  fmt::print("{} numbers of state, {} of them of the convolutions; exponents {}\n", mamba.state_size(), gone,
             exact.exact ? "by gates, exactly" : "by a frame");
  for (const Index i : {Index{0}, Index{1}, Index{2}, (mamba.state_size() - gone) / 2, mamba.state_size() - gone - 1})
    fmt::print("  exponent {:3}: {}, half-life {:.3g} steps\n", i + 1,
               libration::report::with_error(exact.exponents[i], exact.standard_error[i]),
               std::log(2.0) / -exact.exponents[i]);

  // The same of one layer, channel by channel: gates along the run, and their half-lives with intervals.
  auto ws = mamba.make_workspace(0);
  Eigen::VectorXd state = h, next(h.size()), gates(mamba.structured_spectrum().gates);
  Eigen::MatrixXd kept(c.inner_size, steps);
  for (Index t = 0; t < steps; ++t) {
    mamba.step(state, X.col(t), next, ws);
    mamba.gates(ws, gates);
    kept.col(t) = (-gates.head(c.inner_size).array()).exp();  // of A = -1, the slowest of each channel
    state.swap(next);
  }
  const auto half_lives = libration::memory::gate_half_lives(kept);
  fmt::print("\nhalf-lives of the slowest number of some channels of the first layer, steps\n");
  for (const Index i : {Index{0}, c.inner_size / 2, c.inner_size - 1})
    fmt::print("  channel {:2}: {:.3g} ({:.3g} to {:.3g})\n", i, half_lives.half_life[i], half_lives.lower[i], half_lives.upper[i]);

  // Gates say how long a number is kept, not what becomes of it: how far back the state depends on an input is the gain.
  fmt::print("\n{}\n", libration::memory::reach(mamba, h, X, {.lags = 200, .fraction = 0.1, .transient = 200, .probes = 4}));
}
