// SPDX-License-Identifier: MIT
// A first map: the Ikeda map, written once as its formula, and its Lyapunov exponents with error bars.

#include <cmath>

#include <fmt/format.h>

#include <libration/lyapunov/lyapunov.hpp>
#include <libration/report/format.hpp>  // prints results

struct ikeda {
  static constexpr int dimension = 2;  // of the state h
  double u = 0.9;

  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h) const {
    using std::cos, std::sin;
    const T t = 0.4 - 6.0 / (1.0 + h[0] * h[0] + h[1] * h[1]);
    return {1.0 + u * (h[0] * cos(t) - h[1] * sin(t)), u * (h[0] * sin(t) + h[1] * cos(t))};
  }
};

int main() {
  const auto r = libration::lyapunov::spectrum(ikeda{}, {0.1, 0.1}, {.steps = 1'000'000});
  fmt::print("{}\n", r);
}
