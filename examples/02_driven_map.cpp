// SPDX-License-Identifier: MIT
// A driven map: two leaky neurons that hear an input, their conditional exponents, and whether they forget where they began.

#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/report/format.hpp>
#include <libration/rollout/run.hpp>

// h' = (1 - leak) h + leak tanh(gain W h + (x, 0)), W = (-1 1; -5 4)
struct two_neurons {
  static constexpr int dimension = 2;        // of the state h
  static constexpr int input_dimension = 1;  // of the input x: this is what makes a map driven
  double gain, leak = 0.9;

  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h, const libration::state<T, 1>& x) const {
    using std::tanh;
    return {(1.0 - leak) * h[0] + leak * tanh(gain * (h[1] - h[0]) + x[0]),
            (1.0 - leak) * h[1] + leak * tanh(gain * (4.0 * h[1] - 5.0 * h[0]))};
  }
};

// Two copies from different starts hear the same input: how far apart are they in the end?
double distance_after(const two_neurons& map, const Eigen::MatrixXd& inputs, Eigen::Index steps) {
  const auto a = libration::rollout::run(map, {0.1, 0.2}, inputs, {.steps = steps}).final_state;
  const auto b = libration::rollout::run(map, {-0.9, 0.9}, inputs, {.steps = steps}).final_state;
  return std::hypot(a[0] - b[0], a[1] - b[1]);
}

int main() {
  // Inputs as a matrix, one column a step: shape (m, T). Random numbers are a function of (seed, index).
  Eigen::MatrixXd noise(1, 1'001'100);
  libration::random_stream(2024).fill_normal(noise);
  noise *= 0.2;

  fmt::print(
      "driven by noise (a matrix of inputs)\n"
      "  gain   conditional exponents            verdict   apart after 1000 steps\n");
  for (const double gain : {0.5, 1.0, 2.0}) {
    const two_neurons map{gain};
    const auto r = libration::lyapunov::spectrum(map, {0.1, 0.2}, noise, {.steps = 1'000'000});
    fmt::print("  {:.1f}    {:>6.3f} ± {:.3f}, {:>6.3f} ± {:.3f}   {:<8}  {}\n", gain, r.exponents[0], r.standard_error[0],
               r.exponents[1], r.standard_error[1], r.verdict,
               distance_after(map, noise, 1000) < 1e-9 ? "no: the input alone says where they are" : "yes: they never agree");
  }

  // Inputs as a callable x(t, out): nothing is stored, the run may be as long as one likes.
  const auto wave = [](std::int64_t t, libration::vector_span<double> out) {
    out[0] = 0.2 * std::sin(2.0 * std::numbers::pi * static_cast<double>(t) / 50.0);
  };
  const auto r =
      libration::lyapunov::spectrum(two_neurons{2.0}, {0.1, 0.2}, wave, {.steps = 1000, .tolerance = 2e-3, .max_steps = 1'000'000});
  fmt::print("driven by a wave (a callable), until every standard error is below 0.002\n  {:.2f}, {:.2f}: {}, {}\n", r.exponents[0],
             r.exponents[1], r.verdict, r.status);

  // Without any derivative, from two neighbouring orbits: an independent check of the leading exponent.
  const auto pair = libration::lyapunov::largest(two_neurons{2.0}, {0.1, 0.2}, noise, {.steps = 1'000'000});
  fmt::print("two trajectories, gain 2, noise: {:.3f}\n", pair.exponents[0]);
}
