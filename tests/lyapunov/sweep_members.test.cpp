// SPDX-License-Identifier: MIT
#include <libration/lyapunov/ensemble.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include "lyapunov/members.hpp"
#include "support/catch.hpp"

using namespace libration_test;

namespace {

template <int n>
void check_sweep(std::uint64_t seed) {
  drawn draw(seed, n);
  const int members = static_cast<int>(draw.whole(2, draw.whole(0, 3) == 0 ? 11 : 5));
  const int kind = static_cast<int>(draw.whole(0, family<n>::kinds - 1));
  const double coupling = draw.one_of({0.0, 0.3, -0.1, 0.01, 1e-9});
  libration::state<double, n> h0;
  for (int i = 0; i < n; ++i) h0[i] = start(draw);
  const auto options = random_options(n, draw);
  std::vector<double> values;
  for (int i = 0; i < members; ++i) values.push_back(parameter(kind, draw));
  INFO("kind " << kind << ", dimension " << n << ", interval " << options.interval << ", steps " << options.steps);
  check_members_alone(members, seed, [&](const std::vector<int>& which, int threads) {
    std::vector<double> chosen;
    for (const int i : which) chosen.push_back(values[static_cast<std::size_t>(i)]);
    return libration::lyapunov::spectrum_sweep([&](auto p) { return family<n, decltype(p)>{kind, coupling, p}; },
                                               std::span<const double>(chosen), h0, options, {.threads = threads});
  });
}

void check_sweeps(std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    switch (seed % 4) {
      case 0: check_sweep<1>(seed); break;
      case 1: check_sweep<2>(seed); break;
      case 2: check_sweep<3>(seed); break;
      default: check_sweep<4>(seed); break;
    }
  }
}

}  // namespace

TEST_CASE("lyapunov::spectrum_sweep: each member gets what it gets alone, 40 sweeps", "[law]") { check_sweeps(0, 40); }
TEST_CASE("lyapunov::spectrum_sweep: each member gets what it gets alone, 6,000 sweeps", "[law][heavy]") {
  check_sweeps(0, 6'000);
}
TEST_CASE("lyapunov::spectrum_sweep: each member gets what it gets alone, 300,000 sweeps", "[law][.slow]") {
  check_sweeps(10'000, 300'000);
}
