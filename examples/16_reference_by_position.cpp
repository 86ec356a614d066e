// SPDX-License-Identifier: MIT
// What is usual at token 5 is not what is usual at token 500: distances of states from a reference without and with positions.

#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/drift/hotelling.hpp>
#include <libration/drift/reference.hpp>
#include <libration/drift/reference_file.hpp>

namespace drift = libration::drift;
using Eigen::MatrixXd, Eigen::VectorXd;

namespace {

constexpr Eigen::Index size = 16, length = 400;

// A state that adds up what it reads and forgets it over 100 tokens, h' = 0.99 h + 0.1 W x with x of mean 0.3: from h = 0 it takes
// some hundred tokens to where it stays. From position `stuck` on it reads nothing and keeps its state.
MatrixXd run(std::uint64_t seed, const VectorXd& start, Eigen::Index stuck = length) {
  MatrixXd W(size, size), x(size, length), h(size, length);
  libration::random_stream(1).fill_normal(W);
  libration::random_stream(2, seed).fill_normal(x);
  VectorXd state = start;
  for (Eigen::Index t = 0; t < length; ++t) {
    if (t < stuck) state = 0.99 * state + 0.1 * W * (x.col(t).array() + 0.3).matrix();
    h.col(t) = state;
  }
  return h;
}

}  // namespace

int main() {
  const VectorXd zero = VectorXd::Zero(size);
  std::vector<MatrixXd> recorded;
  for (std::uint64_t r = 0; r < 100; ++r) recorded.push_back(run(r, zero));
  const drift::reference pooled(recorded), by_position(recorded, {.by_position = true, .covariance_by_position = true});
  fmt::print("{} states of {} runs; shrinkage {:.5f}, by position {:.4f} at the last\n\n", pooled.states(), recorded.size(),
             pooled.covariance().shrinkage(), by_position.covariance(length - 1).shrinkage());

  // A reference travels with its model as a file.
  const char* const file = "usual_states.safetensors";
  drift::write_reference(file, by_position);
  const auto usual = drift::read_reference(file);
  std::filesystem::remove(file);
  const VectorXd late = pooled.mean();
  fmt::print("mean d² over 20 states from position   0       50      150      350\n");
  const auto row = [&](const char* name, const MatrixXd& h) {
    for (const auto* reference : {&pooled, &usual}) {
      const VectorXd d = reference->squared_mahalanobis_along(h);
      fmt::print("  {:<20} {:<12}", reference == &pooled ? name : "", reference == &pooled ? "pooled" : "by position");
      for (const Eigen::Index t : {0, 50, 150, 350}) fmt::print("{:8.1f} ", d.segment(t, 20).mean());
      fmt::print("\n");
    }
  };
  row("a usual run", run(1000, zero));
  row("begins at the mean", run(1001, late));
  row("stuck from 30 on", run(1002, zero, 30));

  // T² of the leading components and SPE of what they leave, with one covariance for all positions: usual states of the second
  // half.
  const drift::reference shared(recorded, {.by_position = true, .shrinkage = 0.0});
  const drift::hotelling chart(shared, {.components = 4, .level = 0.99});
  constexpr int runs = 50;
  double above = 0.0, outside = 0.0;
  for (std::uint64_t r = 0; r < runs; ++r) {
    const auto v = chart.values_along(run(2000 + r, zero));
    for (Eigen::Index t = length / 2; t < length; ++t) {
      above += v.t_squared[t] > chart.t_squared_limit(t) ? 1.0 : 0.0;
      outside += v.spe[t] > chart.spe_limit(t) ? 1.0 : 0.0;
    }
  }
  constexpr double percent = 100.0 / (runs * length / 2);
  fmt::print("\nusual states above limits for 1 %: of T² {:.1f} %, of SPE {:.1f} %\n", above * percent, outside * percent);
}
