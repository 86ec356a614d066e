// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a map says of its coordinates, which of them wrap and which grow without bound, and the difference of two of its states.

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/scalar/lanes.hpp>
#include <libration/scalar/single.hpp>
#include <libration/scalar/state.hpp>
#include <libration/scalar/traits.hpp>

namespace libration::inline LIBRATION_ABI::maps {

namespace detail {

// A member is a constant, `static constexpr` or not, or a function without arguments.
template <class M>
concept periods_as_function = requires(const M& map) {
  { map.periods()[0] } -> std::convertible_to<double>;
};
template <class M>
concept periods_as_constant = requires(const M& map) {
  { map.periods[0] } -> std::convertible_to<double>;
};
template <class M>
concept unbounded_as_function = requires(const M& map) {
  { map.unbounded()[0] } -> std::convertible_to<bool>;
};
template <class M>
concept unbounded_as_constant = requires(const M& map) {
  { map.unbounded[0] } -> std::convertible_to<bool>;
};

template <class Values>
constexpr Eigen::Index length_of(const Values& values) {
  if constexpr (requires { std::size(values); })
    return static_cast<Eigen::Index>(std::size(values));
  else
    return Values::size;
}

template <class Value>
struct nothing_said {};
template <class M, class Value, bool said>
auto make_per_coordinate() {
  if constexpr (!said)
    return nothing_said<Value>{};
  else if constexpr (with_dimension<M>)
    return std::array<Value, static_cast<std::size_t>(M::dimension)>{};
  else
    return std::vector<Value>{};
}
/// One value a coordinate: nothing at all where the map says nothing.
template <class M, class Value, bool said>
using per_coordinate = decltype(make_per_coordinate<M, Value, said>());

// a - b = d of a coordinate that wraps. The remainder is exact.
template <std::floating_point S>
S wrapped(S d, S period) {
  const S half = period / 2;
  if (!(std::abs(d) <= half)) d = std::remainder(d, period);
  return d == -half ? half : d;
}

}  // namespace detail

/// A map that says the period of each of its coordinates: P where h_i and h_i + P are one point (an angle, a torus), 0 where the
/// coordinate does not wrap.
///
///     static constexpr state<double, n> periods = {2.0 * std::numbers::pi, 0.0};
///     state<double, n> periods() const;             // or so; a vector map: Eigen::VectorXd periods() const, shape (n)
///
/// What the compiler cannot see: periods are finite and >= 0; g(h + P e_i) is g(h) up to periods.
template <class M>
concept has_periods = detail::periods_as_function<M> || detail::periods_as_constant<M>;

/// A map that says which of its coordinates grow without bound (a phase that is not wrapped, a clock), of which no spread is taken.
///
///     static constexpr state<bool, n> unbounded = {false, true};
///     state<bool, n> unbounded() const;             // or so; a vector map: Eigen::Array<bool, Eigen::Dynamic, 1>, shape (n)
template <class M>
concept has_unbounded = detail::unbounded_as_function<M> || detail::unbounded_as_constant<M>;

/// \return what the map says, one number a coordinate, anything with [i]
template <has_periods M>
constexpr decltype(auto) periods(const M& map) {
  if constexpr (detail::periods_as_function<M>)
    return map.periods();
  else
    return (map.periods);
}
template <has_unbounded M>
constexpr decltype(auto) unbounded(const M& map) {
  if constexpr (detail::unbounded_as_function<M>)
    return map.unbounded();
  else
    return (map.unbounded);
}

/// The number in which differences of coordinates come: T for SIMD lanes, else double, which holds those of floats exactly.
template <class T>
using difference_t = std::conditional_t<(scalar_traits<T>::width > 1), T, double>;

/// a - b, or where the coordinate wraps that number modulo the period that lies in (-period/2, period/2].
///
/// \param a, b    of one precision: double, float, `single`, or lanes of either
/// \param period  >= 0; 0: does not wrap. Taken in the precision of a and b, as a map's own formula takes it
/// Accuracy:      plain subtraction, bit for bit, where there is no period and where |a - b| < period/2; else exactly a - b, as
///                rounded, modulo the period. NaN where a - b is infinite
template <class T, class U = T>
difference_t<T> coordinate_difference(const T& a, const U& b, double period) {
  using base = typename scalar_traits<T>::base;
  static_assert(std::same_as<base, typename scalar_traits<U>::base>, "libration::maps: a difference is of one precision");
  using difference = difference_t<T>;
  const difference d = static_cast<difference>(a) - static_cast<difference>(b);
  if (period == 0.0) return d;
  const base P = static_cast<base>(period);
  if constexpr (scalar_traits<T>::width == 1) {
    return detail::wrapped(d, static_cast<double>(P));
  } else {
    if (all(d < T(P / 2) && -d < T(P / 2))) return d;
    T r;
    for (int lane = 0; lane < scalar_traits<T>::width; ++lane) r[lane] = detail::wrapped(static_cast<base>(d[lane]), P);
    return r;
  }
}

/// The coordinates of a map's state, read from it once: THE way to take the difference of two states.
///
///     const maps::coordinates c(map);
///     c.difference(i, a[i], b[i]);                     // of one coordinate
///     c.difference(a, b);                              // of states; for vectors c.difference(a, b, out)
///     if (c.bounded(i)) ...                            // has a size along the orbit that a spread can measure
///
/// The spread of a coordinate along an orbit is that of difference(i, h, first), first being its value at one state of the
/// orbit: so it does not depend on where the cut lies.
///
/// Cost: for a map that says nothing that of a subtraction, and no memory
template <class M>
class coordinates {
 public:
  static constexpr bool wraps = has_periods<M>;

