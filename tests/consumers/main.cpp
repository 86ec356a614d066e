// SPDX-License-Identifier: MIT
// The smallest program that uses most of the library: a map of one's own, its spectrum, printed.
#include <cmath>

#include <fmt/format.h>

#include <libration/libration.hpp>

struct skewed_tent {
  static constexpr int dimension = 1;

  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {libration::select(h[0] < 0.7, h[0] / 0.7, (1.0 - h[0]) / 0.3)};
  }
};

int main() {
  const auto r = libration::lyapunov::spectrum(skewed_tent{}, {0.1}, {.steps = 100'000});
  fmt::print("{}\n", r);
  // The exponent is the entropy of (0.7, 0.3); six standard errors are missed once in a thousand million runs.
  const double expected = -0.7 * std::log(0.7) - 0.3 * std::log(0.3);
  return std::abs(r.exponents[0] - expected) <= 6.0 * r.standard_error[0] ? 0 : 1;
}
