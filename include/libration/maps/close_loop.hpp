// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A driven map fed by a readout of its own state, as an autonomous map.

#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/input_tangent.hpp>
#include <libration/maps/detail/vector_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

namespace detail {

template <class F>
concept with_feedback_sizes = with_scalar_type<F> && requires(const F& f) {
  { f.input_size() } -> std::convertible_to<Eigen::Index>;
  { f.output_size() } -> std::convertible_to<Eigen::Index>;
};
template <class F>
concept evaluates = requires(const F& f, vector_view<typename F::scalar_type> h, vector_span<typename F::scalar_type> x) {
  f.evaluate(h, x);
};
template <class F>
concept evaluates_in_workspace =
    with_workspace<F> && requires(const F& f, vector_view<typename F::scalar_type> h, vector_span<typename F::scalar_type> x,
                                  typename F::workspace& ws) { f.evaluate(h, x, ws); };
template <class F>
concept feedback_tangent_h = requires(const F& f, vector_view<typename F::scalar_type> h, matrix_view<typename F::scalar_type> V,
                                      matrix_span<typename F::scalar_type> VX) {
  f.tangent(h, V, VX);
};
template <class F>
concept feedback_tangent_in_workspace = evaluates_in_workspace<F> &&
    requires(const F& f, matrix_view<typename F::scalar_type> V, matrix_span<typename F::scalar_type> VX,
             typename F::workspace& ws) {
  f.tangent(V, VX, ws);
};

template <class F>
concept feedback_pullback_h = requires(const F& f, vector_view<typename F::scalar_type> h, matrix_view<typename F::scalar_type> WX,
                                       matrix_span<typename F::scalar_type> W) {
  f.pullback(h, WX, W);
};
template <class F>
concept feedback_pullback_in_workspace = feedback_tangent_in_workspace<F> &&
    requires(const F& f, matrix_view<typename F::scalar_type> WX, matrix_span<typename F::scalar_type> W,
             typename F::workspace& ws) {
  f.pullback(WX, W, ws);
};

}  // namespace detail

/// What closes the loop of a vector map: the input x = f(h) that the state h makes for itself.
///
///     using scalar_type = float;                                   // or double
///     Eigen::Index input_size() const;                             // n, rows of the state
///     Eigen::Index output_size() const;                            // m, rows of the input that it makes
///     void evaluate(vector_view<S> h, vector_span<S> x) const;
///     void tangent(vector_view<S> h, matrix_view<S> V, matrix_span<S> VX) const;        // optional: VX = (df/dh) V
///     void pullback(vector_view<S> h, matrix_view<S> WX, matrix_span<S> W) const;       // optional: W = (df/dh)ᵀ WX
///
/// or, where the value computes what the tangent needs again, in a workspace:
///
///     workspace make_workspace(Eigen::Index columns) const;
///     void evaluate(vector_view<S> h, vector_span<S> x, workspace&) const;
///     void tangent(matrix_view<S> V, matrix_span<S> VX, workspace&) const;              // at the last h on that workspace
///     void pullback(matrix_view<S> WX, matrix_span<S> W, workspace&) const;             // likewise
///
/// What the compiler cannot see: f is pure, `x` and `VX` (`W`) are written whole, nothing is allocated after make_workspace.
template <class F>
concept feedback = detail::with_feedback_sizes<F> && (detail::evaluates<F> || detail::evaluates_in_workspace<F>);

/// A feedback whose tangent is known.
template <class F>
concept differentiable_feedback = feedback<F> && (detail::feedback_tangent_h<F> || detail::feedback_tangent_in_workspace<F>);

/// A differentiable feedback whose adjoint is known.
template <class F>
concept feedback_with_pullback =
    differentiable_feedback<F> && (detail::feedback_pullback_in_workspace<F> ||
                                   (!detail::feedback_tangent_in_workspace<F> && detail::feedback_pullback_h<F>));

