// SPDX-License-Identifier: MIT
// Whether the 95 % intervals hold the truth as often as they say, over 200 seeds each. A true probability of 0.95 gives a
// count outside 90 to 99 % once in 500 tables; what is measured is printed.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <string>
#include <vector>

#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/lorenz63.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/rk4.hpp>
#include <libration/maps/rossler.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using Eigen::MatrixXd, Eigen::VectorXd;
using libration::status;
using namespace libration_test;

namespace {

constexpr Eigen::Index seeds = 200;

// How many intervals hold the truth, in percent; how large the standard error says the error is, over what it is.
void check_coverage(const std::string& name, const std::vector<lyapunov::spectrum_result>& runs, Eigen::Index i, double truth) {
  int held = 0;
  double squares = 0.0, claimed = 0.0, steps = 0.0;
  for (const auto& r : runs) {
    REQUIRE(r.status == status::ok);
    const double error = r.exponents[i] - truth;
    if (std::abs(error) <= r.half_width[i]) ++held;
    squares += error * error;
    claimed += r.standard_error[i] * r.standard_error[i];
    steps += static_cast<double>(r.steps);
  }
  const double percent = 100.0 * held / static_cast<double>(runs.size());
  std::printf("%-44s %9.0f steps, error %.2e, claimed %.2e, held %5.1f %%\n", name.c_str(),
              steps / static_cast<double>(runs.size()), std::sqrt(squares / static_cast<double>(runs.size())),
              std::sqrt(claimed / static_cast<double>(runs.size())), percent);
  INFO(name);
  CHECK(percent >= 90.0);
  CHECK(percent <= 99.0);
}

MatrixXd henon_starts(std::uint64_t seed) { return 0.1 * uniform_inputs(2, seeds, seed); }

}  // namespace

TEST_CASE("lyapunov::spectrum: coverage of the 95 % interval on the Hénon map", "[stat][.slow]") {
  for (const std::int64_t steps : {3000, 30'000, 300'000}) {
    const auto runs = lyapunov::spectrum_ensemble(maps::henon{}, henon_starts(static_cast<std::uint64_t>(steps)), {.steps = steps});
    const std::string name = "henon, exponent ";
    check_coverage(name + "1", runs, 0, 0.4192154);
    check_coverage(name + "2", runs, 1, -1.6231882);
  }
}

TEST_CASE("lyapunov::spectrum: coverage on Hénon runs that the stopping rule ended", "[stat][.slow]") {
  for (const double tolerance : {3e-3, 1e-3}) {
    const auto runs = lyapunov::spectrum_ensemble(maps::henon{}, henon_starts(9), {.tolerance = tolerance});
    for (const auto& r : runs) CHECK(r.standard_error.maxCoeff() <= tolerance);
    char name[64];
    std::snprintf(name, sizeof name, "henon, stopped at %.0e, exponent 1", tolerance);
    check_coverage(name, runs, 0, 0.4192154);
  }
}

TEST_CASE("lyapunov::spectrum: coverage of Lorenz 63's first exponent", "[stat][.slow]") {
  MatrixXd starts = uniform_inputs(3, seeds, 5);
  starts.row(2).array() += 25.0;
  for (const std::int64_t steps : {20'000, 100'000}) {
    const auto runs =
        lyapunov::spectrum_ensemble(maps::rk4(maps::lorenz63{}, 0.01), starts, {.count = 1, .steps = steps, .transient = 3000});
    check_coverage("lorenz63, dt 0.01, exponent 1", runs, 0, 0.905675);
  }
}

