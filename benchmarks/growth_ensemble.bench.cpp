// SPDX-License-Identifier: MIT
/// \file
/// The growth of small errors in 1024 pairs of runs of Lorenz's system, against a plain loop over one pair at a time.

#include <cstdint>
#include <cstdio>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/error/growth_ensemble.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/rk4.hpp>

#include "peers/lorenz_pairs.hpp"
#include "ratio.hpp"

namespace {

namespace error = libration::error;

constexpr Eigen::Index pairs = 1024;
constexpr std::int64_t transient = 100, steps = 2000, every = 10;
constexpr double dt = 0.01, size = 1e-8;

Eigen::VectorXd ensemble(const Eigen::MatrixXd& starts) {
  const auto r = error::growth_ensemble(libration::maps::rk4(libration::maps::lorenz63{}, dt), starts,
                                        {.size = size, .steps = steps, .every = every, .transient = transient, .normaliser = 1.0},
                                        {.threads = 1});
  return r.curve.mean_log();
}

Eigen::VectorXd one_by_one(const Eigen::MatrixXd& starts) {
  namespace peer = benchmarks::lorenz_pairs;
  Eigen::MatrixXd errors(pairs, steps / every + 1);
  for (Eigen::Index i = 0; i < pairs; ++i) {
    Eigen::Vector3d d;
    libration::random_stream(0, static_cast<std::uint64_t>(i)).fill_normal(d);
    d *= size / d.norm();
    peer::pair({starts(0, i), starts(1, i), starts(2, i)}, {d[0], d[1], d[2]}, dt, transient, steps, every, &errors(i, 0), pairs);
  }
  return errors.array().log().colwise().mean().transpose();
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  if (!program.wanted("growth_ensemble")) return 0;

  Eigen::MatrixXd starts(3, pairs);
  libration::random_stream(1, 0).fill_normal(starts);
  starts.row(2).array() += 25.0;

  // Both runs of a pair, after the transient of one.
  const auto work = static_cast<double>(pairs * (transient + 2 * steps));
  const auto side = [&](const char* name, auto&& run) {
    return benchmarks::alternative{name, work, [&starts, run] {
                                     Eigen::VectorXd curve = run(starts);
                                     benchmark::DoNotOptimize(curve.data());
                                   }};
  };
  program.measure({"growth_ensemble",
                   "steps",
                   3.5,
                   true,
                   side("libration, 1024 pairs in lanes", ensemble),
                   {side("plain loop, one pair at a time", one_by_one)}});
  const Eigen::VectorXd ours = ensemble(starts), theirs = one_by_one(starts);
  std::printf("    mean of ln error after 10 units of time: %.4f; by the loop %.4f\n", ours[100], theirs[100]);
  return program.status();
}