/// Says in words what keeps F from being a differentiable feedback; empty where nothing does.
template <class F>
consteval std::string_view explain_feedback() {
  if constexpr (differentiable_feedback<F>)
    return "";
  else if constexpr (!detail::with_scalar_type<F>)
    return "a feedback needs `using scalar_type`, float or double";
  else if constexpr (!detail::with_feedback_sizes<F>)
    return "a feedback needs `Eigen::Index input_size() const` (rows of the state) and `Eigen::Index output_size() const` (rows "
           "of the input it makes)";
  else if constexpr (!feedback<F>)
    return "a feedback needs `void evaluate(vector_view<S> h, vector_span<S> x [, workspace&]) const`";
  else
    return "this feedback has no tangent: give it `void tangent(vector_view<S> h, matrix_view<S> V, matrix_span<S> VX) const`, or "
           "`void tangent(matrix_view<S> V, matrix_span<S> VX, workspace&) const`, VX = (df/dh) V";
}

namespace detail {

/// One evaluation of a feedback, which remembers where it was made.
template <feedback F>
struct feedback_stage {
  using S = typename F::scalar_type;

  typename workspace_of<F>::type workspace;
  vector_of<S> h;  // of the last evaluation; empty where the feedback's own workspace remembers

  static feedback_stage make(const F& f, Eigen::Index columns) {
    feedback_stage made = [&]() -> feedback_stage {
      if constexpr (with_workspace<F>)
        return {f.make_workspace(columns), {}};
      else
        return {};
    }();
    if constexpr (!feedback_tangent_in_workspace<F>) made.h.setZero(f.input_size());
    return made;
  }
  void evaluate(const F& f, const vector_view<S>& at, vector_span<S> x) {
    if constexpr (!feedback_tangent_in_workspace<F>) h = at;
    if constexpr (evaluates_in_workspace<F>)
      f.evaluate(at, x, workspace);
    else
      f.evaluate(at, x);
  }
  void tangent(const F& f, matrix_view<S> V, matrix_span<S> VX) {
    if constexpr (feedback_tangent_in_workspace<F>)
      f.tangent(V, VX, workspace);
    else
      f.tangent(h, V, VX);
  }
  void pullback(const F& f, matrix_view<S> WX, matrix_span<S> W) {
    if constexpr (feedback_pullback_in_workspace<F>)
      f.pullback(WX, W, workspace);
    else
      f.pullback(h, WX, W);
  }
};

template <class F, class Cell, class T>
concept reads_on = requires(const F& f, const state_of<Cell, T>& h) {
  { f(h) } -> std::convertible_to<input_of<Cell, T>>;
};
template <class F, class Cell>
concept reads_for = reads_on<F, Cell, double> && reads_on<F, Cell, tangent_scalar>;

}  // namespace detail

/// A driven formula fed by a formula of its state. Made by `close_loop(cell, f)`.
template <formula_map Cell, class F>
class closed_loop : public detail::formula_base<closed_loop<Cell, F>, static_cast<int>(Cell::dimension), 0, timed<Cell>,
                                                lanes_allowed<Cell> && lanes_allowed<F>>,
                    public wrapper<closed_loop<Cell, F>, Cell> {
  static constexpr int n = static_cast<int>(Cell::dimension);

 public:
  closed_loop(Cell cell, F f) : cell_(std::move(cell)), f_(std::move(f)) {}

  const Cell& cell() const { return cell_; }
  const Cell& inner() const { return cell_; }
  const F& readout() const { return f_; }

 private:
  friend detail::formula_base<closed_loop, n, 0, timed<Cell>, lanes_allowed<Cell> && lanes_allowed<F>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t t, const state<T, n>& h, const X&) const {
    const state<T, input_dimension<Cell>> x = f_(h);
    return evaluate<Cell, T>(cell_, t, h, x);
  }

  Cell cell_;
  F f_;
};

