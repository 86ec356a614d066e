// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The gravitational three-body problem in the plane and in space, a separable Hamiltonian and a vector field.

#include <cmath>

#include <libration/core/config.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Three point masses that attract each other:
/// H(q, p) = sum_i |p_i|^2 / (2 m_i) - G sum_{i<j} m_i m_j / |q_i - q_j|.
///
/// The state is (q, p): the bodies' positions, then their momenta p_i = m_i v_i, each body's d components together.
/// As a field it goes with `maps::rk4`, as a separable Hamiltonian with `maps::leapfrog`, which keeps the energy error
/// bounded. Nothing is softened: a collision is a division by zero.
///
/// \tparam d  2 (plane) or 3 (space)
/// \param mass  m_i > 0; the default is the Pythagorean problem's 3, 4, 5
/// \param G     gravitational constant, in the units of positions, masses and time
/// Exponents: per unit time, in pairs of opposite sign; conserved quantities and their symmetries give zeros
template <int d, class P = double>
struct basic_three_body {
  static_assert(d == 2 || d == 3, "maps::three_body: d must be 2 (plane) or 3 (space)");
  static constexpr int degrees = 3 * d;
  static constexpr int dimension = 2 * degrees;
  P mass[3] = {3.0, 4.0, 5.0};
  P G = 1.0;

  /// dq/dt = dH/dp.
  /// \param p   momenta, shape (3d)
  template <class T>
  state<T, degrees> velocity(const state<T, degrees>& p) const {
    state<T, degrees> v;
    for (int body = 0; body < 3; ++body) {
      const P inverse = 1.0 / mass[body];
      for (int c = body * d; c < (body + 1) * d; ++c) v[c] = inverse * p[c];
    }
    return v;
  }

  /// dp/dt = -dH/dq.
  /// \param q   positions, shape (3d), all different
  template <class T>
  state<T, degrees> force(const state<T, degrees>& q) const {
    using std::sqrt;
    state<T, degrees> f;
    for (int c = 0; c < degrees; ++c) f[c] = 0.0;
    for (int i = 0; i < 2; ++i) {
      for (int j = i + 1; j < 3; ++j) {
        const state<T, d> apart = separation(q, i, j);
        const T square = squared_norm(apart);
        const T pull = (G * mass[i] * mass[j]) / (square * sqrt(square));
        for (int c = 0; c < d; ++c) {
          const T part = pull * apart[c];
          f[i * d + c] = f[i * d + c] + part;
          f[j * d + c] = f[j * d + c] - part;
        }
      }
    }
    return f;
  }

  /// (dq/dt, dp/dt).
  /// \param h   shape (6d): positions, then momenta
  template <class T>
  state<T, dimension> derivative(const state<T, dimension>& h) const {
    const state<T, degrees> v = velocity(half(h, degrees)), f = force(half(h, 0));
    state<T, dimension> rate;
    for (int c = 0; c < degrees; ++c) {
      rate[c] = v[c];
      rate[degrees + c] = f[c];
    }
    return rate;
  }

  /// Trace of the Jacobian: 0, as for every Hamiltonian.
  template <class T>
  T divergence(const state<T, dimension>&) const {
    return 0.0;
  }

  /// H(q, p), conserved.
  template <class T>
  T energy(const state<T, dimension>& h) const {
    using std::sqrt;
    const state<T, degrees> q = half(h, 0), p = half(h, degrees);
    T sum = 0.0;
    for (int body = 0; body < 3; ++body)
      for (int c = body * d; c < (body + 1) * d; ++c) sum = sum + p[c] * p[c] / (2.0 * mass[body]);
    for (int i = 0; i < 2; ++i)
      for (int j = i + 1; j < 3; ++j) sum = sum - (G * mass[i] * mass[j]) / sqrt(squared_norm(separation(q, i, j)));
    return sum;
  }

  /// sum_i q_i x p_i about the origin, conserved: one component in the plane, three in space.
  template <class T>
  state<T, 2 * d - 3> angular_momentum(const state<T, dimension>& h) const {
    state<T, 2 * d - 3> sum;
    for (int c = 0; c < 2 * d - 3; ++c) sum[c] = 0.0;
    for (int body = 0; body < 3; ++body) {
      const int q = body * d, p = degrees + body * d;
      if constexpr (d == 2) {
        sum[0] = sum[0] + h[q] * h[p + 1] - h[q + 1] * h[p];
      } else {
        for (int c = 0; c < 3; ++c) {
          const int next = (c + 1) % 3, last = (c + 2) % 3;
          sum[c] = sum[c] + h[q + next] * h[p + last] - h[q + last] * h[p + next];
        }
      }
    }
    return sum;
  }

  /// The Pythagorean problem, for masses 3, 4, 5 (the default) and G = 1: the bodies rest at the corners of a 3-4-5
  /// triangle, each opposite the side of its own length. Energy -769/60, angular momentum 0. Close encounters follow,
  /// which a fixed step must resolve; in the end one body escapes and leaves a binary.
  /// Source: Burrau, Astron. Nachr. 195 (1913) 113; Szebehely, Peters, Astron. J. 72 (1967) 876
  static state<double, dimension> pythagorean() {
    state<double, dimension> h = at_rest();
    h[0] = 1.0, h[1] = 3.0;
    h[d] = -2.0, h[d + 1] = -1.0;
    h[2 * d] = 1.0, h[2 * d + 1] = -1.0;
    return h;
  }

  /// The figure-eight orbit, for masses 1, 1, 1 and G = 1: the bodies follow one another on a closed curve, linearly
  /// stable, period 6.32591398. Angular momentum 0.
  /// Source: Chenciner, Montgomery, "A remarkable periodic solution of the three-body problem in the case of equal
  ///         masses", Ann. of Math. 152 (2000) 881; initial values by Simó given there
  static state<double, dimension> figure_eight() {
    constexpr double x = 0.97000436, y = -0.24308753, vx = -0.93240737, vy = -0.86473146;
    state<double, dimension> h = at_rest();
    h[0] = x, h[1] = y;
    h[d] = -x, h[d + 1] = -y;
    for (int body = 0; body < 3; ++body) {
      const double share = body == 2 ? 1.0 : -0.5;
      h[degrees + body * d] = share * vx;
      h[degrees + body * d + 1] = share * vy;
    }
    return h;
  }

  static state<double, dimension> start() { return pythagorean(); }

 private:
  static state<double, dimension> at_rest() {
    state<double, dimension> h;
    for (int c = 0; c < dimension; ++c) h[c] = 0.0;
    return h;
  }

  template <class T>
  static state<T, degrees> half(const state<T, dimension>& h, int first) {
    state<T, degrees> part;
    for (int c = 0; c < degrees; ++c) part[c] = h[first + c];
    return part;
  }

  template <class T>
  static state<T, d> separation(const state<T, degrees>& q, int from, int to) {
    state<T, d> apart;
    for (int c = 0; c < d; ++c) apart[c] = q[to * d + c] - q[from * d + c];
    return apart;
  }

  template <class T>
  static T squared_norm(const state<T, d>& x) {
    T sum = x[0] * x[0];
    for (int c = 1; c < d; ++c) sum = sum + x[c] * x[c];
    return sum;
  }
};

template <int d>
using three_body = basic_three_body<d>;

}  // namespace libration::inline LIBRATION_ABI::maps
