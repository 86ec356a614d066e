// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `lyapunov::spectrum`: Lyapunov exponents of a map along an orbit, with error bars.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/saturating.hpp>
#include <libration/lyapunov/gate_books.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/spectrum_run.hpp>
#include <libration/lyapunov/structured_run.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/rollout/analyze.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/rollout/inputs.hpp>
#include <libration/tangent/any_vector_system.hpp>
#include <libration/tangent/first_frame.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

namespace detail {

template <class M>
consteval void check_map() {
  static_assert(maps::map<M>,
                "libration: this type is not a map: libration::maps::explain<M>() says in words which clause it misses");
  if constexpr (maps::map<M>)
    static_assert(maps::differentiable<M>,
                  "libration: the Lyapunov spectrum needs the map's tangent: give the map `void tangent([t,] vector_view<S> h, "
                  "[vector_view<S> x,] matrix_view<S> V, matrix_span<S> JV) const`, or wrap it in "
                  "libration::tangent::finite_difference(map)");
}

}  // namespace detail

/// The spectrum as an estimator for `analyze`, which refuses what the pass decides: `max_steps`, `transient`, `stepper_bias`,
/// `on_progress`, `stop`, and without a tolerance `steps`.
struct spectrum_estimator {
  spectrum_options options = {};
  /// Steps that a matrix of inputs leaves between the transient and the counted steps: an automatic frame's transient takes no more
  /// than these, or 100. The pass sets it.
  std::int64_t warm_up_room = unlimited_steps;
  /// Whether the map has an exact spectrum, which then needs no frame. The pass sets it.
  bool exact = false;
  /// Whether the map runs on frames as wide as is asked for, and not on small ones of fixed width. The pass sets it.
  bool wide = true;

  static constexpr bool needs_tangent = true;

  /// Told by the pass before anything else.
  template <class M>
  void look_at([[maybe_unused]] const M& map) {
    exact = false;
    wide = !rollout::is_small<M>;
    if constexpr (maps::has_structured_spectrum<M>)
      exact = options.structured && !options.from_first_step && options.interval == 0 && !options.frame.given() &&
              options.frame.name() == random && map.structured_spectrum().found();
  }

  Eigen::Index columns(Eigen::Index n) const { return exact ? 0 : wide ? guarded_columns(options, n) : wanted(options, n); }
  void validate(Eigen::Index n) const { lyapunov::validate(options, n, "lyapunov::spectrum"); }
  bool reads_steps() const { return options.tolerance > 0.0; }
  std::int64_t warm_up(std::int64_t steps) const {
    if (exact) return std::max<std::int64_t>(0, options.frame_transient);  // automatic: none
    return frame_steps(options.frame_transient, fewest_steps(options, steps), warm_up_room);
  }

  /// \param steps the steps that the pass counts
  template <class System>
  auto start(const System& system, std::int64_t steps) const {
    if constexpr (has_structure<System>) {
      using either = spectrum_or_structured_run<System>;
      return exact ? either(start_exact(system, steps)) : either(start_frame(system, steps));
    } else {
      return start_frame(system, steps);
    }
  }
  /// The exact spectrum of a map that has one.
  template <class System>
  structured_run<System> start_exact(const System& system, std::int64_t steps) const {
    return structured_run<System>(gate_books(system.structure(), options, fewest_steps(options, steps), warm_up(steps),
                                             system.time_step(), system.per_unit_of_time()));
  }
  template <class System>
  spectrum_run<System> start_frame(const System& system, std::int64_t steps) const {
    rollout::require_tangent<System>();
    const Eigen::Index n = system.state_size();
    constexpr bool vector_map = requires(typename System::frame_type frame) { frame.cols(); };
    const Eigen::Index columns = vector_map ? guarded_columns(options, n) : wanted(options, n);
    const auto& frame = options.frame;
    return spectrum_run<System>(system, options, fewest_steps(options, steps), warm_up(steps),
                                tangent::first_frame(system, columns, frame.name() == identity,
                                                     frame.given() ? &frame.matrix() : nullptr, options.seed));
  }

  template <class System>
  static constexpr bool has_structure = [] {
    if constexpr (requires { System::has_structure; })
      return System::has_structure;
    else
      return false;
  }();

  /// Alone, the estimator runs as `run_any_formula` or `run_any_vector_map`.
  template <class Scalar, class M>
  static constexpr bool runs_alone =
      rollout::is_small<M> ? runs_as_any_formula<M, Scalar> && std::is_same_v<Scalar, double> : maps::differentiable<M>;
  template <class System, class Inputs>
  spectrum_result run_alone(System system, const typename System::state_type& h, Inputs& inputs,
                            const rollout::drive_options& driving) const;
};

namespace detail {
// Spectra of the orbits that a system runs in its lanes; `results`: of the first `members` of them.
template <class System, class Inputs>
void run_lanes(System system, const typename System::state_type& h, Inputs& inputs, const spectrum_estimator& estimator,
               const rollout::drive_options& driving, int members, spectrum_result* results) {
  auto run = estimator.start(system, driving.steps);
  rollout::drive(system, h, inputs, driving, run);
  for (int lane = 0; lane < members; ++lane) results[lane] = run.take_result(lane);
}
}  // namespace detail