/// A driven vector map fed by a feedback. Made by `close_loop(cell, f)`.
template <vector_map Cell, feedback F>
class closed_loop_vector : public detail::vector_base<closed_loop_vector<Cell, F>, typename Cell::scalar_type, false, timed<Cell>>,
                           public wrapper<closed_loop_vector<Cell, F>, Cell> {
  using S = typename Cell::scalar_type;
  static constexpr bool pulls_back = has_input_pullback<Cell> && feedback_with_pullback<F>;

 public:
  struct workspace {
    detail::stage<Cell> cell;
    detail::feedback_stage<F> feedback;
    detail::vector_of<S> x;
    detail::matrix_of<S> VX;     // shape (m, columns)
    detail::matrix_of<S> through;  // of the adjoint: what comes through the feedback, shape (n, columns); or empty
  };

  closed_loop_vector(Cell cell, F f) : cell_(std::move(cell)), f_(std::move(f)) {
    require_rows(f_.input_size(), cell_.state_size(), "maps::close_loop", "the state that the feedback reads",
                 "the cell's state size");
    require_rows(f_.output_size(), cell_.input_size(), "maps::close_loop", "the feedback's output", "the cell's input size");
  }

  const Cell& cell() const { return cell_; }
  const Cell& inner() const { return cell_; }
  const F& readout() const { return f_; }

  workspace make_workspace(Eigen::Index columns) const {
    const Eigen::Index m = cell_.input_size();
    return {detail::stage<Cell>::make(cell_, columns), detail::feedback_stage<F>::make(f_, columns), detail::vector_of<S>::Zero(m),
            detail::matrix_of<S>::Zero(m, columns), detail::matrix_of<S>::Zero(pulls_back ? cell_.state_size() : 0, columns)};
  }

  void tangent(matrix_view<S> V, matrix_span<S> JV, workspace& ws) const
    requires differentiable_in_input<Cell> && differentiable_feedback<F>
  {
    auto VX = ws.VX.leftCols(V.cols());
    ws.feedback.tangent(f_, V, VX);
    detail::tangent_with_input(ws.cell, cell_, V, VX, JV);
  }
  /// Jᵀ W = (∂g/∂h)ᵀ W + (∂f/∂h)ᵀ (∂g/∂x)ᵀ W
  void pullback(matrix_view<S> W, matrix_span<S> JtW, workspace& ws) const
    requires pulls_back
  {
    matrix_span<S> WX = ws.VX.leftCols(W.cols()), through = ws.through.leftCols(W.cols());
    ws.cell.pullback(cell_, W, JtW, WX);
    ws.feedback.pullback(f_, WX, through);
    JtW += through;
  }

 private:
  friend detail::vector_base<closed_loop_vector, S, false, timed<Cell>>;

  void advance(std::int64_t t, const vector_view<S>& h, const vector_view<S>&, vector_span<S> next, workspace& ws) const {
    ws.feedback.evaluate(f_, h, ws.x);
    ws.cell.step(cell_, t, h, ws.x, next);
  }
  Eigen::Index state_rows() const { return cell_.state_size(); }

  Cell cell_;
  F f_;
};

/// The closed loop h' = g(h, f(h)): a driven map that reads what it has made of its own state, as a model that generates does.
///
///     close_loop(cell, [](const auto& h) { return ...; })        // formulas: a template state<T, n> -> state<T, m>
///     close_loop(gru, models::direct_feedback(gru, readout))     // vector maps: a `feedback`
///
/// Its tangent differentiates f too, J = ∂g/∂h + ∂g/∂x ∂f/∂h, on a block and without forming a matrix. Its exponents are
/// another question than those of the driven map along the same inputs, where f does not answer: the loop can be chaotic
/// although the cell forgets its state, and stable although it does not.
///
/// A loop whose cell is not `differentiable_in_input` (see `explain_input_tangent`) or whose f is not a
/// `differentiable_feedback` (see `explain_feedback`) has no tangent: `tangent::finite_difference(close_loop(cell, f))`.
///
/// \param cell  a driven formula of m inputs, or a driven vector map; a timed cell gives a timed map
/// \param f     what it is fed; for vector maps of the same scalar type
/// \throws      argument_error where a vector map's and its feedback's sizes differ
/// Cost:        a step of the cell and an evaluation of f; for a tangent the same on each direction
template <formula_map Cell, class F>
  requires driven<Cell> && detail::reads_for<F, Cell>
closed_loop<Cell, F> close_loop(Cell cell, F f) {
  return {std::move(cell), std::move(f)};
}

template <vector_map Cell, feedback F>
  requires driven<Cell> && std::same_as<typename Cell::scalar_type, typename F::scalar_type>
closed_loop_vector<Cell, F> close_loop(Cell cell, F f) {
  return {std::move(cell), std::move(f)};
}

}  // namespace libration::inline LIBRATION_ABI::maps
