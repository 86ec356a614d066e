// SPDX-License-Identifier: MIT
// Open and closed loop: a cell that forgets whatever disturbs it, and that is chaotic as soon as it is fed its own output.

#include <fmt/format.h>

#include <libration/core/random.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/report/format.hpp>

// h' = h/2 + x: it reads x, and forgets half of what it knew in every step.
struct cell {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {0.5 * h[0] + x[0]};
  }
};

// What it says, and reads in a closed loop: f(h) = 4 h (1 - h) - h/2, so that h' = 4 h (1 - h).
struct readout {
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {4.0 * h[0] * (1.0 - h[0]) - 0.5 * h[0]};
  }
};

int main() {
  // Open loop: the inputs are given.
  const auto noise = [](std::int64_t t, auto out) { out[0] = libration::random_stream(1).uniform(static_cast<std::uint64_t>(t)); };
  const auto open = libration::lyapunov::spectrum(cell{}, {0.3}, noise, {.steps = 100'000});

  // Closed loop: h' = g(h, f(h)); its tangent differentiates f too.
  const auto closed = libration::lyapunov::spectrum(libration::maps::close_loop(cell{}, readout{}), {0.3}, {.steps = 100'000});

  fmt::print("open loop:   {:8.5f}, {}; ln(1/2) = -0.69315\n", open.exponents[0], open.verdict);
  fmt::print("closed loop: {:8.5f}, {}; ln 2 = 0.69315\n", closed.exponents[0], closed.verdict);
}
