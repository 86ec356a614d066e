// SPDX-License-Identifier: MIT
// Flows: Lorenz's system per unit of time with its stepper's bias, and three bodies whose energy shows what a step is worth.

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>

#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/maps.hpp>
#include <libration/report/format.hpp>

namespace maps = libration::maps;
namespace lyapunov = libration::lyapunov;

void lorenz() {
  // A field becomes a map by a stepper; exponents are then per unit of time. The bias is a second run at half the step.
  const auto map = maps::rk4(maps::lorenz63{}, 0.01);
  lyapunov::spectrum_options options{.steps = 1'500'000};
  options.stepper_bias = true;
  const auto r = lyapunov::spectrum(map, maps::lorenz63::start(), options);
  fmt::print("Lorenz 1963 by RK4, time step 0.01, over {:.0f} units of time: {}, {}\n", static_cast<double>(r.steps) * r.time_step,
             r.verdict, r.status);
  for (int i = 0; i < 3; ++i)
    fmt::print("  {}  {:>8.4f} ± {:.4f}   bias {:>7.4f} ± {:.4f}\n", i + 1, r.exponents[i], r.standard_error[i], r.stepper_bias[i],
               r.stepper_bias_error[i]);
  fmt::print("  their sum {:.4f}, the flow's divergence -(sigma + 1 + beta) = {:.4f}\n  Kaplan-Yorke dimension {:.3f}\n", r.sum,
             -(10.0 + 1.0 + 8.0 / 3.0), r.kaplan_yorke_dimension.value);
}

// The error of the energy, relative to the energy at the start, as a power of ten: the largest on the way, and what is left
// (10^-9 is taken for nothing).
struct energy_error {
  double worst, left;
};
template <class Map>
energy_error run(const Map& map, double duration) {
  const maps::three_body<2> bodies;
  auto h = maps::three_body<2>::pythagorean();
  const double start = bodies.energy(h);
  double worst = 0.0, error = 0.0;
  for (std::int64_t t = std::lround(duration / map.time_step()); t > 0; --t) {
    h = map(h);
    error = std::abs(bodies.energy(h) / start - 1.0);
    worst = std::max(worst, error);
  }
  return {std::log10(worst), std::log10(std::max(error, 1e-9))};
}

void three_bodies() {
  const maps::three_body<2> bodies;  // masses 3, 4, 5, from rest at the corners of a 3-4-5 triangle
  fmt::print(
      "\nThree bodies, masses 3, 4, 5, from rest, until t = 3; two of them all but collide at t = 1.88\n"
      "  relative error of the energy, log10: the largest on the way and what is left of it\n"
      "  step        leapfrog         Yoshida 4            RK4\n");
  for (const double dt : {8e-5, 4e-5, 2e-5}) {
    const auto a = run(maps::leapfrog(bodies, dt), 3.0), b = run(maps::yoshida4(bodies, dt), 3.0),
               c = run(maps::rk4(bodies, dt), 3.0);
    fmt::print("  {:.5f}  {:>6.2f} {:>6.2f}    {:>6.2f} {:>6.2f}    {:>6.2f} {:>6.2f}\n", dt, a.worst, a.left, b.worst, b.left,
               c.worst, c.left);
  }

  // How much a disturbance of the start has grown: no transient, and no limit either, since in the end one body escapes.
  const auto map = maps::leapfrog(bodies, 2e-5);
  fmt::print("  growth of a disturbance of the start (leapfrog, step 0.00002)\n");
  for (const double duration : {1.0, 1.8, 2.0, 3.0}) {
    const auto steps = static_cast<std::int64_t>(std::lround(duration / map.time_step()));
    const auto r = lyapunov::spectrum(map, maps::three_body<2>::pythagorean(),
                                      {.count = 1, .steps = steps, .transient = 0, .frame_transient = 0});
    fmt::print("    until t = {:.1f}: a factor of {:.1f}\n", duration, std::exp(r.exponents[0] * duration));
  }
}

int main() {
  lorenz();
  three_bodies();
}
