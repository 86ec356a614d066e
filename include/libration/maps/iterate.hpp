// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A map applied n times as one step.

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/detail/formula_base.hpp>
#include <libration/maps/detail/vector_base.hpp>
#include <libration/maps/wrapper.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

namespace detail {

LIBRATION_DECLARED int checked_count(int count);

}  // namespace detail

/// A formula applied count times. Made by `iterate(f, count)`.
template <formula_map F>
class iterated : public detail::formula_base<iterated<F>, static_cast<int>(F::dimension), input_dimension<F>, timed<F>,
                                             lanes_allowed<F>>,
                 public wrapper<iterated<F>, F> {
  static constexpr int n = static_cast<int>(F::dimension);

 public:
  iterated(F f, int count) : f_(std::move(f)), count_(detail::checked_count(count)) {}

  double time_step() const
    requires has_time_step<F>
  {
    return count_ * f_.time_step();
  }
  iterated with_time_step(double dt) const
    requires(has_other_time_steps<F> && !driven<F>)  // an input is held over all applications
  {
    return {f_.with_time_step(dt / count_), count_};
  }

  /// The sum along the applications, which are repeated for it: where they depend on neither input nor time.
  template <class T>
    requires(repeats_itself<F> && detail::determinant_on<F, T>)
  T log_abs_determinant(const state<T, n>& h) const {
    T sum = f_.log_abs_determinant(h);
    state<T, n> at = h;
    for (int i = 1; i < count_; ++i) {
      at = evaluate<F, T>(f_, 0, at, at);
      sum += f_.log_abs_determinant(at);
    }
    return sum;
  }

  const F& map() const { return f_; }
  const F& inner() const { return f_; }
  int count() const { return count_; }

 private:
  friend detail::formula_base<iterated, n, input_dimension<F>, timed<F>, lanes_allowed<F>>;

  template <class T, class X>
  state<T, n> advance(std::int64_t t, const state<T, n>& h, const X& x) const {
    state<T, n> next = evaluate<F, T>(f_, t * count_, h, x);
    for (int i = 1; i < count_; ++i) next = evaluate<F, T>(f_, t * count_ + i, next, x);
    return next;
  }

  F f_;
  int count_;
};

/// A vector map applied count times. Made by `iterate(f, count)`.
template <vector_map F>
class iterated_vector : public detail::vector_base<iterated_vector<F>, typename F::scalar_type, driven<F>, timed<F>>,
                        public wrapper<iterated_vector<F>, F> {
  using S = typename F::scalar_type;

 public:
  struct workspace {
    std::vector<detail::stage<F>> stages;  // one for each application
    detail::vector_of<S> states[2];
    detail::matrix_of<S> blocks[2];
  };

  iterated_vector(F f, int count) : f_(std::move(f)), count_(detail::checked_count(count)) {}

  double time_step() const
    requires has_time_step<F>
  {
    return count_ * f_.time_step();
  }
  iterated_vector with_time_step(double dt) const
    requires(has_other_time_steps<F> && !driven<F>)
  {
    return {f_.with_time_step(dt / count_), count_};
  }

  const F& map() const { return f_; }
  const F& inner() const { return f_; }
  int count() const { return count_; }

  workspace make_workspace(Eigen::Index columns) const {
    workspace ws;
    ws.stages.reserve(static_cast<std::size_t>(count_));
    for (int i = 0; i < count_; ++i) ws.stages.push_back(detail::stage<F>::make(f_, columns));
    for (auto& middle : ws.states) middle.setZero(f_.state_size());
    for (auto& block : ws.blocks) block.setZero(f_.state_size(), columns);
    return ws;
  }

  void tangent(matrix_view<S> V, matrix_span<S> JV, workspace& ws) const
    requires differentiable<F>
  {
    if (count_ == 1) return ws.stages.front().tangent(f_, V, JV);
    const Eigen::Index k = V.cols();
    ws.stages.front().tangent(f_, V, ws.blocks[0].leftCols(k));
    for (int i = 1; i < count_ - 1; ++i) {
      auto& stage = ws.stages[static_cast<std::size_t>(i)];
      stage.tangent(f_, ws.blocks[(i - 1) % 2].leftCols(k), ws.blocks[i % 2].leftCols(k));
    }
    ws.stages.back().tangent(f_, ws.blocks[count_ % 2].leftCols(k), JV);
  }
  void pullback(matrix_view<S> W, matrix_span<S> JtW, workspace& ws) const
    requires has_pullback<F>
  {
    if (count_ == 1) return ws.stages.front().pullback(f_, W, JtW);
    matrix_span<S> blocks[2] = {ws.blocks[0].leftCols(W.cols()), ws.blocks[1].leftCols(W.cols())};
    ws.stages.back().pullback(f_, W, blocks[0]);
    for (int i = count_ - 2, b = 0; i > 0; --i, b = 1 - b)
      ws.stages[static_cast<std::size_t>(i)].pullback(f_, blocks[b], blocks[1 - b]);
    ws.stages.front().pullback(f_, blocks[count_ % 2], JtW);
  }
  /// The sum along the applications.
  double log_abs_determinant(const workspace& ws) const
    requires detail::with_determinant<F>
  {
    double sum = 0.0;
    for (const auto& stage : ws.stages) sum += stage.log_abs_determinant(f_);
    return sum;
  }

 private:
  friend detail::vector_base<iterated_vector, S, driven<F>, timed<F>>;

  void advance(std::int64_t t, const vector_view<S>& h, const vector_view<S>& x, vector_span<S> next,
               workspace& ws) const {
    const std::int64_t first = t * count_;
    if (count_ == 1) return ws.stages.front().step(f_, first, h, x, next);
    ws.stages.front().step(f_, first, h, x, ws.states[0]);
    for (int i = 1; i < count_ - 1; ++i)
      ws.stages[static_cast<std::size_t>(i)].step(f_, first + i, ws.states[(i - 1) % 2], x, ws.states[i % 2]);
    ws.stages.back().step(f_, first + count_ - 1, ws.states[count_ % 2], x, next);
  }
  Eigen::Index state_rows() const { return f_.state_size(); }
  Eigen::Index input_rows() const { return f_.input_size(); }

  F f_;
  int count_;
};

/// The map f∘...∘f, f applied count times as one step.
///
/// The step's input is held over the applications; step t of it is steps t count .. t count + count - 1 of f. Where f
/// has a time step this one's is count times as long, so that exponents per unit time stay the same; where f has none
/// they are per count applications.
///
/// \param f      a formula or a vector map
/// \param count  >= 1
/// \throws       argument_error where count < 1
/// Cost:         count times that of f; for vector maps count workspaces of f, so that the tangent needs no second run
template <formula_map F>
iterated<F> iterate(F f, int count) {
  return {std::move(f), count};
}

template <vector_map F>
iterated_vector<F> iterate(F f, int count) {
  return {std::move(f), count};
}

}  // namespace libration::inline LIBRATION_ABI::maps

#if !defined(LIBRATION_COMPILED)
#include <libration/maps/definitions/iterate.hpp>
#endif
