// SPDX-License-Identifier: MIT
#include <libration/error/token_divergence.hpp>

#include <cstdint>
#include <vector>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace error = libration::error;
namespace maps = libration::maps;

namespace {

struct nothing {};

// The next token depends on the last one: V logits by a formula.
struct waves {
  using scalar_type = float;
  using workspace = nothing;
  Eigen::Index state_size() const { return 1; }
  Eigen::Index vocabulary_size() const { return 500; }
  workspace make_workspace(Eigen::Index) const { return {}; }
  void step(maps::token v, libration::vector_view<float>, libration::vector_span<float> next, workspace&) const {
    next[0] = static_cast<float>(v);
  }
  void logits(libration::vector_view<float> h, libration::vector_span<float> out) const {
    out = (Eigen::ArrayXf::LinSpaced(out.size(), 0.0f, 9.0f) * (1.0f + 0.01f * h[0])).sin().matrix();
  }
};

}  // namespace

TEST_CASE("error::token_divergence: a step allocates nothing", "[no-alloc]") {
  const std::vector<std::vector<maps::token>> prompts = {{1, 2}};
  for (const auto how : {error::coupling::inverse_cdf, error::coupling::gumbel, error::coupling::greedy}) {
    for (const maps::sampling sampling : {maps::sampling{}, maps::sampling{.temperature = 0.7, .top_k = 40, .top_p = 0.9}}) {
      const auto allocations = [&](std::int64_t steps) {
        return libration_test::allocations_in([&] {
          (void)error::token_divergence(waves{}, waves{}, prompts,
                                        {.runs = 1, .steps = steps, .sampling = sampling, .coupling = how, .threads = 1});
        });
      };
      CHECK(allocations(10) == allocations(60));
    }
  }
}
