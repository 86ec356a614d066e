// SPDX-License-Identifier: MIT
#include <libration/lyapunov/ensemble.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "lyapunov/members.hpp"
#include "support/catch.hpp"

using namespace libration_test;
using Eigen::MatrixXd;

namespace {

template <int n>
void check_ensemble(std::uint64_t seed) {
  drawn draw(seed, 10 + n);
  const int members = static_cast<int>(draw.whole(2, draw.whole(0, 3) == 0 ? 11 : 5));
  family<n> map;
  map.kind = static_cast<int>(draw.whole(0, map.kinds - 1));
  map.coupling = draw.one_of({0.0, 0.3, -0.1, 0.01, 1e-9});
  map.p = parameter(map.kind, draw);
  const auto options = random_options(n, draw);
  MatrixXd starts(n, members);
  for (double& x : starts.reshaped()) x = start(draw);
  INFO("kind " << map.kind << ", dimension " << n << ", interval " << options.interval << ", steps " << options.steps);
  check_members_alone(members, seed, [&](const std::vector<int>& which, int threads) {
    const MatrixXd chosen = starts(Eigen::all, which);
    return libration::lyapunov::spectrum_ensemble(map, chosen, options, {.threads = threads});
  });
}

// Inputs that are small, none, large, or end the orbit; as long as the longest run, or of lengths of their own.
void check_trials(std::uint64_t seed) {
  constexpr int n = 2;
  drawn draw(seed, 20);
  const int members = static_cast<int>(draw.whole(2, draw.whole(0, 3) == 0 ? 11 : 5));
  family<n, double, 1> map;
  map.kind = static_cast<int>(draw.whole(0, map.kinds - 1));
  map.coupling = draw.one_of({0.0, 0.3, -0.1, 0.01, 1e-9});
  map.p = parameter(map.kind, draw);
  auto options = random_options(n, draw);
  if (draw.whole(0, 1) == 0) options.max_steps = 0;  // with a tolerance: all that a trial holds
  const bool alike = draw.whole(0, 1) == 0;
  const std::int64_t least =
      options.transient + std::max(options.frame_transient, libration::lyapunov::fewest_frame_steps) +
      std::max(options.steps, options.tolerance > 0.0 ? options.max_steps : 0);
  if (alike && draw.whole(0, 3) == 0) options.steps = 0;
  std::vector<MatrixXd> trials;
  for (int i = 0; i < members; ++i) {
    MatrixXd X(1, least + (alike ? 5 : draw.whole(0, 20)));
    const double size = draw.one_of({0.0, 1e-3, 0.3, 1.0, 1e80});
    for (double& x : X.reshaped()) x = size * draw.uniform(-1.0, 1.0);
    if (draw.whole(0, 9) == 0) X(0, draw.whole(0, X.cols() - 1)) = std::numeric_limits<double>::quiet_NaN();
    trials.push_back(X);
  }
  INFO("kind " << map.kind << ", interval " << options.interval << ", steps " << options.steps);
  check_members_alone(members, seed, [&](const std::vector<int>& which, int threads) {
    std::vector<MatrixXd> chosen;
    for (const int i : which) chosen.push_back(trials[static_cast<std::size_t>(i)]);
    const libration::state<double, n> h0{0.3, 0.2};
    return libration::lyapunov::spectrum_trials(map, h0, std::span<const MatrixXd>(chosen), options, {.threads = threads});
  });
}

void check_all(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    switch (seed % 4) {
      case 0: check_ensemble<2>(seed / 2); break;
      case 1: check_ensemble<5>(seed / 2); break;
      default: check_trials(seed / 2); break;
    }
  }
}

}  // namespace

TEST_CASE("lyapunov::spectrum_ensemble, spectrum_trials: each member gets what it gets alone, 60 calls", "[law]") {
  check_all(0, 60);
}
TEST_CASE("lyapunov::spectrum_ensemble, spectrum_trials: each member gets what it gets alone, 4,000 calls", "[law][heavy]") {
  check_all(0, 4'000);
}
TEST_CASE("lyapunov::spectrum_ensemble, spectrum_trials: each member gets what it gets alone, 100,000 calls", "[law][.slow]") {
  check_all(4'000, 100'000);
}
