// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Symplectic steppers for separable Hamiltonians: Störmer-Verlet (order 2) and Yoshida's composition of it (order 4).

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/stepper_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

namespace detail {

template <class H>
concept with_degrees = requires { static_cast<int>(H::degrees); } && (static_cast<int>(H::degrees) > 0);
template <class H, class T>
using part_of = state<T, static_cast<int>(H::degrees)>;
template <class H, class T>
concept velocity_p = requires(const H& hamiltonian, const part_of<H, T>& p) {
  { hamiltonian.velocity(p) } -> std::convertible_to<part_of<H, T>>;
};
template <class H, class T>
concept force_q = requires(const H& hamiltonian, const part_of<H, T>& q) {
  { hamiltonian.force(q) } -> std::convertible_to<part_of<H, T>>;
};
template <class H, class T>
concept force_tq = requires(const H& hamiltonian, double t, const part_of<H, T>& q) {
  { hamiltonian.force(t, q) } -> std::convertible_to<part_of<H, T>>;
};
template <class H, class T>
concept hamiltonian_on = velocity_p<H, T> && (force_q<H, T> || force_tq<H, T>);

}  // namespace detail

/// A Hamiltonian H(q, p, t) = T(p) + V(q [, t]). The state is (q, p), shape (2N).
///
///     static constexpr int degrees = N;                                               // of freedom, N >= 1
///     template <class T> state<T, N> velocity(const state<T, N>& p) const;            // dT/dp
///     template <class T> state<T, N> force([double t,] const state<T, N>& q) const;   // -dV/dq
///
/// t is the time in the units of dt: step number s of a stepper begins at t = s dt.
///
/// What the compiler cannot see: velocity and force are gradients, which makes the step symplectic.
template <class H>
concept separable_hamiltonian =
    detail::with_degrees<H> && detail::hamiltonian_on<H, double> && detail::hamiltonian_on<H, detail::tangent_scalar>;

/// A separable Hamiltonian whose potential depends on time.
template <class H>
concept timed_hamiltonian = separable_hamiltonian<H> && detail::force_tq<H, double>;

/// Says in words what keeps H from being a separable Hamiltonian; empty where nothing does.
template <class H>
consteval std::string_view explain_hamiltonian() {
  if constexpr (separable_hamiltonian<H>)
    return "";
  else if constexpr (!detail::with_degrees<H>)
    return "a separable Hamiltonian needs `static constexpr int degrees`, its degrees of freedom, at least 1";
  else if constexpr (detail::hamiltonian_on<H, double>)
    return "velocity and force take no dual numbers, which the tangent is computed in: they must be templates of the scalar";
  else if constexpr (requires(const H& h, const detail::part_of<H, double>& p) { h.velocity(0.0, p); })
    return "the velocity may not depend on time: a kinetic energy T(p, t) cannot be split; use maps::rk4 on a field";
  else if constexpr (!detail::velocity_p<H, double>)
    return "a separable Hamiltonian needs `template <class T> state<T, N> velocity(const state<T, N>& p) const`, dT/dp, with N = "
           "degrees";
  else
    return "a separable Hamiltonian needs `template <class T> state<T, N> force([double t,] const state<T, N>& q) const`, -dV/dq, "
           "with N = degrees";
}