  /// \throws argument_error  for a period that is negative or not finite, and for another number of them than the map's dimension
  explicit coordinates(const M& map) : n_(size_of(map)) {
    if constexpr (wraps) {
      const auto& said = maps::periods(map);
      require_rows(detail::length_of(said), n_, "maps::coordinates", "the map's periods", "the map's dimension");
      if constexpr (!detail::with_dimension<M>) period_.resize(static_cast<std::size_t>(n_));
      for (Eigen::Index i = 0; i < n_; ++i) {
        const double P = static_cast<double>(std::begin(said)[i]);
        require(std::isfinite(P) && P >= 0.0, "maps::coordinates", [&] {
          return "the map's period " + number_text(i) + " is " + number_text(P) + ", expected a finite number >= 0";
        });
        period_[static_cast<std::size_t>(i)] = P;
      }
    }
    if constexpr (has_unbounded<M>) {
      const auto& said = maps::unbounded(map);
      require_rows(detail::length_of(said), n_, "maps::coordinates", "what the map says is unbounded", "the map's dimension");
      if constexpr (!detail::with_dimension<M>) unbounded_.resize(static_cast<std::size_t>(n_));
      for (Eigen::Index i = 0; i < n_; ++i) unbounded_[static_cast<std::size_t>(i)] = static_cast<bool>(std::begin(said)[i]);
    }
  }

  Eigen::Index size() const { return n_; }

  /// \return the period of coordinate i; 0: it does not wrap
  double period([[maybe_unused]] Eigen::Index i) const {
    if constexpr (wraps)
      return period_[static_cast<std::size_t>(i)];
    else
      return 0.0;
  }

  /// \return whether the map says that coordinate i grows without bound
  bool unbounded([[maybe_unused]] Eigen::Index i) const {
    if constexpr (has_unbounded<M>)
      return unbounded_[static_cast<std::size_t>(i)];
    else
      return false;
  }

  /// \return false for a coordinate that grows without bound, or counts (`counters`)
  bool bounded(Eigen::Index i) const { return !unbounded(i) && i < n_ - counters<M>; }

  /// \return a - b of coordinate i, see `coordinate_difference`
  template <class T, class U = T>
  difference_t<T> difference(Eigen::Index i, const T& a, const U& b) const {
    return coordinate_difference(a, b, period(i));
  }

  /// \return a - b, shape (n)
  template <class T, int n>
  state<difference_t<T>, n> difference(const state<T, n>& a, const state<T, n>& b) const {
    state<difference_t<T>, n> d;
    for (int i = 0; i < n; ++i) d[i] = difference(i, a[i], b[i]);
    return d;
  }

  /// \param a, b  states, anything with [i], shape (n)
  /// \param out   a - b, shape (n); of the states' precision or double
  template <class A, class B, class Out>
  void difference(const A& a, const B& b, Eigen::MatrixBase<Out>& out) const {
    for (int i = 0; i < static_cast<int>(n_); ++i) out[i] = static_cast<typename Out::Scalar>(difference(i, a[i], b[i]));
  }

 private:
  static Eigen::Index size_of(const M& map) {
    if constexpr (detail::with_dimension<M>)
      return static_cast<Eigen::Index>(M::dimension);
    else
      return map.state_size();
  }

  Eigen::Index n_;
  [[no_unique_address]] detail::per_coordinate<M, double, has_periods<M>> period_;
  [[no_unique_address]] detail::per_coordinate<M, char, has_unbounded<M>> unbounded_;
};

}  // namespace libration::inline LIBRATION_ABI::maps
