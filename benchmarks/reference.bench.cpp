// SPDX-License-Identifier: MIT
/// \file
/// Mahalanobis distances of 100,000 states of 512 floats from a low-rank reference, against the product of its components with them
/// alone; and of 20,000 states of doubles from a reference in full form, against the triangular solve alone.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/reference.hpp>

#include "ratio.hpp"

namespace {

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::MatrixXf, Eigen::VectorXd;

constexpr Index size = 512;

// Standard deviations that fall off as 1/√i, in random directions.
MatrixXf states(const MatrixXf& directions, Index count, std::uint64_t stream) {
  MatrixXf X(size, count);
  libration::random_stream(5, stream).fill_normal(X);
  for (Index i = 0; i < size; ++i) X.row(i) /= std::sqrt(static_cast<float>(i + 1));
  return directions * X;
}

}  // namespace

int main(int argc, char** argv) {
  benchmarks::program program(argc, argv);
  MatrixXf directions(size, size);
  libration::random_stream(5).fill_normal(directions);
  directions /= std::sqrt(static_cast<float>(size));
  const MatrixXf recorded = states(directions, 4000, 1);
  if (program.wanted("reference_low_rank")) {
    const MatrixXf run = states(directions, 100'000, 2);
    for (const Index rank : {32, 64, 128}) {
      const drift::reference usual(recorded, {.rank = rank});
      const MatrixXf U = usual.covariance().factor().cast<float>();
      MatrixXf scores(rank, run.cols());
      program.measure({"reference_low_rank_" + std::to_string(rank),
                       "states",
                       1.5,
                       false,
                       {"libration, distances of a run", static_cast<double>(run.cols()),
                        [&] {
                          const VectorXd d = usual.squared_mahalanobis_along(run);
                          benchmark::DoNotOptimize(d.data());
                        }},
                       {{"Eigen, the product with the components alone", static_cast<double>(run.cols()),
                         [&] {
                           scores.noalias() = U.transpose() * run;
                           benchmark::DoNotOptimize(scores.data());
                         }},
                        {"the same in blocks of 128 states", static_cast<double>(run.cols()), [&] {
                           for (Index j = 0; j < run.cols(); j += 128) {
                             const Index b = std::min<Index>(128, run.cols() - j);
                             scores.leftCols(b).noalias() = U.transpose() * run.middleCols(j, b);
                             benchmark::DoNotOptimize(scores.data());
                           }
                         }}}});
    }
  }
  if (program.wanted("reference_full")) {
    const MatrixXd run = states(directions, 20'000, 3).cast<double>();
    const drift::reference usual(recorded);
    MatrixXd whitened(size, run.cols());
    program.measure({"reference_full",
                     "states",
                     1.5,
                     false,
                     {"libration, distances of a run", static_cast<double>(run.cols()),
                      [&] {
                        const VectorXd d = usual.squared_mahalanobis_along(run);
                        benchmark::DoNotOptimize(d.data());
                      }},
                     {{"Eigen, the triangular solve alone", static_cast<double>(run.cols()),
                       [&] {
                         whitened = run;
                         usual.covariance().factor().triangularView<Eigen::Lower>().solveInPlace(whitened);
                         benchmark::DoNotOptimize(whitened.data());
                       }},
                      {"the same in blocks of 64 states", static_cast<double>(run.cols()), [&] {
                         for (Index j = 0; j < run.cols(); j += 64) {
                           auto block = whitened.leftCols(std::min<Index>(64, run.cols() - j));
                           block = run.middleCols(j, block.cols());
                           usual.covariance().factor().triangularView<Eigen::Lower>().solveInPlace(block);
                           benchmark::DoNotOptimize(whitened.data());
                         }
                       }}}});
  }
  return program.status();
}
