// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a map is: a formula on `state<T, n>`, or `step` and `tangent` on vectors; and `explain<M>()`, which says what a type lacks.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>
#include <libration/scalar/dual.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The number of inputs a step takes: `M::input_dimension`, or 0 for an autonomous formula or field.
template <class M>
inline constexpr int input_dimension = [] {
  if constexpr (requires { static_cast<int>(M::input_dimension); })
    return static_cast<int>(M::input_dimension);
  else
    return 0;
}();

namespace detail {

template <class M>
concept with_dimension = requires { static_cast<int>(M::dimension); } && (static_cast<int>(M::dimension) > 0);

template <class M, class T>
using state_of = state<T, static_cast<int>(M::dimension)>;
template <class M, class T>
using input_of = state<T, (input_dimension<M> > 0 ? input_dimension<M> : 1)>;

// The four forms of a formula.
template <class M, class T>
concept calls_h = requires(const M& m, const state_of<M, T>& h) {
  { m(h) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept calls_th = requires(const M& m, std::int64_t t, const state_of<M, T>& h) {
  { m(t, h) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept calls_hx = requires(const M& m, const state_of<M, T>& h, const input_of<M, T>& x) {
  { m(h, x) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept calls_thx = requires(const M& m, std::int64_t t, const state_of<M, T>& h, const input_of<M, T>& x) {
  { m(t, h, x) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept formula_on = (input_dimension<M> == 0 && (calls_h<M, T> || calls_th<M, T>)) ||
                     (input_dimension<M> > 0 && (calls_hx<M, T> || calls_thx<M, T>));

template <class M>
concept with_scalar_type = requires { typename M::scalar_type; } &&
                           (std::same_as<typename M::scalar_type, double> || std::same_as<typename M::scalar_type, float>);
template <class M>
concept with_state_size = requires(const M& m) {
  { m.state_size() } -> std::convertible_to<Eigen::Index>;
};
template <class M>
concept with_input_size = requires(const M& m) {
  { m.input_size() } -> std::convertible_to<Eigen::Index>;
};
template <class M>
concept with_workspace = requires(const M& m, Eigen::Index columns) {
  typename M::workspace;
  { m.make_workspace(columns) } -> std::same_as<typename M::workspace>;
};

// The scalar of a vector map, and double for what says none.
template <class M>
struct scalar_of_type {
  using type = double;
};
template <with_scalar_type M>
struct scalar_of_type<M> {
  using type = typename M::scalar_type;
};
template <class M>
using scalar_of = typename scalar_of_type<M>::type;

// The forms of a step and of a tangent. `Extra` is empty, or a workspace passed last.
template <class M, class... Extra>
concept steps_h = requires(const M& m, vector_view<typename M::scalar_type> h, vector_span<typename M::scalar_type> next,
                           Extra&... ws) { m.step(h, next, ws...); };
template <class M, class... Extra>
concept steps_th = requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h,
                            vector_span<typename M::scalar_type> next, Extra&... ws) { m.step(t, h, next, ws...); };
template <class M, class... Extra>
concept steps_hx = requires(const M& m, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
                            vector_span<typename M::scalar_type> next, Extra&... ws) { m.step(h, x, next, ws...); };
template <class M, class... Extra>
concept steps_thx =
    requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             vector_span<typename M::scalar_type> next, Extra&... ws) { m.step(t, h, x, next, ws...); };
template <class M, class... Extra>
concept steps_any = (!with_input_size<M> && (steps_h<M, Extra...> || steps_th<M, Extra...>)) ||
                    (with_input_size<M> && (steps_hx<M, Extra...> || steps_thx<M, Extra...>));

template <class M>
concept steps_in_workspace = with_workspace<M> && steps_any<M, typename M::workspace>;

template <class M>
concept tangent_h = requires(const M& m, vector_view<typename M::scalar_type> h, matrix_view<typename M::scalar_type> V,
                             matrix_span<typename M::scalar_type> JV) { m.tangent(h, V, JV); };
template <class M>
concept tangent_th = requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h,
                              matrix_view<typename M::scalar_type> V,
                              matrix_span<typename M::scalar_type> JV) { m.tangent(t, h, V, JV); };
template <class M>
concept tangent_hx = requires(const M& m, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
                              matrix_view<typename M::scalar_type> V,
                              matrix_span<typename M::scalar_type> JV) { m.tangent(h, x, V, JV); };
template <class M>
concept tangent_thx =
    requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             matrix_view<typename M::scalar_type> V, matrix_span<typename M::scalar_type> JV) { m.tangent(t, h, x, V, JV); };
// In a workspace: of the block alone, or with the state (and of a driven map the input) of the last step too.
template <class M>
concept tangent_in_workspace_alone =
    steps_in_workspace<M> && requires(const M& m, matrix_view<typename M::scalar_type> V,
                                      matrix_span<typename M::scalar_type> JV, typename M::workspace& ws) {
      m.tangent(V, JV, ws);
    };
template <class M>
concept tangent_in_workspace_h =
    steps_in_workspace<M> && !with_input_size<M> && !tangent_in_workspace_alone<M> &&
    requires(const M& m, vector_view<typename M::scalar_type> h, matrix_view<typename M::scalar_type> V,
             matrix_span<typename M::scalar_type> JV, typename M::workspace& ws) { m.tangent(h, V, JV, ws); };
template <class M>
concept tangent_in_workspace_hx =
    steps_in_workspace<M> && with_input_size<M> && !tangent_in_workspace_alone<M> &&
    requires(const M& m, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             matrix_view<typename M::scalar_type> V, matrix_span<typename M::scalar_type> JV,
             typename M::workspace& ws) { m.tangent(h, x, V, JV, ws); };
template <class M>
concept tangent_in_workspace = tangent_in_workspace_alone<M> || tangent_in_workspace_h<M> || tangent_in_workspace_hx<M>;

// ln|det J|, of a formula at a state, of a vector map at a state or at the last step on a workspace.
template <class M, class T>
concept determinant_on = requires(const M& map, const state_of<M, T>& h) {
  { map.log_abs_determinant(h) } -> std::convertible_to<T>;
};
template <class M>
concept determinant_h = with_scalar_type<M> && requires(const M& map, vector_view<typename M::scalar_type> h) {
  { map.log_abs_determinant(h) } -> std::convertible_to<double>;
};
template <class M>
concept determinant_in_workspace = with_workspace<M> && requires(const M& map, const typename M::workspace& ws) {
  { map.log_abs_determinant(ws) } -> std::convertible_to<double>;
};

// The tangent in the state and the input together.
template <class M>
concept input_tangent_hx =
    requires(const M& m, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             matrix_view<typename M::scalar_type> V, matrix_view<typename M::scalar_type> VX,
             matrix_span<typename M::scalar_type> JV) { m.tangent(h, x, V, VX, JV); };
template <class M>
concept input_tangent_thx =
    requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             matrix_view<typename M::scalar_type> V, matrix_view<typename M::scalar_type> VX,
             matrix_span<typename M::scalar_type> JV) { m.tangent(t, h, x, V, VX, JV); };
template <class M>
concept input_tangent_in_workspace_alone =
    steps_in_workspace<M> && with_input_size<M> &&
    requires(const M& m, matrix_view<typename M::scalar_type> V, matrix_view<typename M::scalar_type> VX,
             matrix_span<typename M::scalar_type> JV, typename M::workspace& ws) { m.tangent(V, VX, JV, ws); };
template <class M>
concept input_tangent_in_workspace_hx =
    steps_in_workspace<M> && with_input_size<M> && !input_tangent_in_workspace_alone<M> &&
    requires(const M& m, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             matrix_view<typename M::scalar_type> V, matrix_view<typename M::scalar_type> VX,
             matrix_span<typename M::scalar_type> JV, typename M::workspace& ws) { m.tangent(h, x, V, VX, JV, ws); };
template <class M>
concept input_tangent_in_workspace = input_tangent_in_workspace_alone<M> || input_tangent_in_workspace_hx<M>;

// The adjoint of the tangent, with the time, state and input in front that the tangent takes. `Out`: JᵀW, or JᵀW and BᵀW.
template <class M, class... Out>
concept pullback_hx = tangent_hx<M> && requires(const M& m, vector_view<typename M::scalar_type> h,
                                                vector_view<typename M::scalar_type> x, matrix_view<typename M::scalar_type> W,
                                                Out&... out) { m.pullback(h, x, W, out...); };
template <class M, class... Out>
concept pullback_thx =
    tangent_thx<M> && requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h,
                               vector_view<typename M::scalar_type> x, matrix_view<typename M::scalar_type> W,
                               Out&... out) { m.pullback(t, h, x, W, out...); };
template <class M, class... Out>
concept pullback_h = tangent_h<M> && requires(const M& m, vector_view<typename M::scalar_type> h,
                                              matrix_view<typename M::scalar_type> W, Out&... out) { m.pullback(h, W, out...); };
template <class M, class... Out>
concept pullback_th =
    tangent_th<M> && requires(const M& m, std::int64_t t, vector_view<typename M::scalar_type> h,
                              matrix_view<typename M::scalar_type> W, Out&... out) { m.pullback(t, h, W, out...); };
template <class M, class... Out>
concept pullback_in_workspace_alone =
    tangent_in_workspace_alone<M> && requires(const M& m, matrix_view<typename M::scalar_type> W, typename M::workspace& ws,
                                              Out&... out) { m.pullback(W, out..., ws); };
template <class M, class... Out>
concept pullback_in_workspace_h =
    tangent_in_workspace_h<M> &&
    requires(const M& m, vector_view<typename M::scalar_type> h, matrix_view<typename M::scalar_type> W,
             typename M::workspace& ws, Out&... out) { m.pullback(h, W, out..., ws); };
template <class M, class... Out>
concept pullback_in_workspace_hx =
    tangent_in_workspace_hx<M> &&
    requires(const M& m, vector_view<typename M::scalar_type> h, vector_view<typename M::scalar_type> x,
             matrix_view<typename M::scalar_type> W, typename M::workspace& ws, Out&... out) { m.pullback(h, x, W, out..., ws); };
template <class M, class... Out>
concept pullback_any =
    pullback_in_workspace_alone<M, Out...> || pullback_in_workspace_h<M, Out...> || pullback_in_workspace_hx<M, Out...> ||
    (!tangent_in_workspace<M> &&
     (pullback_h<M, Out...> || pullback_th<M, Out...> || pullback_hx<M, Out...> || pullback_thx<M, Out...>));

// Whether who runs the map must keep the state (and input) of its last step for the tangent: they are not in the map's workspace.
template <class M>
inline constexpr bool tangent_needs_state =
    !tangent_in_workspace<M> || tangent_in_workspace_h<M> || tangent_in_workspace_hx<M> || input_tangent_in_workspace_hx<M>;

// The scalar of tangents, as a formula that is no template of the scalar cannot take.
using tangent_scalar = dual<double, 1>;

// The four forms of a derivative.
template <class M, class T>
concept derivative_h = requires(const M& m, const state_of<M, T>& h) {
  { m.derivative(h) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept derivative_th = requires(const M& m, double t, const state_of<M, T>& h) {
  { m.derivative(t, h) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept derivative_hx = requires(const M& m, const state_of<M, T>& h, const input_of<M, T>& x) {
  { m.derivative(h, x) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept derivative_thx = requires(const M& m, double t, const state_of<M, T>& h, const input_of<M, T>& x) {
  { m.derivative(t, h, x) } -> std::convertible_to<state_of<M, T>>;
};
template <class M, class T>
concept field_on = (input_dimension<M> == 0 && (derivative_h<M, T> || derivative_th<M, T>)) ||
                   (input_dimension<M> > 0 && (derivative_hx<M, T> || derivative_thx<M, T>));

}  // namespace detail

/// A map written once as a formula.
///
///     static constexpr int dimension = n;                          // n >= 1
///     static constexpr int input_dimension = m;                    // driven maps only, m >= 1
///     template <class T> state<T, n> operator()([std::int64_t t,] const state<T, n>& h [, const state<T, m>& x]) const;
///     double time_step() const;                                    // optional: exponents come per unit time
///     template <class T> T log_abs_determinant(const state<T, n>& h) const;   // optional: ln|det J|, for the sum rule
///     static constexpr bool lanes = false;                         // optional: the formula cannot run on SIMD lanes
///
/// What the compiler cannot see: the map is pure (same arguments, same result), and T is used for every quantity that depends
/// on the state, so that the derivative follows.
template <class M>
concept formula_map =
    detail::with_dimension<M> && detail::formula_on<M, double> && detail::formula_on<M, detail::tangent_scalar>;

/// A vector field dh/dt = f([t,] h [, x]), made a map by a stepper such as `maps::rk4(field, dt)`.
///
///     static constexpr int dimension = n;
///     static constexpr int input_dimension = m;                    // driven fields only
///     template <class T> state<T, n> derivative([double t,] const state<T, n>& h [, const state<T, m>& x]) const;
///
/// t is the time in the units of dt: step number s of a stepper begins at t = s dt, and its stages are evaluated at theirs.
template <class M>
concept field = detail::with_dimension<M> && detail::field_on<M, double> && detail::field_on<M, detail::tangent_scalar>;

/// A field that depends on time explicitly: its derivative takes `double t` first.
template <class M>
concept timed_field = field<M> && (detail::derivative_th<M, double> || detail::derivative_thx<M, double>);

/// A map on vectors of run-time size.
///
///     using scalar_type = float;                                   // or double
///     Eigen::Index state_size() const;
///     Eigen::Index input_size() const;                             // driven maps only
///     void step([std::int64_t t,] vector_view<S> h, [vector_view<S> x,] vector_span<S> next) const;
///     void tangent([t,] vector_view<S> h, [vector_view<S> x,] matrix_view<S> V, matrix_span<S> JV) const;   // optional
///
/// or, where a step computes what its tangent needs again, with a workspace that holds it:
///
///     struct workspace;
///     workspace make_workspace(Eigen::Index columns) const;        // columns: the widest tangent block, 0 for none
///     void step([t,] h, [x,] next, workspace&) const;
///     void tangent([h, [x,]] V, JV, workspace&) const;             // at the (h, x) of the last step on that workspace
///
/// A workspace tangent that takes h (of a driven map h and x) gets those of the last step, which whoever runs the map then keeps.
///
/// Optional, for the sum rule, ln|det J| at a state, or at the last step on a workspace, where time and input are known too:
///
///     double log_abs_determinant(vector_view<S> h) const;
///     double log_abs_determinant(const workspace&) const;
///
/// What the compiler cannot see: sizes do not change; the map is pure; `next` is written whole and never read; V: (n, k) and
/// JV: (n, k) for any k the workspace was made for; tangent is linear in V; nothing is allocated after make_workspace.
template <class M>
concept vector_map = detail::with_scalar_type<M> && detail::with_state_size<M> &&
                     (detail::steps_any<M> || detail::steps_in_workspace<M>);

/// Anything that can be iterated.
template <class M>
concept map = formula_map<M> || vector_map<M>;

/// A map whose step takes an input.
template <class M>
concept driven = map<M> && ((formula_map<M> && input_dimension<M> > 0) || (!formula_map<M> && detail::with_input_size<M>));

/// A map that depends on time explicitly: its call takes `std::int64_t t` first.
template <class M>
concept timed = map<M> && ((formula_map<M> && (detail::calls_th<M, double> || detail::calls_thx<M, double>)) ||
                           (!formula_map<M> && (detail::steps_th<M> || detail::steps_thx<M> ||
                                                (detail::steps_in_workspace<M> && [] {
                                                  if constexpr (detail::with_workspace<M>)
                                                    return detail::steps_th<M, typename M::workspace> ||
                                                           detail::steps_thx<M, typename M::workspace>;
                                                  else
                                                    return false;
                                                }()))));

/// Optional for a vector map with a workspace: many states in one step, so that each weight is read once for all of them.
///
///     workspace make_workspace(Eigen::Index columns, Eigen::Index members) const;    // members: the widest batch
///     void step_batch(matrix_view<S> H, [matrix_view<S> X,] matrix_span<S> Next, workspace&) const;
///
/// What the compiler cannot see: each column is what `step` makes of it, but for the order of sums. Not for maps that depend
/// on time.
template <class M>
concept steps_batches =
    vector_map<M> && !timed<M> && detail::steps_in_workspace<M> &&
    requires(const M& m, Eigen::Index k) { m.make_workspace(k, k); } &&
    (requires(const M& m, matrix_view<typename M::scalar_type> H, matrix_span<typename M::scalar_type> next,
              typename M::workspace& ws) { m.step_batch(H, next, ws); } ||
     requires(const M& m, matrix_view<typename M::scalar_type> H, matrix_span<typename M::scalar_type> next,
              typename M::workspace& ws) { m.step_batch(H, H, next, ws); });

/// Whether a step depends on nothing but the state and the input, although it may take the time: `M::autonomous` where the map
/// says so itself, else that it does not take it.
template <class M>
inline constexpr bool time_invariant = [] {
  if constexpr (requires { static_cast<bool>(M::autonomous); })
    return static_cast<bool>(M::autonomous);
  else
    return !timed<M> && !timed_field<M>;
}();

/// Whether the same state has the same next one at every step: a time-invariant map without inputs.
template <class M>
inline constexpr bool repeats_itself = !driven<M> && time_invariant<M>;

/// A map whose tangent is known: every formula, and a vector map with `tangent`.
template <class M>
concept differentiable =
    formula_map<M> || (vector_map<M> && (detail::tangent_h<M> || detail::tangent_th<M> || detail::tangent_hx<M> ||
                                         detail::tangent_thx<M> || detail::tangent_in_workspace<M>));

/// A driven map whose tangent in the input is known too, which a closed loop needs: every driven formula, and a differentiable
/// vector map with
///
///     void tangent([h, x,] matrix_view<S> V, matrix_view<S> VX, matrix_span<S> JV, workspace&) const;   // where tangent has one
///     void tangent([t,] vector_view<S> h, vector_view<S> x, matrix_view<S> V, matrix_view<S> VX, matrix_span<S> JV) const;
///
/// What the compiler cannot see: JV = (dg/dh) V + (dg/dx) VX at the last step on that workspace, or at (h, x); V: (n, k),
/// VX: (m, k), JV: (n, k); with VX = 0 it is the state's tangent.
template <class M>
concept differentiable_in_input =
    driven<M> && differentiable<M> &&
    (formula_map<M> || detail::input_tangent_in_workspace<M> ||
     (!detail::tangent_in_workspace<M> && (detail::input_tangent_hx<M> || detail::input_tangent_thx<M>)));

/// A map whose adjoint is known, which carries what an output depends on back in time: every formula, and a differentiable vector
/// map with
///
///     void pullback([h, [x,]] matrix_view<S> W, matrix_span<S> JtW, workspace&) const;     // where tangent has a workspace
///     void pullback([t,] vector_view<S> h, [vector_view<S> x,] matrix_view<S> W, matrix_span<S> JtW) const;
///
/// with the same in front as its tangent has.
///
/// What the compiler cannot see: JtW = (dg/dh)ᵀ W at the last step on that workspace, or at (h, x), so that ⟨W, J V⟩ = ⟨JᵀW, V⟩ for
/// every V; W, JtW: (n, k) for any k the workspace was made for; JtW is written whole and never read; linear in W; a tangent or
/// pullback on the workspace leaves those that follow as they are; nothing is allocated after make_workspace.
template <class M>
concept has_pullback =
    formula_map<M> || (vector_map<M> && differentiable<M> && detail::pullback_any<M, matrix_span<detail::scalar_of<M>>>);

/// A driven map whose adjoint in the input is known too: every driven formula, and a vector map that `has_pullback` with
///
///     void pullback([h, x,] matrix_view<S> W, matrix_span<S> JtW, matrix_span<S> BtW, workspace&) const;
///     void pullback([t,] vector_view<S> h, vector_view<S> x, matrix_view<S> W, matrix_span<S> JtW, matrix_span<S> BtW) const;
///
/// What the compiler cannot see: JtW is that of the other form, and BtW = (dg/dx)ᵀ W, shape (m, k).
template <class M>
concept has_input_pullback =
    driven<M> && has_pullback<M> &&
    (formula_map<M> ||
     detail::pullback_any<M, matrix_span<detail::scalar_of<M>>, matrix_span<detail::scalar_of<M>>>);

/// \return true where a formula may run on SIMD lanes: `M::lanes`, or true where the map does not say
template <class M>
inline constexpr bool lanes_allowed = [] {
  if constexpr (requires { static_cast<bool>(M::lanes); })
    return static_cast<bool>(M::lanes);
  else
    return true;
}();

/// How many components at a state's end are whole numbers that count (tokens read, a place in a ring), which no format of few bits
/// may round: `M::counters`, or 0.
template <class M>
inline constexpr int counters = [] {
  if constexpr (requires { static_cast<int>(M::counters); })
    return static_cast<int>(M::counters);
  else
    return 0;
}();

/// A map whose state is that of layers one after another, layer 0 first: layer l's rows are from `offset(l)` to the next one's, the
/// topmost layer's to the state's end.
template <class M>
concept has_layers = vector_map<M> && requires(const M& m, std::size_t l) {
  { m.layer_count() } -> std::convertible_to<std::size_t>;
  { m.offset(l) } -> std::convertible_to<Eigen::Index>;
};

/// A map whose step covers a time: its exponents are per unit of time, not per step.
template <class M>
concept has_time_step = requires(const M& map) {
  { map.time_step() } -> std::convertible_to<double>;
};

/// \return the time one step covers: `map.time_step()`, or 1 where the map has none
template <class M>
double time_step(const M& map) {
  if constexpr (has_time_step<M>)
    return map.time_step();
  else
    return 1.0;
}

/// Whether a map that has a time step is itself what is measured, and not a stepper's approximation of a flow, so that the step
/// adds nothing to its exponents: `M::exact_steps`, or false where the map does not say.
template <class M>
inline constexpr bool exact_steps = [] {
  if constexpr (requires { static_cast<bool>(M::exact_steps); })
    return static_cast<bool>(M::exact_steps);
  else
    return false;
}();

/// \return whether exponents are per unit of time: where the map has a time step, or, if its type does not tell, says so itself
template <class M>
bool per_unit_of_time([[maybe_unused]] const M& map) {
  if constexpr (requires { static_cast<bool>(map.per_unit_of_time()); })
    return map.per_unit_of_time();
  else
    return has_time_step<M>;
}

/// A flow under a stepper: `map.with_time_step(dt)` is the same flow at another step, by which the stepper's bias is measured.
/// Combinators forward it where what they make is the same flow too: `iterate`, `couple` without a coupling, and
/// `tangent::finite_difference`. What comes once a step does so whatever time the step covers (noise, a rounding, a kick, a
/// coupling, an input or what a loop feeds back), and with other steps it is another system.
template <class M>
concept has_other_time_steps = has_time_step<M> && requires(const M& map) { map.with_time_step(map.time_step()); };

/// Calls a formula with what it takes of time, state and input.
///
/// \param t  the step's number, from 0
/// \param h  state, shape (n)
/// \param x  input, shape (m); ignored by an autonomous map
/// \return   the next state, shape (n)
template <class M, class T, class X>
constexpr detail::state_of<M, T> evaluate(const M& map, [[maybe_unused]] std::int64_t t, const detail::state_of<M, T>& h,
                                          [[maybe_unused]] const X& x) {
  if constexpr (input_dimension<M> > 0) {
    if constexpr (detail::calls_thx<M, double>)
      return map(t, h, x);
    else
      return map(h, x);
  } else {
    if constexpr (detail::calls_th<M, double>)
      return map(t, h);
    else
      return map(h);
  }
}

namespace detail {
inline constexpr std::string_view no_template_of_the_derivative =
    "`derivative` takes no dual numbers, which the tangent is computed in: it must be a template of the scalar, `template <class "
    "T> state<T, n> derivative([double t,] const state<T, n>& h [, const state<T, m>& x]) const`, and not of double alone";
}

/// Says in words what keeps F from being a vector field; empty where nothing does.
template <class F>
consteval std::string_view explain_field() {
  if constexpr (field<F>)
    return "";
  else if constexpr (!detail::with_dimension<F>)
    return "a field needs a positive `static constexpr int dimension`";
  else if constexpr (detail::field_on<F, double>)
    return detail::no_template_of_the_derivative;
  else if constexpr (requires(const F& f, const detail::state_of<F, double>& h) { f.derivative(h, 0.0); })
    return "the time comes first: `derivative(double t, const state<T, n>& h)`";
  else if constexpr (input_dimension<F> > 0)
    return "a driven field needs `template <class T> state<T, n> derivative([double t,] const state<T, n>& h, const state<T, m>& "
           "x) const`, with n = dimension and m = input_dimension";
  else if constexpr (requires(F& f, const detail::state_of<F, double>& h) { f.derivative(h); } ||
                     requires(F& f, const detail::state_of<F, double>& h) { f.derivative(0.0, h); })
    return "`derivative` must be const and return state<T, dimension>";
  else if constexpr (map<F>)
    return "this is a map already: its step is its call operator";
  else
    return "a field needs `template <class T> state<T, n> derivative([double t,] const state<T, n>& h) const`, with n = dimension "
           "(and `input_dimension` where it also takes an input)";
}

/// Says in words what keeps M from being a map; empty where nothing does.
template <class M>
consteval std::string_view explain() {
  if constexpr (map<M>) {
    return "";
  } else if constexpr (field<M>) {
    return "this is a vector field: make it a map with a stepper, as in maps::rk4(field, dt)";
  } else if constexpr (requires { M::dimension; } && !detail::with_dimension<M>) {
    return "`dimension` must be a positive `static constexpr int`";
  } else if constexpr (detail::with_dimension<M>) {
    if constexpr (detail::field_on<M, double>)
      return detail::no_template_of_the_derivative;
    else if constexpr (detail::formula_on<M, double>)
      return "the call operator takes no dual numbers, which the tangent is computed in: it must be a template of the scalar, "
             "`template <class T> state<T, n> operator()(const state<T, n>& h) const`, and not of double alone";
    else if constexpr (requires(const M& m, detail::state_of<M, double>& h) { m.derivative(h); })
      return "`derivative(h)` does not return state<T, dimension>";
    else if constexpr (input_dimension<M> > 0)
      return "a driven formula needs `template <class T> state<T, n> operator()([std::int64_t t,] const state<T, n>& h, "
             "const state<T, m>& x) const`, with n = dimension and m = input_dimension";
    else if constexpr (requires(M& m, const detail::state_of<M, double>& h) { m(h); })
      return "the call operator must be const and return state<T, dimension>";
    else
      return "a formula needs `template <class T> state<T, n> operator()([std::int64_t t,] const state<T, n>& h) const`, "
             "with n = dimension (and `input_dimension` where it also takes an input)";
  } else if constexpr (!requires { typename M::scalar_type; }) {
    return "neither `static constexpr int dimension` (a formula) nor `using scalar_type` (a vector map) is there";
  } else if constexpr (!detail::with_scalar_type<M>) {
    return "`scalar_type` must be float or double";
  } else if constexpr (!detail::with_state_size<M>) {
    return "a vector map needs `Eigen::Index state_size() const`";
  } else if constexpr (detail::with_input_size<M>) {
    return "a driven vector map (it has input_size()) needs `void step([std::int64_t t,] vector_view<S> h, vector_view<S> x, "
           "vector_span<S> next) const`";
  } else {
    return "a vector map needs `void step([std::int64_t t,] vector_view<S> h, vector_span<S> next) const` (and "
           "`input_size()` where it also takes an input)";
  }
}

/// Says in words what keeps M from having a tangent; empty where nothing does.
template <class M>
consteval std::string_view explain_tangent() {
  if constexpr (differentiable<M>)
    return "";
  else if constexpr (!map<M>)
    return explain<M>();
  else
    return "this vector map has no `tangent`: give it `void tangent([t,] vector_view<S> h, [vector_view<S> x,] matrix_view<S> V, "
           "matrix_span<S> JV) const`, or wrap it in tangent::finite_difference(map)";
}

/// Says in words what keeps M from having a tangent in its input; empty where nothing does.
template <class M>
consteval std::string_view explain_input_tangent() {
  if constexpr (differentiable_in_input<M>)
    return "";
  else if constexpr (!differentiable<M>)
    return explain_tangent<M>();
  else if constexpr (!driven<M>)
    return "this map takes no input: it has no `input_dimension` (a formula) or `input_size()` (a vector map)";
  else if constexpr (detail::tangent_in_workspace<M>)
    return "this vector map has no tangent in its input: give it `void tangent(matrix_view<S> V, matrix_view<S> VX, "
           "matrix_span<S> JV, workspace&) const`, JV = (dg/dh) V + (dg/dx) VX";
  else
    return "this vector map has no tangent in its input: give it `void tangent([t,] vector_view<S> h, vector_view<S> x, "
           "matrix_view<S> V, matrix_view<S> VX, matrix_span<S> JV) const`, JV = (dg/dh) V + (dg/dx) VX";
}

/// Says in words what keeps M from having an adjoint; empty where nothing does.
template <class M>
consteval std::string_view explain_pullback() {
  if constexpr (has_pullback<M>)
    return "";
  else if constexpr (!differentiable<M>)
    return explain_tangent<M>();
  else if constexpr (detail::tangent_in_workspace<M>)
    return "this vector map has no adjoint: give it `void pullback(matrix_view<S> W, matrix_span<S> JtW, workspace&) const`, JtW = "
           "(dg/dh)ᵀ W, with h (and x) in front where its tangent has them";
  else
    return "this vector map has no adjoint: give it `void pullback([t,] vector_view<S> h, [vector_view<S> x,] matrix_view<S> W, "
           "matrix_span<S> JtW) const`, JtW = (dg/dh)ᵀ W, with the same in front as its tangent has";
}

/// Says in words what keeps M from having an adjoint in its input; empty where nothing does.
template <class M>
consteval std::string_view explain_input_pullback() {
  if constexpr (has_input_pullback<M>)
    return "";
  else if constexpr (!has_pullback<M>)
    return explain_pullback<M>();
  else if constexpr (!driven<M>)
    return "this map takes no input: it has no `input_dimension` (a formula) or `input_size()` (a vector map)";
  else
    return "this vector map has no adjoint in its input: give it a `pullback` with `matrix_span<S> BtW` after JtW, BtW = "
           "(dg/dx)ᵀ W";
}

}  // namespace libration::inline LIBRATION_ABI::maps
