// SPDX-License-Identifier: MIT
#include <libration/error/growth_ensemble.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/family.hpp"

using namespace libration_test;
using Eigen::Index;
using Eigen::MatrixXd;
namespace error = libration::error;

namespace {

// The curve of each start by its number; none where its reference diverged.
std::vector<std::vector<double>> curves(const error::growth_ensemble_result& r, Index starts) {
  std::vector<std::vector<double>> found(static_cast<std::size_t>(starts));
  Index row = 0;
  for (Index j = 0; j < starts; ++j) {
    if (std::find(r.diverged.begin(), r.diverged.end(), j) != r.diverged.end()) continue;
    for (Index i = 0; i < r.curve.error.cols(); ++i) found[static_cast<std::size_t>(j)].push_back(r.curve.error(row, i));
    ++row;
  }
  return found;
}

bool same_curve(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

// A pair's perturbation is drawn by its number: alone it has only copies of itself before it.
template <int n>
void check_pairs(std::uint64_t seed) {
  drawn draw(seed, 30 + n);
  const Index pairs = draw.whole(2, draw.whole(0, 3) == 0 ? 11 : 5);
  family<n> map;
  map.kind = static_cast<int>(draw.whole(0, map.kinds - 1));
  map.coupling = draw.one_of({0.0, 0.3, -0.1, 0.01, 1e-9});
  map.p = parameter(map.kind, draw);
  error::growth_options options;
  options.size = draw.one_of({1e-12, 1e-8, 1e-3, 1.0});
  options.direction = draw.whole(0, 1) == 0 ? error::direction::leading : error::direction::random;
  options.steps = draw.whole(3, 60);
  options.every = draw.whole(1, 3);
  options.transient = draw.whole(0, 1) == 0 ? draw.whole(1, 40) : 0;
  options.alignment = draw.whole(1, 40);
  options.norm = static_cast<error::norm>(draw.whole(0, 2));
  options.normaliser = 1.0;
  MatrixXd starts(n, pairs);
  for (double& x : starts.reshaped()) x = start(draw);

  const auto together = curves(error::growth_ensemble(map, starts, options, {.threads = seed % 2 == 0 ? 1 : 2}), pairs);
  INFO("seed " << seed << ", kind " << map.kind << ", dimension " << n);
  for (Index j = 0; j < pairs; ++j) {
    const MatrixXd copies = starts.col(j).replicate(1, j + 1);
    const auto alone = curves(error::growth_ensemble(map, copies, options, {.threads = 1}), j + 1);
    INFO("pair " << j);
    CHECK(same_curve(together[static_cast<std::size_t>(j)], alone[static_cast<std::size_t>(j)]));
  }
}

void check_all(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    switch (seed % 4) {
      case 0: check_pairs<1>(seed); break;
      case 1: check_pairs<2>(seed); break;
      case 2: check_pairs<3>(seed); break;
      default: check_pairs<4>(seed); break;
    }
  }
}

}  // namespace

TEST_CASE("error::growth_ensemble: each pair gets what it gets alone, 200 ensembles", "[law]") { check_all(0, 200); }
TEST_CASE("error::growth_ensemble: each pair gets what it gets alone, 4,000 ensembles", "[law][heavy]") { check_all(0, 4'000); }
TEST_CASE("error::growth_ensemble: each pair gets what it gets alone, 50,000 ensembles", "[law][.slow]") {
  check_all(4'000, 50'000);
}
