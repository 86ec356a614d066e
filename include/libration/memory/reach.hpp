// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How far back an output depends on the inputs: the gain ‖∂y_t/∂x_s‖ against the lag t - s.

#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/memory/detail/reach_books.hpp>
#include <libration/memory/detail/reach_transport.hpp>
#include <libration/memory/reach_options.hpp>
#include <libration/memory/reach_result.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/final_state.hpp>
#include <libration/rollout/one_orbit.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/tangent/formula_as_vector.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::memory {

namespace detail {

/// The vector map that stands for what a system runs: itself, or a formula seen as one.
template <class System>
struct vector_of_system {
  using type = tangent::formula_as_vector<typename System::map_type>;
};
template <maps::vector_map M>
struct vector_of_system<tangent::vector_system<M>> {
  using type = M;
};

}  // namespace detail

/// An observer (see `rollout::drive`) that looks back from, or ahead of, every `.every`-th step that it sees.
template <class System>
class reach_run : public rollout::one_orbit<reach_run<System>, reach_result> {
  using map_type = typename detail::vector_of_system<System>::type;
  using ending = rollout::one_orbit<reach_run<System>, reach_result>;
  friend ending;
  using ending::result_;
  using S = typename map_type::scalar_type;
  using vector = Eigen::Matrix<S, Eigen::Dynamic, 1>;
  static constexpr bool is_vector = std::is_same_v<System, tangent::vector_system<map_type>>;
  static_assert(System::width == 1);

 public:
  static constexpr bool needs_tangent = true;

  /// \param alone  whether it is the pass's only observer
  reach_run(const System& system, const reach_options& options, std::int64_t steps, bool alone = false)
      : options_(options),
        map_(map_of(system)),
        transport_(*map_, options, detail::reach_windows(options, steps), own(system), alone) {}

  std::int64_t warm_up() const { return 0; }

  void observe(const rollout::step_view<System>& view) {
    if (this->done()) return;
    bool finite;
    if constexpr (is_vector) {
      finite = transport_.observe(view.t, view.h, view.x, view.next, &view.system);
    } else {
      copy(view.h, h_);
      copy(view.next, next_);
      if constexpr (maps::driven<map_type>) copy(view.x, x_);
      finite = transport_.observe(view.t, h_, x_, next_, nullptr);
    }
    ++result_.steps;
    if (!finite) this->fail(view);
  }

 private:
  static auto map_of(const System& system) {
    if constexpr (is_vector)
      return &system.map();
    else
      return std::make_unique<const map_type>(system.map());
  }
  static const tangent::vector_system<map_type>* own([[maybe_unused]] const System& system) {
    if constexpr (is_vector)
      return &system;
    else
      return nullptr;
  }
  template <class State>
  static void copy(const State& from, vector& to) {
    to = rollout::state_values(from);
  }
  void finish() { transport_.write_to(result_, options_); }

  reach_options options_;
  std::conditional_t<is_vector, const map_type*, std::unique_ptr<const map_type>> map_;
  detail::reach_transport<map_type> transport_;
  vector h_, x_, next_;
};

/// Reach as an estimator for `analyze`; `.steps`, `.transient`, `.on_progress` and `.stop` are the pass's own there. By adjoints it
/// copies the pass's workspaces, which are as wide as the widest estimator's frame.
struct reach_estimator {
  reach_options options = {};

  static constexpr bool needs_tangent = true;

  Eigen::Index columns(Eigen::Index n) const {
    const bool known = options.by == transport::adjoint || !options.output.is_state() || options.probes > 0;
    return options.by == transport::tangent || !known ? 0 : detail::carried(options, options.output.rows(n));
  }
  std::int64_t warm_up(std::int64_t) const { return 0; }
  void validate(Eigen::Index n) const { detail::validate(options, n); }
  template <class System>
  reach_run<System> start(const System& system, std::int64_t steps) const {
    return reach_run<System>(system, options, steps);
  }
};

