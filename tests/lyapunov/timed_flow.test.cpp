// SPDX-License-Identifier: MIT
/// \file
/// Spectra of flows that depend on time.

#include <libration/lyapunov/spectrum.hpp>

#include <array>
#include <cmath>
#include <numbers>

#include <libration/maps/rk4.hpp>

#include "support/catch.hpp"

namespace {

using libration::state;

constexpr double turn = 2.0 * std::numbers::pi;

// A Stuart-Landau oscillator that is pushed, of period 1.
struct forced {
  static constexpr int dimension = 2;
  template <class T>
  state<T, 2> derivative(double t, const state<T, 2>& h) const {
    const T r = h[0] * h[0] + h[1] * h[1];
    return {h[0] + turn * h[1] - r * h[0] - 3.0 * std::sin(turn * t), h[1] - turn * h[0] - r * h[1]};
  }
};

// The flow and two vectors of its variational equation, by hand: (x, y, u_x, u_y, v_x, v_y).
using point = std::array<double, 6>;
point rate(double t, const point& z) {
  const double x = z[0], y = z[1], r = x * x + y * y;
  const double a = 1 - r - 2 * x * x, b = turn - 2 * x * y, c = -turn - 2 * x * y, d = 1 - r - 2 * y * y;
  return {x + turn * y - r * x - 3 * std::sin(turn * t), y - turn * x - r * y, a * z[2] + b * z[3], c * z[2] + d * z[3],
          a * z[4] + b * z[5], c * z[4] + d * z[5]};
}
point moved(const point& z, double h, const point& k) {
  point to;
  for (std::size_t i = 0; i < 6; ++i) to[i] = z[i] + h * k[i];
  return to;
}

}  // namespace

TEST_CASE("lyapunov::spectrum: a field that takes the time, against Runge-Kutta of flow and variation by hand", "[differential]") {
  const double dt = 0.01;
  const int transient = 3000, alignment = 1000, steps = 30'000;
  const auto r = libration::lyapunov::spectrum(libration::maps::rk4(forced{}, dt), {0.0, 1.0},
                                               {.steps = steps, .transient = transient, .frame_transient = alignment});
  point z{0.0, 1.0, 1.0, 0.0, 0.0, 1.0};
  double first = 0.0, second = 0.0;
  for (int s = 0; s < transient + alignment + steps; ++s) {
    const double t = s * dt;
    const point k1 = rate(t, z), k2 = rate(t + dt / 2, moved(z, dt / 2, k1)), k3 = rate(t + dt / 2, moved(z, dt / 2, k2));
    const point k4 = rate(t + dt, moved(z, dt, k3));
    for (std::size_t i = 0; i < 6; ++i) z[i] += dt / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    const double u = std::hypot(z[2], z[3]);
    z[2] /= u;
    z[3] /= u;
    const double along = z[2] * z[4] + z[3] * z[5];
    z[4] -= along * z[2];
    z[5] -= along * z[3];
    const double v = std::hypot(z[4], z[5]);
    z[4] /= v;
    z[5] /= v;
    if (s >= transient + alignment) first += std::log(u), second += std::log(v);
  }
  CHECK(r.status == libration::status::ok);
  CHECK(std::abs(r.exponents[0] - first / (steps * dt)) < 1e-9);
  CHECK(std::abs(r.exponents[1] - second / (steps * dt)) < 1e-9);
  CHECK(std::abs(r.exponents[0] + 1.0539) < 1e-4);
  CHECK(std::abs(r.exponents[1] + 5.1105) < 1e-4);
}
