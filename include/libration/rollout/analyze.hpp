// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `analyze`: one pass over an orbit, shown to any number of estimators.

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/drive.hpp>
#include <libration/rollout/inputs.hpp>
#include <libration/rollout/prepare.hpp>

namespace libration::inline LIBRATION_ABI {

/// Options of `analyze`.
struct analyze_options {
  /// Steps that every estimator counts, >= 1; 0: as many as a matrix of inputs leaves, 100,000 otherwise; `unlimited_steps`:
  /// until the run is stopped.
  std::int64_t steps = 0;
  /// Steps of the orbit before any estimator sees one, >= 0; 0 where the estimators measure what begins at h0.
  std::int64_t transient = default_transient;
  /// Called now and then with the steps done.
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

namespace rollout {

/// An estimator: a description of a measurement, which starts an observer (see `rollout::drive`) for a prepared map.
///
///     static constexpr bool needs_tangent;                                   // whether it linearises the map
///     Eigen::Index columns(Eigen::Index n) const;                            // the widest frame it will ask the tangent of
///     std::int64_t warm_up(std::int64_t steps) const;                        // wanted before as many counted steps
///     void validate(Eigen::Index n) const;                                   // throws argument_error; n: the map's dimension
///     template <class System> auto start(const System&, std::int64_t steps) const;    // the observer of as many counted steps
///
/// What the compiler cannot see here, since it depends on the map: `start` takes every system that the pass may prepare
/// (`tangent::vector_system`, `tangent::formula_system`), and its observer has `needs_tangent`, `warm_up()`, `observe(view)` and
/// the rest that `rollout::drive` names, and `result()`. `validate` comes first, `columns` and `warm_up` next, `start` last.
///
/// Optional: `look_at(map)`, called after `validate` and before the others (see `show_map`).
///
/// Optional, for a pass with this estimator alone: where `E::runs_alone<Scalar, M>`, it is `run_alone(system, h, inputs,
/// drive_options)`, which returns the result.
template <class E>
concept estimator = requires(const E& e, Eigen::Index n) {
  { E::needs_tangent } -> std::convertible_to<bool>;
  { e.columns(n) } -> std::convertible_to<Eigen::Index>;
  { e.warm_up(std::int64_t{}) } -> std::convertible_to<std::int64_t>;
  e.validate(n);
};

/// Says in words what keeps E from being an estimator; empty where nothing does.
template <class E>
consteval std::string_view explain_estimator() {
  if constexpr (estimator<E>)
    return "";
  else if constexpr (!requires { { E::needs_tangent } -> std::convertible_to<bool>; })
    return "an estimator needs `static constexpr bool needs_tangent`; options are not one: lyapunov::spectrum_estimator{options}";
  else if constexpr (!requires(const E& e, Eigen::Index n) { { e.columns(n) } -> std::convertible_to<Eigen::Index>; })
    return "an estimator needs `Eigen::Index columns(Eigen::Index n) const`, the widest frame it asks the tangent of; 0: none";
  else if constexpr (!requires(const E& e) { { e.warm_up(std::int64_t{}) } -> std::convertible_to<std::int64_t>; })
    return "an estimator needs `std::int64_t warm_up(std::int64_t steps) const`, the steps wanted before as many counted ones";
  else
    return "an estimator needs `void validate(Eigen::Index n) const`, which throws argument_error; n is the map's dimension";
}

/// The same for the systems that a map is prepared as: what keeps E from starting on them.
template <class E, class System>
consteval std::string_view explain_start() {
  if constexpr (!requires(const E& e, const System& s) { e.start(s, std::int64_t{}); })
    return "an estimator needs `template <class System> auto start(const System& system, std::int64_t steps) const`";
  else if constexpr (!requires(decltype(std::declval<const E&>().start(std::declval<const System&>(), 0)) o) { o.result(); })
    return "what an estimator starts, its observer, needs `result()`";
  else
    return "";
}

/// What an estimator that linearises the map says at compile time of a system that has no tangent.
template <class System>
consteval void require_tangent() {
  static_assert(requires(System& system, typename System::frame_type& V) { system.tangent(V); },
                "libration: this measurement needs the map's tangent: give the map `void tangent([t,] vector_view<S> h, "
                "[vector_view<S> x,] matrix_view<S> V, matrix_span<S> JV) const`, or wrap it in "
                "libration::tangent::finite_difference(map)");
}

/// Steps to count where the options say 0.
///
/// \param warm_up  steps between the transient and the counted ones, as a function of the number of these that does not fall
/// \throws argument_error where a matrix of inputs is too short
template <class Inputs, class WarmUp>
std::int64_t steps_for(const Inputs& inputs, std::int64_t asked, std::int64_t transient, const WarmUp& warm_up,
                       std::string_view who) {
  constexpr std::int64_t by_default = 100'000;
  const std::int64_t length = inputs.length();
  if (length == no_inputs::unbounded) return asked > 0 ? asked : by_default;
  const std::int64_t least = std::max<std::int64_t>(asked, 1), before = saturating_sum(transient, warm_up(least));
  require(length - before >= least, who, [&] {
    return "inputs have " + number_text(length) + " columns, expected at least " + number_text(saturating_sum(before, least)) +
           " (" + number_text(before) + " steps of transients and " +
           (asked > 0 ? number_text(asked) : std::string("at least 1")) + " counted)";
  });
  if (asked > 0) return asked;
  const std::int64_t left = length - transient, some = left - warm_up(left), more = left - warm_up(some);
  return more + warm_up(more) <= left ? more : some;
}

/// Tells an estimator that has a `warm_up_room` how many steps a matrix of inputs leaves for its warm-up.
template <class E, class Inputs>
void give_room(E& estimator, const Inputs& inputs, std::int64_t steps, std::int64_t transient) {
  if constexpr (requires { estimator.warm_up_room; }) {
    if (steps > 0 && inputs.length() != no_inputs::unbounded)
      estimator.warm_up_room = inputs.length() - std::min(inputs.length(), saturating_sum(transient, steps));
  }
}

/// Shows the map to an estimator that wants to know it before it is asked for its columns and its warm-up.
template <class E, class M>
void show_map(E& estimator, const M& map) {
  if constexpr (requires { estimator.look_at(map); }) estimator.look_at(map);
}

namespace detail {

template <class Scalar, class Map, class... Estimators>
inline constexpr bool runs_alone = false;
template <class Scalar, class Map, class E>
  requires requires { E::template runs_alone<Scalar, Map>; }
inline constexpr bool runs_alone<Scalar, Map, E> = E::template runs_alone<Scalar, Map>;

template <class Scalar = double, class Map, class H, class Inputs, class... Estimators>
auto analyze(std::string_view who, const Map& map, const H& h0, Inputs&& inputs, const analyze_options& options,
             Estimators... estimators) {
  const option_check check(who);
  check(options.steps >= 0, "steps", options.steps, ">= 0");
  check(options.transient >= 0, "transient", options.transient, ">= 0");
  const Eigen::Index n = state_size(map);
  require(n >= 1, who, [&] { return "the map's dimension is " + number_text(n) + ", expected at least 1"; });
  (estimators.validate(n), ...);
  (show_map(estimators, map), ...);
  const Eigen::Index columns = std::max({Eigen::Index{0}, estimators.columns(n)...});
  constexpr bool alone = runs_alone<Scalar, Map, Estimators...>;

  const auto run = [&](auto system) {
    using system_type = decltype(system);
    auto source = make_inputs<typename system_type::scalar>(std::forward<Inputs>(inputs), system.input_size(), who);
    (give_room(estimators, source, options.steps, options.transient), ...);
    const auto warm_up = [&](std::int64_t count) { return std::max({std::int64_t{0}, estimators.warm_up(count)...}); };
    const std::int64_t steps = steps_for(source, options.steps, options.transient, warm_up, who);
    const drive_options driving{options.transient, steps, options.on_progress, options.stop};
    if constexpr (alone) {
      const auto start = make_state(system, h0, who);
      return std::tuple(estimators.run_alone(std::move(system), start, source, driving)...);
    } else {
      static_assert((explain_start<Estimators, system_type>().empty() && ...),
                    "libration: an estimator does not start on this map: libration::rollout::explain_start<E, System>() says what "
                    "it misses");
      auto observers = std::tuple(estimators.start(system, steps)...);
      std::apply([&](auto&... o) { drive(system, make_state(system, h0, who), source, driving, o...); }, observers);
      return std::apply([](auto&... o) { return std::tuple(o.result()...); }, observers);
    }
  };
  if constexpr (alone && is_small<Map>)
    return with_memory(who, [&] { return run(tangent::formula_system<Map, Scalar>(map)); });
  else
    return with_memory(who, [&] { return with_system<Scalar>(map, columns, run); });
}

/// Refuses what the pass decides in an estimator's own options, which are those of its one-call function too. An estimator whose
/// `.steps` are not the pass's has `bool reads_steps() const`.
template <class E>
void refuse_pass_options([[maybe_unused]] const E& estimator) {
  if constexpr (requires { estimator.options.transient; }) {
    const auto& given = estimator.options;
    const std::remove_cvref_t<decltype(given)> usual{};
    const auto refuse = [](bool set, std::string_view field) {
      require(!set, "analyze", [&] {
        return "an estimator's ." + std::string(field) + " is set, which the pass decides: give it in the options of analyze";
      });
    };
    bool reads_steps = false;
    if constexpr (requires { estimator.reads_steps(); }) reads_steps = estimator.reads_steps();
    refuse(!reads_steps && given.steps != usual.steps, "steps");
    refuse(given.transient != usual.transient, "transient");
    refuse(static_cast<bool>(given.on_progress), "on_progress");
    refuse(given.stop.stop_possible(), "stop");
    if constexpr (requires { given.max_steps; }) refuse(given.max_steps != usual.max_steps, "max_steps");
    if constexpr (requires { given.stepper_bias; })
      refuse(given.stepper_bias != usual.stepper_bias, "stepper_bias (of lyapunov::spectrum alone)");
    if constexpr (requires { given.from_first_step; })
      refuse(given.from_first_step, "from_first_step (of lyapunov::spectrum alone)");
  }
}

}  // namespace detail

/// One estimator alone, with what its options struct says of the pass: `transient`, `on_progress` and `stop`.
///
/// \param who    the call that an error names
/// \param steps  to count; 0: as `analyze_options` has it
/// \return       the estimator's result
/// \throws       as `analyze`
template <class Scalar, class Map, class H, class Inputs, class Options, class Estimator>
auto measure(std::string_view who, const Map& map, const H& h0, Inputs&& inputs, std::int64_t steps, const Options& options,
             const Estimator& estimator) {
  const analyze_options pass{steps, options.transient, options.on_progress, options.stop};
  return std::get<0>(detail::analyze<Scalar>(who, map, h0, std::forward<Inputs>(inputs), pass, estimator));
}

}  // namespace rollout

/// Runs the map from h0 and shows each step to every estimator; what several of them need of a step is computed once.
///
/// \param h0          start, shape (n)
/// \param inputs      for driven maps only: a matrix (m, T), one column a step, or a callable x(t, out)
/// \param estimators  such as `lyapunov::spectrum_estimator`
/// \return            a tuple of the estimators' results, in their order
/// \throws            argument_error before the first step: shapes, options, inputs too short, an estimator's options that say what
///                    the pass decides (`transient`, `on_progress`, `stop`, most estimators' `steps`)
template <maps::map Map, rollout::estimator... Estimators>
  requires(!maps::driven<Map>)
auto analyze(const Map& map, rollout::start_of<Map> h0, const analyze_options& options, const Estimators&... estimators) {
  (rollout::detail::refuse_pass_options(estimators), ...);
  return rollout::detail::analyze("analyze", map, h0, rollout::no_inputs{}, options, estimators...);
}
template <maps::map Map, class Inputs, rollout::estimator... Estimators>
  requires maps::driven<Map>
auto analyze(const Map& map, rollout::start_of<Map> h0, Inputs&& inputs, const analyze_options& options,
             const Estimators&... estimators) {
  (rollout::detail::refuse_pass_options(estimators), ...);
  return rollout::detail::analyze("analyze", map, h0, std::forward<Inputs>(inputs), options, estimators...);
}

}  // namespace libration::inline LIBRATION_ABI
