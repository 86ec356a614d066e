// SPDX-License-Identifier: MIT
// A state that grows without bound, and one that does not: linear attention with and without decay, as a map.

#include <cmath>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/memory/state_estimator.hpp>
#include <libration/report/format_memory.hpp>

using libration::vector_span, libration::vector_view;

// S' = decay S + v kᵀ and z' = decay z + k: sums of values and of keys (which are positive) over all tokens read. The output of a
// query q is S q / (z·q).
struct linear_attention {
  using scalar_type = double;
  Eigen::Index size;
  double decay;

  Eigen::Index state_size() const { return size * size + size; }
  Eigen::Index input_size() const { return 2 * size; }  // k before its feature map, and v
  void step(vector_view<double> h, vector_view<double> x, vector_span<double> next) const {
    const Eigen::VectorXd k = (x.head(size).array() < 0.0).select(x.head(size).array().exp(), x.head(size).array() + 1.0);
    next = decay * h;
    for (Eigen::Index j = 0; j < size; ++j) next.segment(j * size, size) += k[j] * x.tail(size);
    next.tail(size) += k;
  }
  // Two layers for the statistics: S, and z.
  std::size_t layer_count() const { return 2; }
  Eigen::Index offset(std::size_t l) const { return l == 0 ? 0 : size * size; }
};

int main() {
  constexpr Eigen::Index size = 8, steps = 20'000;
  Eigen::MatrixXd X(2 * size, steps);
  libration::random_stream(4).fill_normal(X);
  for (const double decay : {1.0, 0.99}) {
    const linear_attention map{size, decay};
    // The sequences of training had 500 tokens.
    const auto r = libration::memory::state_statistics(map, Eigen::VectorXd::Zero(map.state_size()), X, {.training_length = 500});
    fmt::print("decay {}: {}\n", decay, r);
    for (std::size_t l = 0; l < r.layers.size(); ++l)
      fmt::print("  {}: {}\n", l == 0 ? "sums of values" : "sums of keys", to_string(r.layers[l].growth));
    fmt::print("\n");
  }
}