/// Spectra of a small autonomous formula's orbits, one in each lane of T.
///
/// \param h        start, shape (n)
/// \param driving  `steps`: those that the pass counts
/// \param results  of the first `members` lanes
template <class T, int n>
void run_any_formula(const any_formula<T, n>& map, const state<T, n>& h, const spectrum_options& options,
                     const rollout::drive_options& driving, int members, spectrum_result* results) {
  const spectrum_estimator estimator{options};
  rollout::with_constant<n>(wanted(options, n), [&](auto width) {
    using system = tangent::formula_system<any_formula<T, n>, T, decltype(width)::value>;
    rollout::no_inputs none;
    detail::run_lanes(system(map), h, none, estimator, driving, members, results);
  });
}

/// The spectrum of a vector map.
///
/// \param inputs   read once a step; of a map without inputs, nothing is read
template <class S, bool autonomous, bool has_determinant>
spectrum_result run_any_vector_map(const tangent::any_vector_system<S, autonomous, has_determinant>& system,
                                   const Eigen::Matrix<S, Eigen::Dynamic, 1>& h, rollout::any_inputs<S>& inputs,
                                   const spectrum_estimator& estimator, const rollout::drive_options& driving) {
  spectrum_result result;
  detail::run_lanes(system, h, inputs, estimator, driving, 1, &result);
  return result;
}

#if defined(LIBRATION_COMPILED)
// The engines that libration::compiled holds: declared here, with `extern`, and defined in lyapunov/definitions/spectrum.hpp.
#define LIBRATION_ANY_FORMULA(prefix, T, n)                                                                         \
  prefix template void run_any_formula(const any_formula<T, n>&, const state<T, n>&, const spectrum_options&,       \
                                       const rollout::drive_options&, int, spectrum_result*);
#define LIBRATION_ANY_VECTOR_MAP(prefix, S, autonomous, has_determinant)                                                    \
  prefix template spectrum_result run_any_vector_map(const tangent::any_vector_system<S, autonomous, has_determinant>&,     \
                                                     const Eigen::Matrix<S, Eigen::Dynamic, 1>&, rollout::any_inputs<S>&,   \
                                                     const spectrum_estimator&, const rollout::drive_options&);
#define LIBRATION_ANY_VECTOR_MAPS(prefix, S)        \
  LIBRATION_ANY_VECTOR_MAP(prefix, S, false, false) \
  LIBRATION_ANY_VECTOR_MAP(prefix, S, false, true)  \
  LIBRATION_ANY_VECTOR_MAP(prefix, S, true, false)  \
  LIBRATION_ANY_VECTOR_MAP(prefix, S, true, true)
#define LIBRATION_SPECTRUM_ENGINES(prefix)  \
  LIBRATION_ANY_FORMULA(prefix, double, 1)  \
  LIBRATION_ANY_FORMULA(prefix, double, 2)  \
  LIBRATION_ANY_FORMULA(prefix, double, 3)  \
  LIBRATION_ANY_FORMULA(prefix, double, 4)  \
  LIBRATION_ANY_VECTOR_MAPS(prefix, double) \
  LIBRATION_ANY_VECTOR_MAPS(prefix, float)
LIBRATION_SPECTRUM_ENGINES(extern)
#endif

template <class System, class Inputs>
spectrum_result spectrum_estimator::run_alone(System system, const typename System::state_type& h, Inputs& inputs,
                                              const rollout::drive_options& driving) const {
  using map_type = typename System::map_type;
  if constexpr (has_structure<System>) {
    if (exact) {
      auto run = start_exact(system, driving.steps);
      rollout::drive(system, h, inputs, driving, run);
      return run.take_result();
    }
  }
  if constexpr (rollout::is_small<map_type>) {
    spectrum_result result;
    run_any_formula(any_formula<double, System::n>(system.map()), h, options, driving, 1, &result);
    return result;
  } else {
    rollout::any_inputs<typename System::scalar> any_source(inputs);
    return run_any_vector_map(tangent::any_vector_system(std::move(system)), h, any_source, *this, driving);
  }
}

