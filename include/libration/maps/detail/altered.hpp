// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A map whose new state is altered by something that the tangent does not see: noise, rounding.

#include <cstdint>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/input_tangent.hpp>
#include <libration/maps/detail/vector_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

/// h' = a(t, g(h [, x])) for a formula g. An Alteration has
///
///     static constexpr bool is_timed;                                            // whether it depends on t
///     template <class T, int n> void operator()(std::int64_t t, state<T, n>& next) const;     // derivatives are left alone
template <formula_map F, class Alteration>
class altered : public formula_base<altered<F, Alteration>, static_cast<int>(F::dimension), input_dimension<F>,
                                    timed<F> || Alteration::is_timed, lanes_allowed<F>>,
                public wrapper<altered<F, Alteration>, F, true> {
  static constexpr int n = static_cast<int>(F::dimension);

 public:
  static constexpr bool autonomous = time_invariant<F> && !Alteration::is_timed;

  altered(F f, Alteration alteration) : f_(std::move(f)), alteration_(std::move(alteration)) {}

  const F& map() const { return f_; }
  const F& inner() const { return f_; }
  const Alteration& alteration() const { return alteration_; }

 private:
  friend formula_base<altered, n, input_dimension<F>, timed<F> || Alteration::is_timed, lanes_allowed<F>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t t, const state<T, n>& h, const X& x) const {
    state<T, n> next = evaluate<F, T>(f_, t, h, x);
    alteration_(t, next);
    return next;
  }

  F f_;
  Alteration alteration_;
};

/// The same for a vector map; the Alteration has `void operator()(std::int64_t t, vector_span<S> next) const`.
template <vector_map F, class Alteration>
class altered_vector
    : public vector_base<altered_vector<F, Alteration>, typename F::scalar_type, driven<F>, timed<F> || Alteration::is_timed>,
      public wrapper<altered_vector<F, Alteration>, F> {
  using S = typename F::scalar_type;

 public:
  static constexpr bool autonomous = time_invariant<F> && !Alteration::is_timed;
  using workspace = stage<F>;

  altered_vector(F f, Alteration alteration) : f_(std::move(f)), alteration_(std::move(alteration)) {}

  const F& map() const { return f_; }
  const F& inner() const { return f_; }
  const Alteration& alteration() const { return alteration_; }

  workspace make_workspace(Eigen::Index columns) const { return workspace::make(f_, columns); }

  void tangent(matrix_view<S> V, matrix_span<S> JV, workspace& ws) const
    requires differentiable<F>
  {
    ws.tangent(f_, V, JV);
  }
  void tangent(matrix_view<S> V, matrix_view<S> VX, matrix_span<S> JV, workspace& ws) const
    requires differentiable_in_input<F>
  {
    tangent_with_input(ws, f_, V, VX, JV);
  }
  void pullback(matrix_view<S> W, matrix_span<S> JtW, workspace& ws) const
    requires has_pullback<F>
  {
    ws.pullback(f_, W, JtW);
  }
  void pullback(matrix_view<S> W, matrix_span<S> JtW, matrix_span<S> BtW, workspace& ws) const
    requires has_input_pullback<F>
  {
    ws.pullback(f_, W, JtW, BtW);
  }
  double log_abs_determinant(const workspace& ws) const
    requires with_determinant<F>
  {
    return ws.log_abs_determinant(f_);
  }
  gate_structure structured_spectrum() const
    requires has_structured_spectrum<F>
  {
    return f_.structured_spectrum();
  }
  void gates(const workspace& ws, vector_span<double> out) const
    requires has_structured_spectrum<F>
  {
    ws.gates(f_, out);
  }

 private:
  friend vector_base<altered_vector, S, driven<F>, timed<F> || Alteration::is_timed>;

  void advance(std::int64_t t, const vector_view<S>& h, const vector_view<S>& x, vector_span<S> next, workspace& ws) const {
    ws.step(f_, t, h, x, next);
    alteration_(t, next);
  }
  Eigen::Index state_rows() const { return f_.state_size(); }
  Eigen::Index input_rows() const { return f_.input_size(); }

  F f_;
  Alteration alteration_;
};

}  // namespace libration::inline LIBRATION_ABI::maps::detail
