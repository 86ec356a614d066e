// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `rollout::run`: runs a map and returns the state it ends in and, on request, its orbit.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/memory.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/core/status.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/final_state.hpp>
#include <libration/rollout/inputs.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/vector_system.hpp>

namespace libration::inline LIBRATION_ABI::rollout {

/// Options of `rollout::run`, declared in the order in which designated initialisers name them.
struct run_options {
  /// Steps after the transient, >= 0; 0: as many as a matrix of inputs leaves, 100,000 otherwise; `unlimited_steps`: until the run
  /// is stopped or diverges (no states are kept then).
  std::int64_t steps = 0;
  /// Steps before these of which no state is kept or shown, >= 0. 0, other than that of measurements: a run begins at h0.
  std::int64_t transient = 0;
  /// Every so many steps after the transient the state is kept, >= 0. 0: none, or each is shown where there is a callback.
  std::int64_t every = 0;
  /// The number of the first step, >= 0: what a map that depends on time and a callable of inputs are asked for, and the column of
  /// a matrix of inputs that is read first. A run that goes on after k steps has k here.
  std::int64_t first_step = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

/// What `run` returns.
///
/// \tparam M  the map: the states of a formula are in double, those of a vector map in its scalar
template <maps::map M>
struct [[nodiscard]] run_result {
  using state_type = std::remove_cvref_t<decltype(start_at(std::declval<const M&>(), std::declval<const Eigen::VectorXd&>()))>;
  using scalar = std::remove_cvref_t<decltype(std::declval<state_type&>()[0])>;
  using matrix = Eigen::Matrix<scalar, Eigen::Dynamic, Eigen::Dynamic>;

  state_type final_state{};        ///< after the last step (of a diverged run the last finite state): where another run goes on
  matrix states;                   ///< shape (n, kept): column j is the state (j + 1) every steps after the transient
  std::int64_t every = 0;          ///< steps between columns; 0: none were kept
  std::int64_t steps = 0;          ///< done after the transient
  double time_step = 1.0;          ///< units of time a step
  bool per_unit_of_time = false;   ///< the map has a time step
  libration::status status = libration::status::not_run;
  std::int64_t failed_at = -1;     ///< the number of the step whose image is not finite, `first_step` and transient included; or -1

  Eigen::Index kept() const { return states.cols(); }
};

namespace detail {

/// An observer (see `drive`) that keeps or shows states.
template <class System, class Result, class Show>
class orbit_keeper {
 public:
  static constexpr bool needs_tangent = false;

  orbit_keeper(Result& result, std::int64_t every, Show& show) : result_(&result), every_(every), show_(&show) {}

  std::int64_t warm_up() const { return 0; }
  bool done() const { return result_->status != status::not_run; }

  void observe(const step_view<System>& view) {
    ++result_->steps;
    if (every_ == 0 || result_->steps % every_ != 0) return;
    if constexpr (!std::is_same_v<Show, std::nullptr_t>) {
      write(view.next, shown_);
      (*show_)(view.t + 1, std::as_const(shown_));
    } else {
      for (int i = 0; i < static_cast<int>(result_->states.rows()); ++i)
        result_->states(i, kept_) = static_cast<typename Result::scalar>(view.next[i]);
      ++kept_;
    }
  }
  void end(bool, status how, std::int64_t t, const typename System::state_type& h) {
    if (how == status::diverged) result_->failed_at = t;
    finish(how, h);
  }
  void conclude(const step_view<System>& view) { finish(status::ok, view.next); }

 private:
  static void write(const typename System::state_type& h, typename Result::state_type& out) {
    if constexpr (std::is_same_v<typename System::state_type, typename Result::state_type>)
      out = h;
    else
      for (int i = 0; i < System::n; ++i) out[i] = static_cast<double>(h[i]);
  }
  void finish(status how, const typename System::state_type& h) {
    result_->status = how;
    write(h, result_->final_state);
    if (result_->states.cols() != kept_) result_->states.conservativeResize(Eigen::NoChange, kept_);
  }

