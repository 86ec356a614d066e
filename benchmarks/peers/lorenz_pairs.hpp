// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Pairs of runs of Lorenz's system of 1963 as a plain loop, one pair after another: RK4 on three doubles, and their distance.

#include <cmath>
#include <cstdint>

namespace benchmarks::lorenz_pairs {

struct vec3 {
  double x, y, z;
};

inline vec3 derivative(vec3 h) { return {10.0 * (h.y - h.x), h.x * (28.0 - h.z) - h.y, h.x * h.y - 8.0 / 3.0 * h.z}; }
inline vec3 moved(vec3 h, double s, vec3 k) { return {h.x + s * k.x, h.y + s * k.y, h.z + s * k.z}; }

inline vec3 rk4(vec3 h, double dt) {
  const vec3 k1 = derivative(h), k2 = derivative(moved(h, 0.5 * dt, k1)), k3 = derivative(moved(h, 0.5 * dt, k2)),
             k4 = derivative(moved(h, dt, k3));
  const double s = dt / 6.0;
  return {h.x + s * (k1.x + 2.0 * (k2.x + k3.x) + k4.x), h.y + s * (k1.y + 2.0 * (k2.y + k3.y) + k4.y),
          h.z + s * (k1.z + 2.0 * (k2.z + k3.z) + k4.z)};
}

inline double distance(vec3 a, vec3 b) {
  const double x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
  return std::sqrt(x * x + y * y + z * z);
}

/// \param errors  out: the distance every `every` steps, 0 first, `stride` numbers apart
inline void pair(vec3 h, vec3 offset, double dt, std::int64_t transient, std::int64_t steps, std::int64_t every, double* errors,
                 std::int64_t stride) {
  for (std::int64_t t = 0; t < transient; ++t) h = rk4(h, dt);
  vec3 p = moved(h, 1.0, offset);
  errors[0] = distance(p, h);
  std::int64_t point = 0;
  for (std::int64_t t = 1; t <= steps; ++t) {
    h = rk4(h, dt);
    p = rk4(p, dt);
    if (t % every == 0) errors[++point * stride] = distance(p, h);
  }
}

}  // namespace benchmarks::lorenz_pairs
