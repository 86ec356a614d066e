// SPDX-License-Identifier: MIT
/// \file
/// 64 perturbed runs of the bundled GRU together and one after another, beside what its two weight products alone gain by that.

#include <cstdint>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/growth.hpp>
#include <libration/io/safetensors.hpp>
#include <libration/models/gru.hpp>

#include "ratio.hpp"

namespace {

namespace error = libration::error;

using gru = libration::models::gru<float>;

constexpr Eigen::Index runs = 64;
constexpr std::int64_t steps = 200;

// The same network without its batches: the perturbed runs step one after another.
struct one_by_one {
  using scalar_type = float;
  using workspace = gru::workspace;
  const gru* net;

  Eigen::Index state_size() const { return net->state_size(); }
  Eigen::Index input_size() const { return net->input_size(); }
  workspace make_workspace(Eigen::Index columns) const { return net->make_workspace(columns); }
  void step(libration::vector_view<float> h, libration::vector_view<float> x, libration::vector_span<float> next,
            workspace& ws) const {
    net->step(h, x, next, ws);
  }
};

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  if (!program.wanted("perturbed_gru")) return 0;

  const auto file = libration::io::safetensors::open(LIBRATION_BUNDLED_GRU);
  const auto network = gru::from(file, "rnn.");
  const auto weights = network.layer(0).weights();
  const Eigen::Index n = network.state_size(), m = network.input_size();
  Eigen::MatrixXf inputs(m, steps);
  libration::random_stream(1).fill_normal(inputs);
  const Eigen::VectorXf start = Eigen::VectorXf::Zero(n);

  const auto growth = [&](const auto& map) {
    const auto curve = error::growth(
        map, start, inputs, {.size = 1e-3, .steps = steps, .windows = 1, .members = runs, .transient = 0, .normaliser = 1.0});
    benchmark::DoNotOptimize(curve.error.data());
  };
  Eigen::MatrixXf X(m, runs), H(n, runs), P(3 * n, runs), U(3 * n, runs);
  libration::random_stream(2).fill_normal(X);
  libration::random_stream(3).fill_normal(H);
  const auto products = [&](auto&& x, auto&& h, auto&& p, auto&& u) {
    p.noalias() = weights.input * x;
    u.noalias() = weights.recurrent * h;
    benchmark::DoNotOptimize(p.data());
    benchmark::DoNotOptimize(u.data());
    benchmark::ClobberMemory();
  };
  const auto work = static_cast<double>(runs * steps);
  program.measure_speed_up("perturbed_gru", "run steps", 0.85,
                           {"libration, 64 perturbed runs together", work, [&] { growth(network); }},
                           {"libration, one after another", work, [&] { growth(one_by_one{&network}); }},
                           {"the two weight products, 64 columns", work,
                            [&] {
                              for (std::int64_t t = 0; t < steps; ++t) products(X, H, P, U);
                            }},
                           {"the two weight products, column by column", work, [&] {
                              for (Eigen::Index r = 0; r < runs; ++r)
                                for (std::int64_t t = 0; t < steps; ++t) products(X.col(r), H.col(r), P.col(r), U.col(r));
                            }});
  return program.status();
}
