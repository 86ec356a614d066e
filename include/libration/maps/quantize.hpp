// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A map whose state is kept in a format of few bits: a copy of a copy, step after step.

#include <cstdint>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/detail/altered.hpp>
#include <libration/maps/number_format.hpp>
#include <libration/maps/token_model.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/scalar.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// Rounding of each new state to a format, but for the counters at its end.
class rounding {
 public:
  static constexpr bool is_timed = false;

  explicit rounding(number_format format, Eigen::Index counters = 0) : format_(std::move(format)), counters_(counters) {}
  const number_format& format() const { return format_; }

  template <class T, int n>
  void operator()(std::int64_t, state<T, n>& next) const {
    state<double, n> values;
    for (int lane = 0; lane < scalar_traits<T>::width; ++lane) {
      for (int i = 0; i < n; ++i) values[i] = lane_value(next[i], lane);
      format_.round(values.vector().head(n - counters_));
      for (int i = 0; i < n; ++i) set_lane_value(next[i], lane, values[i]);
    }
  }
  void operator()(std::int64_t, vector_span<double> next) const { format_.round(next.head(next.size() - counters_)); }
  void operator()(std::int64_t, vector_span<float> next) const { format_.round(next.head(next.size() - counters_)); }

 private:
  number_format format_;
  Eigen::Index counters_;
};

namespace detail {
template <class F>
void check_format(const F& f, const number_format& format, Eigen::Index n) {
  format.check_size(n, "maps::quantize");
  if (!format.saturates()) return;
  const coordinates<F> c(f);
  for (Eigen::Index i = 0; i < n; ++i)
    require(!c.unbounded(i), "maps::quantize", [&] {
      return "coordinate " + number_text(i) + " grows without bound, expected a format that does not saturate: not a uniform grid";
    });
}
}  // namespace detail

/// What `quantize` makes of a formula.
template <formula_map F>
using quantized = detail::altered<F, rounding>;
/// What `quantize` makes of a vector map.
template <vector_map F>
using quantized_vector = detail::altered_vector<F, rounding>;

/// The map h' = round(g(h [, x])): the state is rounded after each step to float32, bfloat16, float16, or a grid of 2 to 24
/// bits, and the next step begins from what is left of it.
///
///     quantize(henon{}, number_format::bfloat16())
///     quantize(gru, number_format::uniform(8, range_of(states)))      // the range of a recording (n, T)
///     quantize(lstm, number_format::dynamic(8))                       // max|h| of each step, as caches of 8 bits do
///
/// The tangent is the inner map's at the rounded state, straight through: rounding is piecewise constant, its derivative is 0
/// almost everywhere and says nothing of how two different states part. A state that has few values soon repeats itself; an
/// autonomous chaotic map then falls onto a cycle, which a spectrum reports as `collapsed`.
///
/// \param f       a formula or a vector map, driven or not
/// \param format  see `number_format`
/// \throws        argument_error where the format has ranges for another number of components than the state has, and for a fixed
///                grid where a coordinate grows without bound
/// Cost:          2 to 3 ns a component; formulas in lanes are rounded lane by lane
template <formula_map F>
quantized<F> quantize(F f, number_format format) {
  detail::check_format(f, format, static_cast<int>(F::dimension));
  return {std::move(f), rounding(std::move(format), counters<F>)};
}
template <vector_map F>
  requires(!token_model<F>)
quantized_vector<F> quantize(F f, number_format format) {
  detail::check_format(f, format, f.state_size());
  return {std::move(f), rounding(std::move(format), counters<F>)};
}

}  // namespace libration::inline LIBRATION_ABI::maps
