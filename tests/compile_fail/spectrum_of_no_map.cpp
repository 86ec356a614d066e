// SPDX-License-Identifier: MIT
// A vector field is no map: the message leads to the words that say so.
// expect: not a map|constraints not satisfied|no matching function
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/rk4.hpp>

struct circle {
  static constexpr int dimension = 2;
  template <class T>
  libration::state<T, 2> derivative(const libration::state<T, 2>& h) const {
    return {h[1], -h[0]};
  }
};

int main() {
#if defined(LIBRATION_MUST_FAIL)
  return static_cast<int>(libration::lyapunov::spectrum(circle{}, {1.0, 0.0}).steps);
#else
  static_assert(!libration::maps::explain<circle>().empty());
  return static_cast<int>(libration::lyapunov::spectrum(libration::maps::rk4(circle{}, 0.1), {1.0, 0.0}).steps);
#endif
}