TEST_CASE("lyapunov::spectrum: coverage of every exponent of products of Gaussian matrices", "[stat][.slow]") {
  for (const std::int64_t steps : {1000, 10'000}) {
    std::vector<lyapunov::spectrum_result> runs;
    for (Eigen::Index s = 0; s < seeds; ++s)
      runs.push_back(lyapunov::spectrum(maps::gaussian_product<>(3, static_cast<std::uint64_t>(s)), VectorXd::Zero(3).eval(),
                                        {.steps = steps, .transient = 0}));
    const double gamma = std::numbers::egamma, ln2 = std::numbers::ln2;
    // (1/2) (ln 2 + psi(x)) at x = 3/2, 1, 1/2.
    const double truth[3] = {0.5 * (ln2 + 2.0 - gamma - 2.0 * ln2), 0.5 * (ln2 - gamma), 0.5 * (ln2 - gamma - 2.0 * ln2)};
    for (Eigen::Index i = 0; i < 3; ++i)
      check_coverage("gaussian product, n = 3, exponent " + std::to_string(i + 1), runs, i, truth[i]);
  }
}

namespace {

// r' = r - r³, a turn in a unit of time: exponents 0 and -2.
struct stuart_landau {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> derivative(const libration::state<T, 2>& h) const {
    const T r = h[0] * h[0] + h[1] * h[1];
    const double turn = 2.0 * std::numbers::pi;
    return {h[0] + turn * h[1] - r * h[0], h[1] - turn * h[0] - r * h[1]};
  }
};

struct van_der_pol {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> derivative(const libration::state<T, 2>& h) const {
    return {h[1], (1.0 - h[0] * h[0]) * h[1] - h[0]};
  }
};

// How often the interval of a limit cycle's zero exponent holds 0, over random starts and first frames: always, and it
// cannot be 90 to 99 %. The growth is the same cycle after cycle, so that its sum is bounded: the error is that of where
// in the cycle the run ends, at most √2 times its root mean square for a sine and √3 times for a saw tooth, while
// Student's quantile of 16 degrees of freedom is 2.12 standard errors. Even a standard error that is exactly right holds
// 100 %. The one that is claimed is 1.7 to 2.2 times as large (`stats::mean_error`); both fall as 1/n.
template <class Map>
void check_zero_exponent(const char* name, const Map& map, const lyapunov::spectrum_options& given, Eigen::Index members,
                         bool is_neutral) {
  const MatrixXd starts = 2.0 * uniform_inputs(2, members, 7);
  int held = 0, neutral = 0;
  double worst = 0.0, claimed = 0.0;
  for (Eigen::Index s = 0; s < members; ++s) {
    auto options = given;
    options.seed = static_cast<std::uint64_t>(s);
    const auto r = lyapunov::spectrum(map, {starts(0, s), starts(1, s)}, options);
    REQUIRE(r.status == status::ok);
    held += std::abs(r.exponents[0]) <= r.half_width[0];
    neutral += r.verdict == libration::verdict::neutral;
    worst = std::max(worst, std::abs(r.exponents[0]));
    claimed = std::max(claimed, r.standard_error[0]);
  }
  std::printf("%-44s %9lld steps, error up to %.2e, claimed up to %.2e, held %5.1f %%\n", name, static_cast<long long>(given.steps),
              worst, claimed, 100.0 * held / static_cast<double>(members));
  INFO(name << ", " << given.steps << " steps, frame_transient " << given.frame_transient);
  CHECK(static_cast<double>(held) >= 0.9 * static_cast<double>(members));
  if (is_neutral) CHECK(neutral == members);
}

}  // namespace

TEST_CASE("lyapunov::spectrum: the 95 % interval of a limit cycle's zero exponent holds 0", "[stat]") {
  check_zero_exponent("Stuart-Landau, dt 0.01", maps::rk4(stuart_landau{}, 0.01), {.steps = 20'000}, 12, true);
}

TEST_CASE("lyapunov::spectrum: coverage of a limit cycle's zero exponent", "[stat][.slow]") {
  for (const std::int64_t steps : {20'000, 100'000}) {
    check_zero_exponent("Stuart-Landau, dt 0.01", maps::rk4(stuart_landau{}, 0.01), {.steps = steps}, seeds, true);
    check_zero_exponent("van der Pol, dt 0.01", maps::rk4(van_der_pol{}, 0.01), {.steps = steps, .transient = 3000}, seeds, false);
  }
  // Too few steps of the frame, forced: what is left is in the error bar.
  check_zero_exponent("Stuart-Landau, a frame turned for 1 unit", maps::rk4(stuart_landau{}, 0.01),
                      {.steps = 100'000, .frame_transient = 100}, seeds, false);
}

TEST_CASE("lyapunov::spectrum: coverage of Roessler's first exponent", "[stat][.slow]") {
  const MatrixXd starts = uniform_inputs(3, seeds, 6);
  const auto runs = lyapunov::spectrum_ensemble(maps::rk4(maps::rossler{}, 0.02), starts, {.steps = 100'000, .transient = 20'000});
  check_coverage("rossler, dt 0.02, exponent 1", runs, 0, 0.071362);
}
