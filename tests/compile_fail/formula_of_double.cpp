// SPDX-License-Identifier: MIT
// A formula that is no template of the scalar takes no dual numbers: it is not a map, and explain says so.
// expect: not a map|constraints not satisfied|no matching function
#include <libration/lyapunov/spectrum.hpp>

struct logistic {
  static constexpr int dimension = 1;
  libration::state<double, 1> operator()(const libration::state<double, 1>& h) const { return {4.0 * h[0] * (1.0 - h[0])}; }
};

int main() {
#if defined(LIBRATION_MUST_FAIL)
  return static_cast<int>(libration::lyapunov::spectrum(logistic{}, {0.3}, {.steps = 10}).steps);
#else
  static_assert(libration::maps::explain<logistic>().find("dual numbers") != std::string_view::npos);
  return 0;
#endif
}
