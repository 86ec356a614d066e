// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Two maps side by side, with a coupling between their images.

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/compose.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

namespace detail {
template <class Coupling, class F, class G, class T>
concept couples = requires(const Coupling& coupling, state_of<F, T>& u, state_of<G, T>& v) { coupling(u, v); };
}

/// No coupling: the spectrum is that of both maps together.
struct uncoupled {
  template <class T, int n, int m>
  void operator()(state<T, n>&, state<T, m>&) const {}
};

/// Mutual diffusion of two images of one dimension: u' = (1 - eps) u + eps v, v' = (1 - eps) v + eps u.
///
/// Two equal maps synchronise where f's leading exponent plus ln|1 - 2 eps| is negative; that sum is the transversal
/// exponent of the synchronised orbit.
template <class P = double>
struct basic_diffusive {
  P epsilon = 0.1;

  template <class T, int n>
  void operator()(state<T, n>& u, state<T, n>& v) const {
    for (int i = 0; i < n; ++i) {
      const T to_u = epsilon * (v[i] - u[i]);
      u[i] = u[i] + to_u;
      v[i] = v[i] - to_u;
    }
  }
};
using diffusive = basic_diffusive<>;

/// The first drives the second, of one dimension: v' = (1 - eps) v + eps u. At eps = 1 the second follows at once.
///
/// The second's own exponents are then conditional on the first: negative where the second forgets its start.
template <class P = double>
struct basic_one_way {
  P epsilon = 0.1;

  template <class T, int n>
  void operator()(state<T, n>& u, state<T, n>& v) const {
    for (int i = 0; i < n; ++i) v[i] = v[i] + epsilon * (u[i] - v[i]);
  }
};
using one_way = basic_one_way<>;

/// Two formulas side by side. Made by `couple(f, g, coupling)`.
template <formula_map F, formula_map G, class Coupling>
class coupled : public detail::formula_base<coupled<F, G, Coupling>, static_cast<int>(F::dimension + G::dimension),
                                            detail::shared_input<F, G>, timed<F> || timed<G>,
                                            lanes_allowed<F> && lanes_allowed<G> && lanes_allowed<Coupling>> {
  static constexpr int nf = static_cast<int>(F::dimension);
  static constexpr int ng = static_cast<int>(G::dimension);
  static_assert(maps::counters<F> == 0, "libration::maps::couple: a map with counters comes second, so that they end the state");

 public:
  static constexpr int counters = maps::counters<G>;
  static constexpr bool autonomous = time_invariant<F> && time_invariant<G>;

  coupled(F f, G g, Coupling coupling) : f_(std::move(f)), g_(std::move(g)), coupling_(std::move(coupling)) {
    if constexpr (has_time_step<F> && has_time_step<G>) {
      const double first = f_.time_step(), second = g_.time_step();
      require(std::abs(first - second) <= 1e-12 * std::abs(first), "maps::couple", [&] {
        return "the second map's time step is " + number_text(second) + ", expected " + number_text(first) +
               " (the first one's)";
      });
    }
  }

  double time_step() const
    requires has_time_step<F> || has_time_step<G>
  {
    if constexpr (has_time_step<F>)
      return f_.time_step();
    else
      return g_.time_step();
  }
  coupled with_time_step(double dt) const
    requires(std::same_as<Coupling, uncoupled> && has_other_time_steps<F> && has_other_time_steps<G>)
  {
    return {f_.with_time_step(dt), g_.with_time_step(dt), coupling_};
  }
  state<double, nf + ng> periods() const
    requires has_periods<F> || has_periods<G>
  {
    return side_by_side<double>([](const auto& c, int i) { return c.period(i); });
  }
  state<bool, nf + ng> unbounded() const
    requires has_unbounded<F> || has_unbounded<G>
  {
    return side_by_side<bool>([](const auto& c, int i) { return c.unbounded(i); });
  }
  /// The sum, of maps that keep to themselves.
  template <class T>
    requires(std::same_as<Coupling, uncoupled> && detail::determinant_on<F, T> && detail::determinant_on<G, T>)
  T log_abs_determinant(const state<T, nf + ng>& h) const {
    T sum = f_.log_abs_determinant(first_of(h));
    sum += g_.log_abs_determinant(second_of(h));
    return sum;
  }

  const F& first() const { return f_; }
  const G& second() const { return g_; }
  const Coupling& coupling() const { return coupling_; }

 private:
  friend detail::formula_base<coupled, nf + ng, detail::shared_input<F, G>, timed<F> || timed<G>,
                              lanes_allowed<F> && lanes_allowed<G> && lanes_allowed<Coupling>>;

  template <class T, class X>
  state<T, nf + ng> advance(std::int64_t t, const state<T, nf + ng>& h, const X& x) const {
    state<T, nf> u = evaluate<F, T>(f_, t, first_of(h), x);
    state<T, ng> v = evaluate<G, T>(g_, t, second_of(h), x);
    coupling_(u, v);
    state<T, nf + ng> next;
    for (int i = 0; i < nf; ++i) next[i] = u[i];
    for (int i = 0; i < ng; ++i) next[nf + i] = v[i];
    return next;
  }

  template <class T>
  static state<T, nf> first_of(const state<T, nf + ng>& h) {
    state<T, nf> u;
    for (int i = 0; i < nf; ++i) u[i] = h[i];
    return u;
  }
  template <class T>
  static state<T, ng> second_of(const state<T, nf + ng>& h) {
    state<T, ng> v;
    for (int i = 0; i < ng; ++i) v[i] = h[nf + i];
    return v;
  }
  template <class Value, class Of>
  state<Value, nf + ng> side_by_side(const Of& of) const {
    const maps::coordinates<F> first(f_);
    const maps::coordinates<G> second(g_);
    state<Value, nf + ng> values;
    for (int i = 0; i < nf; ++i) values[i] = of(first, i);
    for (int i = 0; i < ng; ++i) values[nf + i] = of(second, i);
    return values;
  }

  F f_;
  G g_;
  Coupling coupling_;
};

/// Two maps side by side: from the state (h_f, h_g) the images u = f(h_f) and v = g(h_g) are computed, the coupling
/// mixes them in place, and (u, v) is the next state.
///
///     couple(logistic{}, logistic{}, diffusive{0.3})              // x' = (1 - eps) f(x) + eps f(y), the same for y'
///     couple(henon{}, ikeda{}, [](auto& u, auto& v) { v[0] = v[0] + 0.1 * u[1]; })
///
/// Maps that take an input both get the step's input, maps that take the time both the step's number. A time step,
/// where the maps have one, must be the same; a map without one goes along with the other.
///
/// \param coupling  `template <class T> void operator()(state<T, nf>& u, state<T, ng>& v) const`; `uncoupled`,
///                  `diffusive`, `one_way`, or one's own
/// \throws          argument_error where the time steps differ
template <formula_map F, formula_map G, class Coupling = uncoupled>
  requires detail::share_input<F, G> && detail::couples<Coupling, F, G, double> &&
           detail::couples<Coupling, F, G, detail::tangent_scalar>
coupled<F, G, Coupling> couple(F f, G g, Coupling coupling = {}) {
  return {std::move(f), std::move(g), std::move(coupling)};
}

}  // namespace libration::inline LIBRATION_ABI::maps
