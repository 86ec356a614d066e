// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// One map after another.

#include <concepts>
#include <cstdint>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
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

/// The time of f and then g; a map without a time step takes none.
template <class F, class G>
double added_time_step(const F& f, const G& g) {
  double sum = 0;
  if constexpr (has_time_step<F>) sum += f.time_step();
  if constexpr (has_time_step<G>) sum += g.time_step();
  return sum;
}

}  // namespace detail

/// g after f, for formulas. Made by `compose(g, f)`.
template <formula_map G, formula_map F>
class composed
    : public detail::formula_base<composed<G, F>, static_cast<int>(F::dimension), detail::shared_input<F, G>,
                                  timed<F> || timed<G>, lanes_allowed<F> && lanes_allowed<G>> {
  static constexpr int n = static_cast<int>(F::dimension);

 public:
  composed(G g, F f) : g_(std::move(g)), f_(std::move(f)) {}

  double time_step() const
    requires has_time_step<F> || has_time_step<G>
  {
    return detail::added_time_step(f_, g_);
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
                                 timed<F> || timed<G>> {
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
  }

  double time_step() const
    requires has_time_step<F> || has_time_step<G>
  {
    return detail::added_time_step(f_, g_);
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
/// neither has one, exponents are per application of g∘f.
///
/// \param g, f  formulas of one dimension, or vector maps of one scalar type and size
/// \throws      argument_error where vector maps' sizes differ
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
