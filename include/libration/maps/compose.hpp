// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One map after another.

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/vector_base.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

namespace detail {

/// The maps' inputs have one size, or one of the maps takes none.
template <class F, class G>
concept share_input =
    input_dimension<F> == 0 || input_dimension<G> == 0 || input_dimension<F> == input_dimension<G>;

template <class F, class G>
inline constexpr int shared_input = input_dimension<F> > 0 ? input_dimension<F> : input_dimension<G>;

/// What f and then g on one state say of themselves together, from Derived's first() and second().
template <class Derived, class G, class F>
class said_by_both {
  static constexpr auto numbers = [](Eigen::Index n, auto&& of, auto zero) {
    using Value = decltype(zero);
    if constexpr (formula_map<F>) {
      state<Value, static_cast<int>(F::dimension)> values;
      for (int i = 0; i < values.size; ++i) values[i] = of(i);
      return values;
    } else {
      Eigen::Array<Value, Eigen::Dynamic, 1> values(n);
      for (Eigen::Index i = 0; i < n; ++i) values[i] = of(i);
      return values;
    }
  };

 public:
  static constexpr int counters = std::max(maps::counters<F>, maps::counters<G>);
  static constexpr bool autonomous = time_invariant<F> && time_invariant<G>;

  /// The sum; a map without a time step takes none.
  double time_step() const
    requires has_time_step<F> || has_time_step<G>
  {
    double sum = 0;
    if constexpr (has_time_step<F>) sum += self().first().time_step();
    if constexpr (has_time_step<G>) sum += self().second().time_step();
    return sum;
  }
  /// Of either: a coordinate that one of the maps wraps is that of a circle.
  auto periods() const
    requires has_periods<F> || has_periods<G>
  {
    const coordinates<F> f(self().first());
    const coordinates<G> g(self().second());
    return numbers(f.size(), [&](Eigen::Index i) { return f.period(i) != 0.0 ? f.period(i) : g.period(i); }, 0.0);
  }
  auto unbounded() const
    requires has_unbounded<F> || has_unbounded<G>
  {
    const coordinates<F> f(self().first());
    const coordinates<G> g(self().second());
    return numbers(f.size(), [&](Eigen::Index i) { return f.unbounded(i) || g.unbounded(i); }, false);
  }

 protected:
  void require_same_periods() const {
    if constexpr (has_periods<F> && has_periods<G>) {
      const coordinates<F> f(self().first());
      const coordinates<G> g(self().second());
      for (Eigen::Index i = 0; i < f.size(); ++i) {
        const double a = f.period(i), b = g.period(i);
        require(a == 0.0 || b == 0.0 || std::abs(a - b) <= 1e-12 * a, "maps::compose", [&] {
          return "the second map's period " + number_text(i) + " is " + number_text(b) + ", expected " + number_text(a) +
                 " (the first one's)";
        });
      }
    }
  }

 private:
  const Derived& self() const { return static_cast<const Derived&>(*this); }
};

}  // namespace detail

/// g after f, for formulas. Made by `compose(g, f)`.
template <formula_map G, formula_map F>
class composed
    : public detail::formula_base<composed<G, F>, static_cast<int>(F::dimension), detail::shared_input<F, G>,
                                  timed<F> || timed<G>, lanes_allowed<F> && lanes_allowed<G>>,
      public detail::said_by_both<composed<G, F>, G, F> {
  static constexpr int n = static_cast<int>(F::dimension);

 public:
  composed(G g, F f) : g_(std::move(g)), f_(std::move(f)) { this->require_same_periods(); }

  /// The sum at h and at f(h), where f depends on neither input nor time.
  template <class T>
    requires(repeats_itself<F> && detail::determinant_on<F, T> && detail::determinant_on<G, T>)
  T log_abs_determinant(const state<T, n>& h) const {
    T sum = f_.log_abs_determinant(h);
    sum += g_.log_abs_determinant(evaluate<F, T>(f_, 0, h, h));
    return sum;
  }

  const F& first() const { return f_; }
  const G& second() const { return g_; }

 private:
  friend detail::formula_base<composed, n, detail::shared_input<F, G>, timed<F> || timed<G>,
                              lanes_allowed<F> && lanes_allowed<G>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t t, const state<T, n>& h, const X& x) const {
    return evaluate<G, T>(g_, t, evaluate<F, T>(f_, t, h, x), x);
  }

  G g_;
  F f_;
};

