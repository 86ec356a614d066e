// SPDX-License-Identifier: MIT
// That an orbit which repeats is judged by the cycle's own exponent, however late it came there and wherever the run ends in it.
#include <libration/lyapunov/unstable_cycle.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"

namespace lyapunov = libration::lyapunov;
namespace maps = libration::maps;
using libration::status;
using namespace libration_test;

TEST_CASE("lyapunov::unstable_cycle: the logistic map's stable cycles, found before, within and at the end of a run",
          "[oracle][edge]") {
  // Windows of periods 3, 6, 5, 9, 14, 18: 64 steps are not a whole number of periods, and a chaotic transient of hundreds of steps
  // leads there. A period's growth is -0.04 to -1, of single steps from -4 to 1.4.
  int late = 0, stable = 0;
  for (const double r : {3.6266, 3.629, 3.6872, 3.7022, 3.7172, 3.7382, 3.7398, 3.8285, 3.829, 3.83, 3.8346, 3.835, 3.8442, 3.855,
                         3.9056})
    for (const std::int64_t steps : {300, 500, 1000, 2000})
      for (const std::int64_t transient : {0, 1000, 100'000}) {
        const auto tangent = lyapunov::spectrum(maps::logistic{r}, {0.3}, {.steps = steps, .transient = transient});
        const auto two = lyapunov::largest(maps::logistic{r}, {0.3}, {.steps = steps, .transient = transient});
        INFO("r = " << r << ", " << steps << " steps after " << transient << ": " << tangent.exponents[0] << " and "
                    << two.exponents[0]);
        CHECK(tangent.status == status::ok);
        CHECK(two.status == status::ok);
        stable += tangent.cycle_length > 0;
        late += tangent.cycle_length > 0 && transient == 0;
      }
  CHECK(stable > 60);
  CHECK(late > 5);
}

TEST_CASE("lyapunov::unstable_cycle: a spiral onto a fixed point, along which single directions grow for many steps", "[oracle]") {
  // 0.97 times a rotation by a tenth, seen in coordinates 100 times as long one way: the orbit underflows to 0.
  const double c = 0.97 * std::cos(0.1), s = 0.97 * std::sin(0.1);
  const maps::basic_linear<2> map{{{c, -100.0 * s}, {s / 100.0, c}}};
  for (std::int64_t transient = 40'000; transient < 40'064; ++transient) {
    const auto r = lyapunov::spectrum(map, {1.0, 1.0}, {.steps = 300, .transient = transient});
    CHECK(r.status == status::ok);
    CHECK(r.cycle_length > 0);
  }
}

TEST_CASE("lyapunov::unstable_cycle: unstable ones are told from stable ones in every lane, found in the last step too",
          "[oracle][law]") {
  std::vector<double> parameters;
  for (int i = 0; i < 40; ++i) parameters.push_back(i % 2 == 0 ? 4.0 : 3.6 + 0.01 * i);
  const auto make = [](auto r) { return maps::basic_logistic<decltype(r)>{r}; };
  for (const std::int64_t steps : {1, 3, 65, 700}) {
    // 1/2 -> 1 -> 0 at r = 4: the start is not on the unstable fixed point.
    const auto together = lyapunov::spectrum_sweep(make, parameters, {0.5}, {.steps = steps, .transient = 5, .frame_transient = 0});
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const auto alone =
          lyapunov::spectrum(maps::logistic{parameters[i]}, {0.5}, {.steps = steps, .transient = 5, .frame_transient = 0});
      INFO("r = " << parameters[i] << ", " << steps << " steps");
      CHECK(together[i].status == alone.status);
      CHECK(together[i].cycle_length == alone.cycle_length);
      CHECK(alone.status == (i % 2 == 0 ? status::collapsed : status::ok));
    }
  }
}
