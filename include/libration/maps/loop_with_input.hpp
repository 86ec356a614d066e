// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A driven vector map in a loop whose input is a part of the state, beside the map's own.

#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/close_loop.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/coordinates.hpp>
#include <libration/maps/detail/input_tangent.hpp>
#include <libration/maps/detail/vector_base.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// What a loop makes of the readout of a new state.
enum class loop_output : std::uint8_t {
  value,      ///< the next input itself: x' = f(h')
  increment,  ///< what is added to the input: x' = x + f(h')
};

/// A driven vector map with its input as state, (h, x). Made by `loop_with_input(cell, f)`.
template <vector_map Cell, feedback F>
class input_loop : public detail::vector_base<input_loop<Cell, F>, typename Cell::scalar_type, false, timed<Cell>> {
  using S = typename Cell::scalar_type;
  static_assert(counters<Cell> == 0, "libration: loop_with_input: the counters of a cell would not stand at the state's end");

 public:
  static constexpr bool autonomous = time_invariant<Cell>;
  static constexpr bool exact_steps = maps::exact_steps<Cell>;

  struct workspace {
    detail::stage<Cell> cell;
    detail::feedback_stage<F> feedback;
    detail::vector_of<S> h, x, next;
    detail::matrix_of<S> V, VX, JV;  // shapes (n, columns), (m, columns), (n, columns)
  };

  input_loop(Cell cell, F f, loop_output output) : cell_(std::move(cell)), f_(std::move(f)), output_(output) {
    constexpr std::string_view who = "maps::loop_with_input";
    require_rows(f_.input_size(), cell_.state_size(), who, "the state that the feedback reads", "the cell's state size");
    require_rows(f_.output_size(), cell_.input_size(), who, "the feedback's output", "the cell's input size");
  }

  const Cell& cell() const { return cell_; }
  const F& readout() const { return f_; }
  double time_step() const
    requires has_time_step<Cell>
  {
    return cell_.time_step();
  }
  /// The cell's, and none of the inputs.
  Eigen::VectorXd periods() const
    requires has_periods<Cell>
  {
    const coordinates<Cell> of(cell_);
    Eigen::VectorXd values = Eigen::VectorXd::Zero(state_rows());
    for (Eigen::Index i = 0; i < of.size(); ++i) values[i] = of.period(i);
    return values;
  }
  /// The cell's, and no input.
  Eigen::Array<bool, Eigen::Dynamic, 1> unbounded() const
    requires has_unbounded<Cell>
  {
    const coordinates<Cell> of(cell_);
    Eigen::Array<bool, Eigen::Dynamic, 1> values = Eigen::Array<bool, Eigen::Dynamic, 1>::Constant(state_rows(), false);
    for (Eigen::Index i = 0; i < of.size(); ++i) values[i] = of.unbounded(i);
    return values;
  }

  workspace make_workspace(Eigen::Index columns) const {
    const Eigen::Index n = cell_.state_size(), m = cell_.input_size();
    return {detail::stage<Cell>::make(cell_, columns),  detail::feedback_stage<F>::make(f_, columns),
            detail::vector_of<S>::Zero(n),              detail::vector_of<S>::Zero(m),
            detail::vector_of<S>::Zero(n),              detail::matrix_of<S>::Zero(n, columns),
            detail::matrix_of<S>::Zero(m, columns),     detail::matrix_of<S>::Zero(n, columns)};
  }

  void tangent(matrix_view<S> V, matrix_span<S> JV, workspace& ws) const
    requires differentiable_in_input<Cell> && differentiable_feedback<F>
  {
    const Eigen::Index n = cell_.state_size(), m = cell_.input_size(), k = V.cols();
    ws.V.leftCols(k) = V.topRows(n);
    ws.VX.leftCols(k) = V.bottomRows(m);
    detail::tangent_with_input(ws.cell, cell_, ws.V.leftCols(k), ws.VX.leftCols(k), ws.JV.leftCols(k));
    ws.feedback.tangent(f_, ws.JV.leftCols(k), ws.VX.leftCols(k));
    JV.topRows(n) = ws.JV.leftCols(k);
    JV.bottomRows(m) = ws.VX.leftCols(k);
    if (output_ == loop_output::increment) JV.bottomRows(m) += V.bottomRows(m);
  }
  void pullback(matrix_view<S> W, matrix_span<S> JtW, workspace& ws) const
    requires has_input_pullback<Cell> && feedback_with_pullback<F>
  {
    const Eigen::Index n = cell_.state_size(), m = cell_.input_size(), k = W.cols();
    matrix_span<S> of_state = ws.JV.leftCols(k), of_input = ws.VX.leftCols(k);
    ws.feedback.pullback(f_, W.bottomRows(m), of_state);
    ws.V.leftCols(k) = W.topRows(n) + of_state;
    ws.cell.pullback(cell_, ws.V.leftCols(k), of_state, of_input);
    JtW.topRows(n) = of_state;
    JtW.bottomRows(m) = of_input;
    if (output_ == loop_output::increment) JtW.bottomRows(m) += W.bottomRows(m);
  }

 private:
  friend detail::vector_base<input_loop, S, false, timed<Cell>>;

  void advance(std::int64_t t, const vector_view<S>& state, const vector_view<S>&, vector_span<S> next, workspace& ws) const {
    const Eigen::Index n = cell_.state_size(), m = cell_.input_size();
    ws.h = state.head(n);
    ws.x = state.tail(m);
    ws.cell.step(cell_, t, ws.h, ws.x, ws.next);
    ws.feedback.evaluate(f_, ws.next, ws.x);
    next.head(n) = ws.next;
    next.tail(m) = ws.x;
    if (output_ == loop_output::increment) next.tail(m) += state.tail(m);
  }
  Eigen::Index state_rows() const { return cell_.state_size() + cell_.input_size(); }

  Cell cell_;
  F f_;
  loop_output output_;
};

/// The loop whose input is a state of its own: h' = g(h, x), x' = f(h') or x + f(h'), on the state (h, x).
///
///     loop_with_input(gru, models::mixture_feedback(gru, head))                        // a world model that dreams
///     loop_with_input(gru, models::direct_feedback(gru, readout), loop_output::increment)   // it predicts differences
///
/// Where `close_loop` computes its input from the state that it has, here the first input is given with the start, an error of
/// the input is an error of the state, and an input that adds up is possible at all. From (h, f(h)) the h of both loops is the
/// same, and so are the exponents, but for m more of minus infinity where x' depends on h' alone.
///
/// \param cell  a driven vector map of n components and m inputs
/// \param f     a `feedback` of the same scalar
/// \throws      argument_error where their sizes differ
/// Cost:        a step of the cell and an evaluation of f; for a tangent the same on each direction
template <vector_map Cell, feedback F>
  requires driven<Cell> && std::same_as<typename Cell::scalar_type, typename F::scalar_type>
input_loop<Cell, F> loop_with_input(Cell cell, F f, loop_output output = loop_output::value) {
  return {std::move(cell), std::move(f), output};
}

}  // namespace libration::inline LIBRATION_ABI::maps