/// g after f, for vector maps. Made by `compose(g, f)`.
template <vector_map G, vector_map F>
class composed_vector
    : public detail::vector_base<composed_vector<G, F>, typename F::scalar_type, driven<F> || driven<G>,
                                 timed<F> || timed<G>>,
      public detail::said_by_both<composed_vector<G, F>, G, F> {
  using S = typename F::scalar_type;

 public:
  struct workspace {
    detail::stage<F> first;
    detail::stage<G> second;
    detail::vector_of<S> between;
    detail::matrix_of<S> block;
  };

  composed_vector(G g, F f) : g_(std::move(g)), f_(std::move(f)) {
    require_rows(g_.state_size(), f_.state_size(), "maps::compose", "the second map's state",
                 "the first map's state size");
    if constexpr (driven<F> && driven<G>)
      require_rows(g_.input_size(), f_.input_size(), "maps::compose", "the second map's input",
                   "the first map's input size");
    this->require_same_periods();
  }

  const F& first() const { return f_; }
  const G& second() const { return g_; }

  workspace make_workspace(Eigen::Index columns) const {
    const Eigen::Index n = f_.state_size();
    return {detail::stage<F>::make(f_, columns), detail::stage<G>::make(g_, columns), detail::vector_of<S>::Zero(n),
            detail::matrix_of<S>::Zero(n, columns)};
  }

  void tangent(matrix_view<S> V, matrix_span<S> JV, workspace& ws) const
    requires differentiable<F> && differentiable<G>
  {
    auto block = ws.block.leftCols(V.cols());
    ws.first.tangent(f_, V, block);
    ws.second.tangent(g_, block, JV);
  }
  void pullback(matrix_view<S> W, matrix_span<S> JtW, workspace& ws) const
    requires has_pullback<F> && has_pullback<G>
  {
    matrix_span<S> block = ws.block.leftCols(W.cols());
    ws.second.pullback(g_, W, block);
    ws.first.pullback(f_, block, JtW);
  }
  double log_abs_determinant(const workspace& ws) const
    requires detail::with_determinant<F> && detail::with_determinant<G>
  {
    return ws.first.log_abs_determinant(f_) + ws.second.log_abs_determinant(g_);
  }

 private:
  friend detail::vector_base<composed_vector, S, driven<F> || driven<G>, timed<F> || timed<G>>;

  void advance(std::int64_t t, const vector_view<S>& h, const vector_view<S>& x, vector_span<S> next,
               workspace& ws) const {
    ws.first.step(f_, t, h, x, ws.between);
    ws.second.step(g_, t, ws.between, x, next);
  }
  Eigen::Index state_rows() const { return f_.state_size(); }
  Eigen::Index input_rows() const {
    if constexpr (driven<F>)
      return f_.input_size();
    else
      return g_.input_size();
  }

  G g_;
  F f_;
};

/// The map g∘f, h -> g(f(h)): f first, then g, as mathematics writes it. More maps: `compose(k, compose(g, f))`.
///
/// Maps that take an input both get the step's input; maps that take the time both get the step's number.
/// Its time step is the sum of theirs: a map without one (a kick between two stretches of a flow) takes no time. Where
/// neither has one, exponents are per application of g∘f. A coordinate that one of them wraps is one of the composition's that
/// wraps; two different periods are refused.
///
/// \param g, f  formulas of one dimension, or vector maps of one scalar type and size
/// \throws      argument_error where vector maps' sizes differ, and where a coordinate has two periods
template <formula_map G, formula_map F>
  requires(static_cast<int>(F::dimension) == static_cast<int>(G::dimension) && detail::share_input<F, G>)
composed<G, F> compose(G g, F f) {
  return {std::move(g), std::move(f)};
}

template <vector_map G, vector_map F>
  requires std::same_as<typename F::scalar_type, typename G::scalar_type>
composed_vector<G, F> compose(G g, F f) {
  return {std::move(g), std::move(f)};
}

}  // namespace libration::inline LIBRATION_ABI::maps
