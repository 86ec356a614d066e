// SPDX-License-Identifier: MIT
// Flows: Lorenz's system per unit of time with its stepper's bias, and three bodies whose energy shows what a step is worth.

#include <cmath>

#include <fmt/format.h>

#include <libration/libration.hpp>

namespace maps = libration::maps;
namespace lyapunov = libration::lyapunov;

void lorenz() {
  // A field becomes a map by a stepper; exponents are then per unit of time. The bias is a second run at half the step.
  const auto map = maps::rk4(maps::lorenz63{}, 0.01);
  lyapunov::spectrum_options options{.steps = 300'000};
  options.stepper_bias = true;
  const auto r = lyapunov::spectrum(map, maps::lorenz63::start(), options);
  fmt::print("Lorenz 1963 by RK4, time step 0.01, over {:.0f} units of time: {}, {}\n", static_cast<double>(r.steps) * r.time_step,
             r.verdict, r.status);
  for (int i = 0; i < 3; ++i)
    fmt::print("  {}  {:>8.3f} ± {:.3f}   bias {:.3f} ± {:.3f}\n", i + 1, r.exponents[i], r.standard_error[i], r.stepper_bias[i],
               r.stepper_bias_error[i]);
  fmt::print("  their sum {:.4f}, the flow's divergence -(sigma + 1 + beta) = {:.4f}\n", r.sum, -(10.0 + 1.0 + 8.0 / 3.0));
  fmt::print("  Kaplan-Yorke dimension {:.3f}\n", r.kaplan_yorke_dimension.value);
}

// The largest error of the energy over the first ten units of time, relative to the energy at the start.
template <class Map>
double energy_error(const Map& map, double duration) {
  const maps::three_body<2> bodies;
  auto h = maps::three_body<2>::pythagorean();
  const double start = bodies.energy(h);
  double worst = 0.0;
  for (double t = 0.0; t < duration; t += map.time_step()) {
    h = map(h);
    worst = std::max(worst, std::abs(bodies.energy(h) / start - 1.0));
  }
  return worst;
}

void three_bodies() {
  const maps::three_body<2> bodies;  // masses 3, 4, 5, from rest at the corners of a 3-4-5 triangle
  fmt::print("Three bodies, masses 3, 4, 5, from rest: largest relative error of the energy over 10 units of time\n");
  fmt::print("  step     leapfrog   Yoshida 4   RK4 (10^x)\n");
  for (const double dt : {4e-4, 2e-4, 1e-4})
    fmt::print("  {:.4f}   {:>7.2f}   {:>7.2f}   {:>7.2f}\n", dt, std::log10(energy_error(maps::leapfrog(bodies, dt), 10.0)),
               std::log10(energy_error(maps::yoshida4(bodies, dt), 10.0)), std::log10(energy_error(maps::rk4(bodies, dt), 10.0)));

  // How fast a disturbance of the start grows, while it grows: no transient, and no limit either, since one body escapes.
  const auto map = maps::leapfrog(bodies, 1e-4);
  const auto start = maps::three_body<2>::pythagorean();
  fmt::print("finite-time growth of a disturbance from the start (leapfrog, step 0.0001)\n");
  for (const double duration : {2.0, 5.0, 10.0}) {
    const auto steps = static_cast<std::int64_t>(std::lround(duration / map.time_step()));
    const auto r = lyapunov::spectrum(map, start, {.count = 1, .steps = steps, .transient = 0, .frame_transient = 0});
    fmt::print("  until t = {:>2.0f}: e^({:.2f} t), a factor of 10^{:.1f}\n", duration, r.exponents[0],
               r.exponents[0] * duration / std::log(10.0));
  }
}

int main() {
  lorenz();
  three_bodies();
}
