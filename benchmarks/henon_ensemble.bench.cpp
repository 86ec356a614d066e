// SPDX-License-Identifier: MIT
/// \file
/// The Hénon map's two exponents from 1024 starts, orthonormalised each step, against a plain loop over one orbit at a time.

#include <cmath>
#include <cstdint>
#include <cstdio>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

#include <libration/core/random.hpp>
#include <libration/lyapunov/ensemble.hpp>
#include <libration/maps/henon.hpp>

#include "peers/henon_loop.hpp"
#include "ratio.hpp"

namespace {

namespace peer = benchmarks::henon_loop;

constexpr Eigen::Index members = 1024;
constexpr std::int64_t transient = 1000, frame_transient = 100, steps = 150'000;

Eigen::Vector2d ensemble(const Eigen::MatrixXd& starts) {
  const auto results = libration::lyapunov::spectrum_ensemble(
      libration::maps::henon{}, starts,
      {.steps = steps, .transient = transient, .frame_transient = frame_transient, .interval = 1}, {.threads = 1});
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (const auto& r : results) mean += r.exponents;
  return mean / static_cast<double>(members);
}

Eigen::Vector2d one_by_one(const Eigen::MatrixXd& starts) {
  Eigen::Vector2d mean = Eigen::Vector2d::Zero();
  for (Eigen::Index i = 0; i < members; ++i) {
    const auto found = peer::exponents({starts(0, i), starts(1, i)}, transient, frame_transient, steps);
    mean += Eigen::Vector2d(found[0], found[1]);
  }
  return mean / static_cast<double>(members);
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  if (!program.wanted("henon_ensemble")) return 0;

  Eigen::MatrixXd starts(2, members);
  libration::random_stream(1, 0).fill_normal(starts);
  starts *= 0.01;

  const auto work = static_cast<double>(members * (transient + frame_transient + steps));
  const auto side = [&](const char* name, auto&& run) {
    return benchmarks::alternative{name, work, [&starts, run] {
                                     Eigen::Vector2d mean = run(starts);
                                     benchmark::DoNotOptimize(mean);
                                   }};
  };
  program.measure({"henon_ensemble",
                   "steps",
                   8.0,
                   true,
                   side("libration, 1024 orbits in lanes", ensemble),
                   {side("plain loop, one orbit at a time", one_by_one)}});

  const Eigen::Vector2d ours = ensemble(starts), theirs = one_by_one(starts);
  std::printf("    exponents, mean over the orbits: %.5f %.5f; by the loop %.5f %.5f\n", ours[0], ours[1], theirs[0], theirs[1]);
  return program.status();
}
