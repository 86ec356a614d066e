// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A map with normal noise added to each new state.

#include <algorithm>
#include <cstdint>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/altered.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Which noise: the same (seed, stream) is the same noise, digit by digit.
struct noise_options {
  /// Seed of the random numbers.
  std::uint64_t seed = 0;
  /// Stream of the seed, independent of every other. Two noises in one run (of two maps that are composed or coupled, say)
  /// want two streams, and so do runs that are to be independent.
  std::uint64_t stream = 0;
};

/// s ξ_t, added to the new state of step t: component i gets s_i times the normal number t n + i of the stream.
class noise {
 public:
  static constexpr bool is_timed = true;

  /// \param deviations  standard deviations, shape (n); finite, >= 0
  LIBRATION_DECLARED noise(Eigen::VectorXd deviations, const noise_options& options);

  /// Standard deviations, shape (n).
  const Eigen::VectorXd& deviations() const { return deviations_; }
  std::uint64_t seed() const { return stream_.seed(); }
  std::uint64_t stream() const { return stream_.stream(); }

  template <class T, int n>
  void operator()(std::int64_t t, state<T, n>& next) const {
    state<double, n> normal;
    auto numbers = normal.vector();
    stream_.fill_normal(numbers, first(t));
    for (int i = 0; i < n; ++i) next[i] = next[i] + deviations_[i] * normal[i];
  }
  void operator()(std::int64_t t, vector_span<double> next) const { add(t, next); }
  void operator()(std::int64_t t, vector_span<float> next) const { add(t, next); }

 private:
  std::uint64_t first(std::int64_t t) const {
    return static_cast<std::uint64_t>(t) * static_cast<std::uint64_t>(deviations_.size());
  }

  template <class S>
  void add(std::int64_t t, vector_span<S>& next) const {
    constexpr Eigen::Index room = 64;
    Eigen::Array<double, room, 1> numbers;
    for (Eigen::Index begin = 0; begin < next.size(); begin += room) {
      const Eigen::Index count = std::min(room, next.size() - begin);
      auto part = numbers.head(count);
      stream_.fill_normal(part, first(t) + static_cast<std::uint64_t>(begin));
      next.segment(begin, count).array() += (deviations_.segment(begin, count).array() * part).template cast<S>();
    }
  }

  Eigen::VectorXd deviations_;
  random_stream stream_;
};

/// What `add_noise` makes of a formula.
template <formula_map F>
using noisy = detail::altered<F, noise>;
/// What `add_noise` makes of a vector map.
template <vector_map F>
using noisy_vector = detail::altered_vector<F, noise>;

/// The map h' = g(h [, x]) + s ξ_t, ξ_t standard normal and independent from step to step and component to component.
///
/// A timed map, pure like any other: the noise is a function of (seed, stream, t, component), not of the run or of the state.
/// Two runs of it from different starts therefore see the same noise, all lanes of an ensemble too, and its Lyapunov exponents
/// are those of a random map at a given noise; independent noise for each run is a stream for each run. Its tangent is the
/// inner map's. The noise comes once a step, whatever time the step covers: white noise of intensity D under a stepper is
/// s = √(D dt).
///
/// \param f     a formula or a vector map, driven or not
/// \param size  s, standard deviation of every component; or one for each, shape (n); finite, >= 0
/// \throws      argument_error for a deviation out of range, and for another number of them than n
/// Cost:        22 ns a component (measured): half a block of Philox, half of a logarithm, a square root, a sine and a cosine; no
///              allocation
template <formula_map F>
noisy<F> add_noise(F f, double size, const noise_options& options = {}) {
  return {std::move(f), noise(Eigen::VectorXd::Constant(static_cast<int>(F::dimension), size), options)};
}
template <formula_map F>
noisy<F> add_noise(F f, const state<double, static_cast<int>(F::dimension)>& size, const noise_options& options = {}) {
  return {std::move(f), noise(size.vector(), options)};
}
template <vector_map F>
noisy_vector<F> add_noise(F f, double size, const noise_options& options = {}) {
  noise added(Eigen::VectorXd::Constant(f.state_size(), size), options);
  return {std::move(f), std::move(added)};
}
template <vector_map F>
noisy_vector<F> add_noise(F f, const Eigen::VectorXd& size, const noise_options& options = {}) {
  require_rows(size.rows(), f.state_size(), "maps::add_noise", "the standard deviations", "the map's dimension");
  return {std::move(f), noise(size, options)};
}

}  // namespace libration::inline LIBRATION_ABI::maps

#if !defined(LIBRATION_COMPILED)
#include <libration/maps/definitions/add_noise.hpp>
#endif