namespace detail {

template <class H>
constexpr void check_hamiltonian() {
  static_assert(separable_hamiltonian<H>, "libration: this type is not a separable Hamiltonian: "
                                          "libration::maps::explain_hamiltonian<H>() says in words which clause it misses");
}

/// One step that alternates drifts and kicks, a drift first and last, whose lengths are fractions of dt.
/// \tparam Scheme  `stages`, and the fractions `drifts` (stages + 1) and `kicks` (stages)
template <class Derived, separable_hamiltonian H, class Scheme>
class splitting_map : public formula_base<Derived, 2 * static_cast<int>(H::degrees), 0, timed_hamiltonian<H>, lanes_allowed<H>>,
                      public wrapper<Derived, H> {
  static constexpr int N = static_cast<int>(H::degrees);

 public:
  static constexpr bool autonomous = !timed_hamiltonian<H>;

  splitting_map(H hamiltonian, double dt)
      : hamiltonian_(std::move(hamiltonian)), dt_(checked_time_step(dt, Scheme::name)) {}

  double time_step() const { return dt_; }
  Derived with_time_step(double dt) const { return Derived(hamiltonian_, dt); }
  const H& field() const { return hamiltonian_; }
  const H& inner() const { return hamiltonian_; }

  /// 0: symplectic maps preserve volumes.
  template <class T>
  T log_abs_determinant(const state<T, 2 * N>&) const {
    return 0.0;
  }

 private:
  friend formula_base<Derived, 2 * N, 0, timed_hamiltonian<H>, lanes_allowed<H>>;

  template <class T, class X>
  state<T, 2 * N> advance([[maybe_unused]] std::int64_t t, const state<T, 2 * N>& h, const X&) const {
    state<T, N> q, p;
    for_each_component<N>([&](int i) LIBRATION_INLINE_LAMBDA {
      q[i] = h[i];
      p[i] = h[N + i];
    });
    [[maybe_unused]] double drifted = 0.0;  // time goes on with the drifts: it is a coordinate of the extended phase space
    for (int stage = 0; stage < Scheme::stages; ++stage) {
      q = moved(q, Scheme::drifts[stage] * dt_, hamiltonian_.velocity(p));
      if constexpr (timed_hamiltonian<H>) {
        drifted += Scheme::drifts[stage];
        p = moved(p, Scheme::kicks[stage] * dt_, hamiltonian_.force((static_cast<double>(t) + drifted) * dt_, q));
      } else {
        p = moved(p, Scheme::kicks[stage] * dt_, hamiltonian_.force(q));
      }
    }
    q = moved(q, Scheme::drifts[Scheme::stages] * dt_, hamiltonian_.velocity(p));
    state<T, 2 * N> next;
    for_each_component<N>([&](int i) LIBRATION_INLINE_LAMBDA {
      next[i] = q[i];
      next[N + i] = p[i];
    });
    return next;
  }

  H hamiltonian_;
  double dt_;
};

struct leapfrog_scheme {
  static constexpr char name[] = "maps::leapfrog";
  static constexpr int stages = 1;
  static constexpr double drifts[] = {0.5, 0.5};
  static constexpr double kicks[] = {1.0};
};

struct yoshida4_scheme {
  static constexpr char name[] = "maps::yoshida4";
  static constexpr int stages = 3;
  static constexpr double cube_root_of_2 = 1.2599210498948731648;
  static constexpr double outer = 1.0 / (2.0 - cube_root_of_2);
  static constexpr double inner = 1.0 - 2.0 * outer;
  static constexpr double drifts[] = {0.5 * outer, 0.5 * (outer + inner), 0.5 * (outer + inner), 0.5 * outer};
  static constexpr double kicks[] = {outer, inner, outer};
};

}  // namespace detail

/// One Störmer-Verlet step of dt. Made by `leapfrog(hamiltonian, dt)`.
template <separable_hamiltonian H>
class leapfrog_map : public detail::splitting_map<leapfrog_map<H>, H, detail::leapfrog_scheme> {
 public:
  using detail::splitting_map<leapfrog_map<H>, H, detail::leapfrog_scheme>::splitting_map;
};

/// One step of dt of Yoshida's fourth-order composition. Made by `yoshida4(hamiltonian, dt)`.
template <separable_hamiltonian H>
class yoshida4_map : public detail::splitting_map<yoshida4_map<H>, H, detail::yoshida4_scheme> {
 public:
  using detail::splitting_map<yoshida4_map<H>, H, detail::yoshida4_scheme>::splitting_map;
};

/// The Hamiltonian flow as a symplectic map over the time dt: half a drift, a kick, half a drift.
///
/// Drift-kick-drift rather than kick-drift-kick: of the same order, and a map, which keeps nothing from step to step,
/// then needs one evaluation of the force and not two.
///
/// A potential that depends on time is evaluated at the time that the drifts have reached, which keeps order and symplecticity.
///
/// \param hamiltonian  separable; \param dt  time step, > 0
/// \throws     argument_error unless dt is finite and positive
/// Accuracy:   global error O(dt^2) (test "maps::leapfrog: order 2"); symplectic and time-reversible, so that the
///             energy error does not drift while dt resolves the fastest motion
/// Cost:       1 evaluation of the force, 2 of the velocity a step
/// Source:     Verlet, "Computer 'experiments' on classical fluids", Phys. Rev. 159 (1967) 98
template <separable_hamiltonian H>
leapfrog_map<H> leapfrog(H hamiltonian, double dt) {
  return {std::move(hamiltonian), dt};
}
template <class H>
  requires(!separable_hamiltonian<H>)
void leapfrog(H, double) {
  detail::check_hamiltonian<H>();
}

/// The same by three leapfrog steps, of lengths w dt, (1 - 2w) dt, w dt with w = 1/(2 - 2^{1/3}); the middle one goes
/// back.
///
/// Accuracy:   global error O(dt^4) (test "maps::yoshida4: order 4"); symplectic and time-reversible
/// Cost:       3 evaluations of the force, 4 of the velocity a step
/// Source:     Yoshida, "Construction of higher order symplectic integrators", Phys. Lett. A 150 (1990) 262
template <separable_hamiltonian H>
yoshida4_map<H> yoshida4(H hamiltonian, double dt) {
  return {std::move(hamiltonian), dt};
}
template <class H>
  requires(!separable_hamiltonian<H>)
void yoshida4(H, double) {
  detail::check_hamiltonian<H>();
}

}  // namespace libration::inline LIBRATION_ABI::maps
