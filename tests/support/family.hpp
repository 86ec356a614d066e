// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Random maps of a few kinds whose orbits do everything that orbits do: for tests over many maps at once.

#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/random.hpp>
#include <libration/scalar/scalar.hpp>

namespace libration_test {

/// Draws numbers and choices from a stream of its own.
class drawn {
 public:
  explicit drawn(std::uint64_t seed, std::uint64_t stream = 0) : numbers_(seed, 0x6d656d62 + stream) {}
  double uniform(double low, double high) { return low + (high - low) * numbers_.next_uniform(); }
  std::int64_t whole(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(numbers_.next_uniform() * static_cast<double>(high - low + 1));
  }
  template <std::size_t size>
  double one_of(const double (&values)[size]) {
    return values[static_cast<std::size_t>(whole(0, static_cast<std::int64_t>(size) - 1))];
  }

 private:
  libration::random_stream numbers_;
};

/// Eight kinds of maps of n components with one parameter, each component x coupled to the next one, y: x' = g(x, p) + c y.
///
/// By their parameter and start they are chaotic, singular, die to 0, escape, fall onto cycles, or are not defined.
///
/// \tparam P  double, or lanes: one parameter a member
/// \tparam m  components of an input, which is added to the first ones; 0: none
template <int n, class P = double, int m = 0>
struct family {
  static constexpr int dimension = n, input_dimension = m;
  static constexpr int kinds = 8;
  int kind = 0;
  double coupling = 0.0;
  P p = 0.0;

  template <class T>
  T g(const T& x) const {
    using std::abs, std::sqrt, std::tanh;
    switch (kind) {
      case 0: return p * x * (1.0 - x);                            // smooth; singular at 1/2 and for p = 0; escapes above 4
      case 1: return libration::select(x < 0.5, p * x, p * (1.0 - x));        // piecewise; p = 2 falls onto 0 in floating point
      case 2: return 1.0 - p * sqrt(abs(x));                       // a slope that is infinite at 0
      case 3: return libration::fract(p / x);                      // a pole at 0
      case 4: return tanh(p * x);                                  // saturates: slopes that round to 0
      case 5: return p * x * x * x;                                // dies or escapes faster than any exponential
      case 6: return p * x;                                        // factors of any size
      default: return 0.5 * x + libration::select(x < p, T(0.4), T(-0.3));    // contracts onto a cycle
    }
  }
  template <class T>
  libration::state<T, n> operator()(const libration::state<T, n>& h) const {
    libration::state<T, n> next;
    for (int i = 0; i < n; ++i) next[i] = g(h[i]);
    if (n > 1)
      for (int i = 0; i < n; ++i) next[i] = next[i] + coupling * h[(i + 1) % n];
    return next;
  }
  template <class T>
  libration::state<T, n> operator()(const libration::state<T, n>& h, const libration::state<T, m>& x) const
    requires(m > 0)
  {
    libration::state<T, n> next = (*this)(h);
    for (int i = 0; i < m && i < n; ++i) next[i] = next[i] + x[i];
    return next;
  }
};

/// A kind's parameter: among the usual ones, those at which something happens.
inline double parameter(int kind, drawn& draw) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (draw.uniform(0.0, 1.0) < 0.4) return draw.one_of({0.0, 1.0, 2.0, -1.0, 0.5, 4.0, 1e-20, 1e-300, 1e100, nan});
  switch (kind) {
    case 0: return draw.uniform(0.2, 4.1);
    case 1: return draw.uniform(0.5, 2.1);
    case 4: return draw.uniform(0.1, 30.0);
    case 6: return std::exp(draw.uniform(-40.0, 10.0));
    default: return draw.uniform(0.1, 2.0);
  }
}

inline double start(drawn& draw) {
  if (draw.uniform(0.0, 1.0) < 0.25) return draw.one_of({0.0, 0.5, 1.0, -1.0, 0.25, 1e-320, 1e-160, 1e160});
  return draw.uniform(0.01, 0.99);
}

}  // namespace libration_test