  Result* result_;
  std::int64_t every_;
  Show* show_;
  typename Result::state_type shown_{};
  Eigen::Index kept_ = 0;
};

template <class Scalar, class M, class Inputs, class Show>
run_result<M> run(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const run_options& options, Show& show) {
  constexpr std::string_view who = "rollout::run";
  constexpr bool shows = !std::is_same_v<Show, std::nullptr_t>;
  const option_check check(who);
  check(options.steps >= 0, "steps", options.steps, ">= 0");
  check(options.transient >= 0, "transient", options.transient, ">= 0");
  check(options.every >= 0, "every", options.every, ">= 0");
  check(options.first_step >= 0, "first_step", options.first_step, ">= 0");
  check(shows || options.every == 0 || options.steps != unlimited_steps, "every", options.every,
        "0 where .steps are unlimited: states are shown to a callback then");
  const Eigen::Index n = state_size(map);
  require(n >= 1, who, [&] { return "the map's dimension is " + number_text(n) + ", expected at least 1"; });

  return with_memory(who, [&] {
    auto system = [&] {
      if constexpr (maps::formula_map<M>)
        return tangent::formula_system<M, Scalar, 1>(map);  // no frame is carried
      else
        return tangent::vector_system<M>(map, 0);
    }();
    using system_type = decltype(system);
    auto source = make_inputs<typename system_type::scalar>(std::forward<Inputs>(inputs), system.input_size(), who);
    const auto none = [](std::int64_t) { return std::int64_t{0}; };
    const std::int64_t steps =
        steps_for(source, options.steps, saturating_sum(options.first_step, options.transient), none, who);
    run_result<M> result;
    result.time_step = system.time_step();
    result.per_unit_of_time = system.per_unit_of_time();
    result.every = shows && options.every == 0 ? 1 : options.every;
    const Eigen::Index columns = shows || options.every == 0 ? 0 : static_cast<Eigen::Index>(steps / options.every);
    const double bytes = static_cast<double>(sizeof(typename run_result<M>::scalar)) * static_cast<double>(n);
    require_memory(bytes * static_cast<double>(columns), who, number_text(columns) + " states", "a larger .every, or a callback");
    result.states.resize(n, columns);
    orbit_keeper<system_type, run_result<M>, Show> keeper(result, result.every, show);
    drive(system, make_state(system, h0, who), source,
          drive_options{options.transient, steps, options.on_progress, options.stop, options.first_step}, keeper);
    return result;
  });
}

}  // namespace detail

/// Runs a map from h0, and returns the state that it ends in and, with `.every`, every so many states of its orbit.
///
///     const auto r = rollout::run(map, h0, {.steps = 10'000, .every = 100});       // r.states: shape (n, 100)
///     const auto on = rollout::run(map, r.final_state, {.steps = 500});            // goes on where it ended
///
/// Two runs of a and b steps are one of a + b, bit for bit: of a map that depends on time, or of inputs that go on in the same
/// matrix or callable, with `.first_step = a` in the second. Where a measurement ended (`final_state` of its result), a run goes on
/// from `start_at(map, r.final_state)`.
///
/// \param h0      start, shape (n): braces for a formula, a vector of the map's scalar for a vector map
/// \param inputs  driven maps only: a matrix (m, T), one column a step, transient included, or a callable x(t, out)
/// \tparam Scalar the scalar a formula runs in: double, or `single`
/// \return  `ok`, `diverged` or `cancelled`, with the states up to there
/// \throws  argument_error before the first step: a shape or an option out of range, inputs too short, more states than memory
/// Cost:    a step a step; nothing is allocated in one
template <class Scalar = double, maps::map M>
  requires(!maps::driven<M>)
run_result<M> run(const M& map, start_of<M> h0, const run_options& options = {}) {
  std::nullptr_t nobody = nullptr;
  return detail::run<Scalar>(map, h0, no_inputs{}, options, nobody);
}
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
run_result<M> run(const M& map, start_of<M> h0, Inputs&& inputs, const run_options& options = {}) {
  std::nullptr_t nobody = nullptr;
  return detail::run<Scalar>(map, h0, std::forward<Inputs>(inputs), options, nobody);
}

/// The same, with states shown to a callback instead of kept.
///
/// \param on_state  on_state(t, h), after every `.every`-th step (0: each): t is the number of the next step, the steps that have
///                  led to h where `first_step` is 0; h: `const state<double, n>&`, or a vector of the map's scalar, shape (n)
template <class Scalar = double, maps::map M, class OnState>
  requires(!maps::driven<M>)
run_result<M> run(const M& map, start_of<M> h0, const run_options& options, OnState&& on_state) {
  return detail::run<Scalar>(map, h0, no_inputs{}, options, on_state);
}
template <class Scalar = double, maps::map M, class Inputs, class OnState>
  requires maps::driven<M>
run_result<M> run(const M& map, start_of<M> h0, Inputs&& inputs, const run_options& options, OnState&& on_state) {
  return detail::run<Scalar>(map, h0, std::forward<Inputs>(inputs), options, on_state);
}

}  // namespace libration::inline LIBRATION_ABI::rollout
