// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The Lorenz system's three exponents with Boost.odeint: one orbit, state and three tangent vectors as one system of 12.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include <boost/numeric/odeint/stepper/runge_kutta4.hpp>

namespace benchmarks::lorenz_odeint {

inline constexpr double sigma = 10.0, rho = 28.0, beta = 8.0 / 3.0;

using orbit = std::array<double, 3>;
using orbit_with_frame = std::array<double, 12>;  // the state, then the tangent vectors one after the other

inline void field(const orbit& h, orbit& rate, double /*time*/) {
  rate[0] = sigma * (h[1] - h[0]);
  rate[1] = h[0] * (rho - h[2]) - h[1];
  rate[2] = h[0] * h[1] - beta * h[2];
}

inline void field_with_frame(const orbit_with_frame& h, orbit_with_frame& rate, double /*time*/) {
  rate[0] = sigma * (h[1] - h[0]);
  rate[1] = h[0] * (rho - h[2]) - h[1];
  rate[2] = h[0] * h[1] - beta * h[2];
  for (std::size_t j = 3; j < 12; j += 3) {
    rate[j] = sigma * (h[j + 1] - h[j]);
    rate[j + 1] = (rho - h[2]) * h[j] - h[j + 1] - h[0] * h[j + 2];
    rate[j + 2] = h[1] * h[j] + h[0] * h[j + 1] - beta * h[j + 2];
  }
}

/// Modified Gram-Schmidt of the three tangent vectors; adds the logarithms of R's diagonal.
inline void orthonormalise(orbit_with_frame& h, std::array<double, 3>& sums) {
  for (std::size_t j = 0; j < 3; ++j) {
    double* v = &h[3 + 3 * j];
    for (std::size_t i = 0; i < j; ++i) {
      const double* q = &h[3 + 3 * i];
      const double overlap = q[0] * v[0] + q[1] * v[1] + q[2] * v[2];
      for (std::size_t c = 0; c < 3; ++c) v[c] -= overlap * q[c];
    }
    const double length = std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    for (std::size_t c = 0; c < 3; ++c) v[c] *= 1.0 / length;
    sums[j] += std::log(length);
  }
}

/// \return the three exponents, per unit time, over `steps` steps of dt after `transient` of the orbit and `frame_transient` of
///         the frame; all are multiples of `interval`, the steps between orthonormalisations
inline std::array<double, 3> exponents(const orbit& start, double dt, std::int64_t transient, std::int64_t frame_transient,
                                       std::int64_t steps, std::int64_t interval) {
  namespace odeint = boost::numeric::odeint;
  orbit h = start;
  odeint::runge_kutta4<orbit> plain;
  for (std::int64_t t = 0; t < transient; ++t) plain.do_step(field, h, 0.0, dt);

  orbit_with_frame all{h[0], h[1], h[2], 1, 0, 0, 0, 1, 0, 0, 0, 1};
  odeint::runge_kutta4<orbit_with_frame> variational;
  std::array<double, 3> sums{};
  const auto run = [&](std::int64_t count) {
    for (std::int64_t t = 0; t < count; t += interval) {
      for (std::int64_t i = 0; i < interval; ++i) variational.do_step(field_with_frame, all, 0.0, dt);
      orthonormalise(all, sums);
    }
  };
  run(frame_transient);
  sums = {};
  run(steps);
  for (double& sum : sums) sum /= static_cast<double>(steps) * dt;
  return sums;
}

}  // namespace benchmarks::lorenz_odeint