namespace detail {

inline constexpr std::string_view spectrum_name = "lyapunov::spectrum";

// The most steps a run may count: what the pass is told. 0: what a matrix of inputs holds, or the pass's default.
template <class Inputs>
std::int64_t steps_to_drive(const spectrum_options& options) {
  if (options.tolerance <= 0.0) return options.steps > 0 || options.marks.empty() ? options.steps : options.marks.back();
  if (options.max_steps > 0) return options.max_steps;
  if (rollout::is_matrix<Inputs>) return 0;
  return options.steps > 0 ? saturating_product(100, options.steps) : 10'000'000;
}

template <class Scalar, class M, class Inputs>
spectrum_result run_spectrum(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const spectrum_options& options) {
  const spectrum_estimator estimator{options};
  return rollout::measure<Scalar>(spectrum_name, map, h0, std::forward<Inputs>(inputs), steps_to_drive<Inputs>(options),
                                          options, estimator);
}

// With the difference to a repeat of `steps` counted steps at half the time step.
template <class Scalar, class M, class Inputs>
void measure_stepper_bias(spectrum_result& r, const M& map, rollout::start_of<M> h0, Inputs&& inputs, spectrum_options options,
                          std::int64_t steps) {
  options.steps = steps;
  options.tolerance = 0.0;
  options.max_steps = 0;
  options.transient = saturating_product(2, options.transient);
  if (options.frame_transient > 0) options.frame_transient = saturating_product(2, options.frame_transient);
  options.history = false;
  options.marks = {};
  const auto finer = run_spectrum<Scalar>(map.with_time_step(0.5 * map.time_step()), h0, std::forward<Inputs>(inputs), options);
  if (finer.status == status::cancelled) r.status = status::cancelled;
  if (finer.status != status::ok) return;
  r.stepper_bias = r.exponents - finer.exponents;
  r.stepper_bias_error = (r.standard_error.array().square() + finer.standard_error.array().square()).sqrt().matrix();
  r.stepper_bias_steps = finer.steps;
}

template <class Scalar, class M, class Inputs>
spectrum_result spectrum(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const spectrum_options& given) {
  check_map<M>();
  validate(given, rollout::state_size(map), spectrum_name);  // before the pass looks at what follows from the options
  const spectrum_options options = resolved(given);
  require(!options.stepper_bias.value_or(false) || maps::has_other_time_steps<M>, spectrum_name,
          ".stepper_bias is set, but the map has no with_time_step(dt): only a flow under a stepper has such a bias");
  auto r = run_spectrum<Scalar>(map, h0, inputs, options);
  if constexpr (maps::has_other_time_steps<M>) {
    constexpr std::int64_t fewest_for_bias = 10'000;
    if (options.stepper_bias.value_or(false))
      r.stepper_bias = r.stepper_bias_error = Eigen::VectorXd::Constant(r.exponents.size(), unknown);
    if (r.status != status::ok) return r;
    if (options.stepper_bias.value_or(false)) {
      measure_stepper_bias<Scalar>(r, map, h0, inputs, options, saturating_product(2, r.steps));
    } else if (!maps::driven<M> && !options.stepper_bias && r.steps >= fewest_for_bias) {
      auto quiet = options;
      quiet.on_progress = {};
      measure_stepper_bias<Scalar>(r, map, h0, inputs, quiet, r.steps / 10);
    }
  } else {
    r.stepper_bias_unknown = maps::has_time_step<M> && !maps::exact_steps<M>;
  }
  return r;
}

}  // namespace detail

/// The leading Lyapunov exponents of a map along the orbit from h0:
/// λ_i = lim (1/T) Σ ln R_t(i,i), with Q_{t+1} R_{t+1} = J_t Q_t and diag R > 0.
///
/// \param map     a formula map, or a vector map with `tangent`
/// \param h0      start, shape (n): braces for a formula, a vector of the map's scalar for a vector map
/// \param inputs  driven maps only: a matrix (m, T), one column a step, transients included, or a callable x(t, out)
/// \tparam Scalar the scalar a formula runs in: double, or `single`; a vector map has its own
/// \return  natural logarithms per unit of time (per step where the map has no time step); status `ok`, `not_converged` (with a
///          tolerance), `lost_frame` (with a forced interval), `collapsed`, `diverged` or `cancelled`; the numbers beside each are
///          those of the steps that were counted
/// \throws  argument_error before the first step: a shape or an option out of range, inputs too short
/// Accuracy: of a pivot eps · condition, with a condition of at most about eps^(-2/5) in automatic intervals; sums are compensated.
///          What errors of that size turn in the frame, and so add in later steps, is followed along the run of a vector map
///          (`frame_rounding`), and part of the error bars. Where the map has a structured spectrum, exact
/// Cost:    a step and k tangent directions a step; an orthonormalisation every interval, and k³ operations more of a vector
///          map; no allocation in a step
/// Source:  Benettin, Galgani, Giorgilli, Strelcyn, "Lyapunov characteristic exponents for smooth dynamical systems and for
///          Hamiltonian systems", Meccanica 15 (1980); Shimada, Nagashima, Progress of Theoretical Physics 61 (1979);
///          departures: the interval is found at run time; error bars by `stats::mean_error`
template <class Scalar = double, class M>
  requires(!maps::driven<M>)
spectrum_result spectrum(const M& map, rollout::start_of<M> h0, const spectrum_options& options = {}) {
  return detail::spectrum<Scalar>(map, h0, rollout::no_inputs{}, options);
}
template <class Scalar = double, class M, class Inputs>
  requires maps::driven<M>
spectrum_result spectrum(const M& map, rollout::start_of<M> h0, Inputs&& inputs, const spectrum_options& options = {}) {
  return detail::spectrum<Scalar>(map, h0, inputs, options);
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
