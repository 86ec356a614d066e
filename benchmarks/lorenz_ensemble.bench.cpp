// SPDX-License-Identifier: MIT
/// \file
/// The Lorenz system's three exponents under RK4, orthonormalised every 10 steps, against Boost.odeint one orbit at a time.

#include <cstdint>
#include <cstdio>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

#include <libration/core/random.hpp>
#include <libration/lyapunov/ensemble.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>

#include "peers/lorenz_odeint.hpp"
#include "ratio.hpp"

namespace {

namespace peer = benchmarks::lorenz_odeint;

constexpr Eigen::Index members = 128;
constexpr double dt = 0.01;
constexpr std::int64_t transient = 1000, frame_transient = 100, steps = 20'000, interval = 10;

Eigen::Vector3d ensemble(const Eigen::MatrixXd& starts) {
  const auto results = libration::lyapunov::spectrum_ensemble(
      libration::maps::rk4(libration::maps::lorenz63{}, dt), starts,
      {.steps = steps, .transient = transient, .frame_transient = frame_transient, .interval = interval}, {.threads = 1});
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (const auto& r : results) mean += r.exponents;
  return mean / static_cast<double>(members);
}

Eigen::Vector3d one_by_one(const Eigen::MatrixXd& starts) {
  Eigen::Vector3d mean = Eigen::Vector3d::Zero();
  for (Eigen::Index i = 0; i < members; ++i) {
    const auto found =
        peer::exponents({starts(0, i), starts(1, i), starts(2, i)}, dt, transient, frame_transient, steps, interval);
    mean += Eigen::Vector3d(found[0], found[1], found[2]);
  }
  return mean / static_cast<double>(members);
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  if (!program.wanted("lorenz_ensemble")) return 0;

  Eigen::MatrixXd starts(3, members);
  libration::random_stream(1, 0).fill_normal(starts);
  starts.colwise() += Eigen::Vector3d(1.0, 1.0, 20.0);

  const auto work = static_cast<double>(members * (transient + frame_transient + steps));
  const auto side = [&](const char* name, auto&& run) {
    return benchmarks::alternative{name, work, [&starts, run] {
                                     Eigen::Vector3d mean = run(starts);
                                     benchmark::DoNotOptimize(mean);
                                   }};
  };
  program.measure({"lorenz_ensemble",
                   "steps",
                   5.0,
                   true,
                   side("libration, 128 orbits in lanes", ensemble),
                   {side("Boost.odeint runge_kutta4, one orbit at a time", one_by_one)}});

  const Eigen::Vector3d ours = ensemble(starts), theirs = one_by_one(starts);
  std::printf("    exponents, mean over the orbits: %.4f %.4f %.4f; by odeint %.4f %.4f %.4f\n", ours[0], ours[1], ours[2],
              theirs[0], theirs[1], theirs[2]);
  return program.status();
}