namespace detail {

/// The only estimator of its pass, which keeps the pass's workspaces themselves.
struct lone_reach_estimator : reach_estimator {
  template <class System>
  reach_run<System> start(const System& system, std::int64_t steps) const {
    return reach_run<System>(system, options, steps, true);
  }
};

template <class M, class H, class Inputs>
reach_result measure_reach(const M& map, const H& h0, Inputs&& inputs, reach_options options) {
  const std::int64_t window = saturating_sum(options.lags, 1);
  const std::int64_t steps =
      options.steps != 0 || rollout::is_matrix<Inputs> ? options.steps : saturating_product(windows_by_default, window);
  // What is known of the map here, and is not where an estimator's frames are asked for.
  const option_check check("memory::reach");
  check(options.lags >= 1, "lags", options.lags, ">= 1");
  if (options.by == transport::automatic) options.by = reach_transport<M>::choose(map, options);
  return rollout::measure<double>("memory::reach", map, h0, std::forward<Inputs>(inputs), steps, options,
                                  lone_reach_estimator{{options}});
}
template <maps::formula_map M, class Inputs>
reach_result measure_reach_of_formula(const M& map, const state<double, M::dimension>& h0, Inputs&& inputs,
                                      const reach_options& options) {
  // One preparation for formulas of every size.
  const tangent::formula_as_vector<M> vector(map);
  const Eigen::VectorXd h = h0.vector();
  return measure_reach(vector, vector_view<double>(h), std::forward<Inputs>(inputs), options);
}

}  // namespace detail

/// How far back what a map gives depends on what it was fed: the gain ‖∂y_t/∂x_{t-k}‖ against the lag k = 0 .. lags, mean over many
/// times of a run, with intervals; the lag at which it has fallen to a fraction; by input channel and by layer.
///
///     const auto heard = memory::reach(gru, h0, inputs, {.lags = 1000, .output = C});     // heard.fraction_lag.value
///
/// x_t is the input of step t, h_t the state after it, and y_t = f(h_t) the `.output`, the whole state if none is given. Lag 0 is
/// the step's own input: ∂h_t/∂x_{t-k} = J_t J_{t-1} ... J_{t-k+1} B_{t-k}, J = ∂g/∂h, B = ∂g/∂x. Of a map without inputs it is
/// the gain of the state, ‖∂y_t/∂h_{t-k}‖. The norm is Frobenius's: of one output or one input the length of a vector, of p
/// outputs the root of the sum of their squares.
///
/// By adjoints, which go back from y_t at a window's last step and cost a pullback a lag for each output; or by tangents, which go
/// forward from x_s at its first and cost a tangent a lag for each input. Both are exact, and their means over stationary windows
/// agree. A derivative that grows or shrinks on the way is scaled by powers of two, so that single precision has the range of
/// double.
///
/// \param h0      start, shape (n)
/// \param inputs  driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \return        `ok`, `diverged` or `cancelled`, with the windows that were completed
/// \throws        argument_error before the first step: shapes, options, inputs too short, a `.by` that the map has not
/// Accuracy:  lags · n eps relative to the product of the steps' norms; the intervals take windows for independent, and are too
///            short where the memory is longer than a block of them (a 64th of the run, and at least a window)
/// Cost:      by adjoints, one output, windows that follow each other: a step and a pullback a step, and keeps lags + 1 workspaces
///            of the map; with `.recompute` another step, and keeps as many states instead. By tangents: two steps and a tangent
///            of as many columns as there are inputs
/// Source:    derived here
template <maps::map M>
  requires(!maps::driven<M>)
reach_result reach(const M& map, rollout::start_of<M> h0, const reach_options& options = {}) {
  if constexpr (maps::formula_map<M>)
    return detail::measure_reach_of_formula(map, h0, rollout::no_inputs{}, options);
  else
    return detail::measure_reach(map, h0, rollout::no_inputs{}, options);
}
template <maps::map M, class Inputs>
  requires maps::driven<M>
reach_result reach(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const reach_options& options = {}) {
  if constexpr (maps::formula_map<M>)
    return detail::measure_reach_of_formula(map, h0, std::forward<Inputs>(inputs), options);
  else
    return detail::measure_reach(map, h0, std::forward<Inputs>(inputs), options);
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/reach.hpp>
#endif
