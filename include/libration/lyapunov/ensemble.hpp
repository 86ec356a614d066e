// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Spectra of many orbits: from many starts, over many parameters, along many input sequences.

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/ensemble.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

#if defined(LIBRATION_COMPILED)
// The same in lanes.
#define LIBRATION_SPECTRUM_ENGINES_IN_LANES(prefix)           \
  LIBRATION_ANY_FORMULA(prefix, rollout::ensemble_lanes<1>, 1) \
  LIBRATION_ANY_FORMULA(prefix, rollout::ensemble_lanes<2>, 2) \
  LIBRATION_ANY_FORMULA(prefix, rollout::ensemble_lanes<3>, 3) \
  LIBRATION_ANY_FORMULA(prefix, rollout::ensemble_lanes<4>, 4)
LIBRATION_SPECTRUM_ENGINES_IN_LANES(extern)
#endif

namespace detail {

template <class M>
inline constexpr int ensemble_width = rollout::ensemble_width<M::dimension>;
template <class M>
using ensemble_lanes = rollout::ensemble_lanes<M::dimension>;

// One group of formula orbits in lanes. `inputs` is read for all lanes at once.
template <class M, class Inputs>
void lanes_group(const M& map, const state<ensemble_lanes<M>, M::dimension>& starts, Inputs& inputs,
                 const spectrum_options& options, std::int64_t size, spectrum_result* results, std::string_view who) {
  using lanes_type = ensemble_lanes<M>;
  spectrum_estimator estimator{options};
  rollout::give_room(estimator, inputs, steps_to_drive<Inputs>(options), options.transient);
  const auto warm_up = [&](std::int64_t steps) { return estimator.warm_up(steps); };
  const std::int64_t steps = rollout::steps_for(inputs, steps_to_drive<Inputs>(options), options.transient, warm_up, who);
  const rollout::drive_options driving{options.transient, steps, {}, options.stop};
  if constexpr (runs_as_any_formula<M, lanes_type>) {
    run_any_formula(any_formula<lanes_type, M::dimension>(map), starts, options, driving, static_cast<int>(size), results);
  } else {
    constexpr bool narrow = M::dimension <= 4;  // then the width of a frame is a constant
    rollout::with_constant<narrow ? M::dimension : 1>(narrow ? wanted(options, M::dimension) : 1, [&](auto width) {
      using system = tangent::formula_system<M, lanes_type, narrow ? decltype(width)::value : M::dimension>;
      run_lanes(system(map), starts, inputs, estimator, driving, static_cast<int>(size), results);
    });
  }
}

// A member run alone: its progress is not reported, and a stepper's bias is measured only where it is asked for.
LIBRATION_DECLARED spectrum_options alone(spectrum_options options);

LIBRATION_DECLARED void check_starts(const Eigen::Ref<const Eigen::MatrixXd>& starts, Eigen::Index n, std::string_view who);

template <class M>
state<double, M::dimension> start_column(const Eigen::Ref<const Eigen::MatrixXd>& starts, std::int64_t member) {
  state<double, M::dimension> h;
  for (int i = 0; i < M::dimension; ++i) h[i] = starts(i, member);
  return h;
}

template <class M>
state<ensemble_lanes<M>, M::dimension> start_lanes(const Eigen::Ref<const Eigen::MatrixXd>& starts, std::int64_t first,
                                                         std::int64_t size) {
  state<ensemble_lanes<M>, M::dimension> h;
  for (int i = 0; i < M::dimension; ++i) {
    h[i] = ensemble_lanes<M>(0.0);
    for (int lane = 0; lane < ensemble_width<M>; ++lane) h[i][lane] = starts(i, rollout::member_of(first, size, lane));
  }
  return h;
}

}  // namespace detail

/// Spectra of an autonomous map from many starts.
///
/// A member's result depends on its own start alone: the digits are the same on any number of threads and in any company. A
/// member that fails is a status in its place. `options.on_progress` counts members; a stop token ends all of them, each with
/// what it has (`cancelled`).
///
/// \param starts shape (n, members)
/// \return       one result a member, in order
/// \throws       argument_error before the first step
/// Cost:  formula maps of up to 8 components run `rollout::ensemble_width` orbits at a time in SIMD lanes; others one by one
template <maps::map M>
  requires(!maps::driven<M>)
std::vector<spectrum_result> spectrum_ensemble(const M& map, const Eigen::Ref<const Eigen::MatrixXd>& starts,
                                               spectrum_options options = {}, const ensemble_options& how = {}) {
  constexpr std::string_view who = "lyapunov::spectrum_ensemble";
  detail::check_map<M>();
  const Eigen::Index n = rollout::state_size(map);
  validate(options, n, who);
  options = resolved(std::move(options));
  detail::check_starts(starts, n, who);
  std::vector<spectrum_result> results(static_cast<std::size_t>(starts.cols()));
  const auto one = [&](std::int64_t first, std::int64_t) {
    auto& result = results[static_cast<std::size_t>(first)];
    if constexpr (maps::formula_map<M>)
      result = spectrum(map, detail::start_column<M>(starts, first), detail::alone(options));
    else
      result = spectrum(map, starts.col(first).template cast<typename M::scalar_type>().eval(), detail::alone(options));
  };
  if constexpr (rollout::runs_in_lanes<M>) {
    if (how.lanes && !options.stepper_bias.value_or(false)) {
      rollout::over_groups(starts.cols(), detail::ensemble_width<M>, how.threads, options.on_progress,
                           [&](std::int64_t first, std::int64_t size) {
                             rollout::no_inputs inputs;
                             detail::lanes_group(map, detail::start_lanes<M>(starts, first, size), inputs, options, size,
                                                 &results[static_cast<std::size_t>(first)], who);
                           });
      return results;
    }
  }
  rollout::over_groups(starts.cols(), 1, how.threads, options.on_progress, one);
  return results;
}

/// Spectra over many parameters: `make(p)` gives the map for the value p.
///
/// `make` is called with a double, and, where it takes them, with lanes of doubles:
/// `[](auto r) { return maps::basic_logistic<decltype(r)>{r}; }` runs `rollout::ensemble_width` parameters at a time.
///
/// \param parameters one a member
/// \param h0         the start of every member, shape (n)
/// \return, \throws, digits: as for `spectrum_ensemble`
template <class Make, class M = std::invoke_result_t<const Make&, double>>
  requires maps::formula_map<M> && (!maps::driven<M>)
std::vector<spectrum_result> spectrum_sweep(const Make& make, std::span<const double> parameters,
                                            const state<double, M::dimension>& h0, spectrum_options options = {},
                                            const ensemble_options& how = {}) {
  constexpr std::string_view who = "lyapunov::spectrum_sweep";
  validate(options, M::dimension, who);
  options = resolved(std::move(options));
  const auto members = static_cast<std::int64_t>(parameters.size());
  std::vector<spectrum_result> results(parameters.size());
  if constexpr (std::is_invocable_v<const Make&, detail::ensemble_lanes<M>>) {
    using lane_map = std::invoke_result_t<const Make&, detail::ensemble_lanes<M>>;
    if constexpr (rollout::runs_in_lanes<lane_map>) {
      if (how.lanes && !options.stepper_bias.value_or(false)) {
        const Eigen::Map<const Eigen::VectorXd> start(h0.component, M::dimension);
        require(start.allFinite(), who, "h0 has a component that is not finite");
        rollout::over_groups(members, detail::ensemble_width<M>, how.threads, options.on_progress,
                             [&](std::int64_t first, std::int64_t size) {
                               detail::ensemble_lanes<M> p(0.0);
                               for (int lane = 0; lane < detail::ensemble_width<M>; ++lane)
                                 p[lane] = parameters[static_cast<std::size_t>(rollout::member_of(first, size, lane))];
                               const lane_map map = make(p);
                               rollout::no_inputs inputs;
                               detail::lanes_group(map, detail::start_lanes<lane_map>(start, 0, 1), inputs, options, size,
                                                   &results[static_cast<std::size_t>(first)], who);
                             });
        return results;
      }
    }
  }
  rollout::over_groups(members, 1, how.threads, options.on_progress, [&](std::int64_t member, std::int64_t) {
    const auto i = static_cast<std::size_t>(member);
    results[i] = spectrum(make(parameters[i]), h0, detail::alone(options));
  });
  return results;
}

/// Spectra of a driven map along many input sequences (trials) from one start.
///
/// \param trials one matrix (m, T) a member, in the map's scalar (double for a formula); their lengths may differ, and each runs
///               as far as it goes where `options` do not say how many steps
/// \return, \throws, digits: as for `spectrum_ensemble`
template <maps::map M, class Scalar>
  requires maps::driven<M>
std::vector<spectrum_result> spectrum_trials(
    const M& map, rollout::start_of<M> h0,
    std::span<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>> trials, spectrum_options options = {},
    const ensemble_options& how = {}) {
  constexpr std::string_view who = "lyapunov::spectrum_trials";
  detail::check_map<M>();
  validate(options, rollout::state_size(map), who);
  options = resolved(std::move(options));
  const auto members = static_cast<std::int64_t>(trials.size());
  std::vector<spectrum_result> results(trials.size());
  if constexpr (rollout::runs_in_lanes<M> && std::is_same_v<Scalar, double>) {
    for (const auto& trial : trials)
      require_rows(trial.rows(), M::input_dimension, who, "a trial", "the map's input size; columns are steps");
    if (how.lanes && !options.stepper_bias.value_or(false)) {
      const Eigen::Map<const Eigen::VectorXd> start(h0.component, M::dimension);
      require(start.allFinite(), who, "h0 has a component that is not finite");
      // Lanes of one group run for the same number of steps: where this follows from a trial's length, groups are of one length.
      // So may the frame's transient.
      std::vector<std::size_t> order(trials.size());
      std::iota(order.begin(), order.end(), std::size_t{0});
      const bool by_length = detail::steps_to_drive<Eigen::MatrixXd>(options) == 0 || options.frame_transient == automatic;
      const auto length = [&](std::size_t i) { return by_length ? trials[order[i]].cols() : 0; };
      if (by_length)
        std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return trials[a].cols() < trials[b].cols(); });
      std::vector<std::int64_t> begins;
      for (std::size_t i = 0; i < order.size(); ++i) {
        const auto first = begins.empty() ? i : static_cast<std::size_t>(begins.back());
        if (begins.empty() || i - first == std::size_t{detail::ensemble_width<M>} || length(i) != length(first))
          begins.push_back(static_cast<std::int64_t>(i));
      }
      begins.push_back(members);
      rollout::over_groups(begins, how.threads, options.on_progress, [&](std::int64_t first, std::int64_t size) {
        const auto member = [&](int lane) { return order[static_cast<std::size_t>(rollout::member_of(first, size, lane))]; };
        std::vector<const Eigen::MatrixXd*> sources;
        for (int lane = 0; lane < detail::ensemble_width<M>; ++lane) sources.push_back(&trials[member(lane)]);
        rollout::lane_inputs<detail::ensemble_lanes<M>, double> inputs(std::move(sources));
        spectrum_result group[std::size_t{detail::ensemble_width<M>}];
        detail::lanes_group(map, detail::start_lanes<M>(start, 0, 1), inputs, options, size, group, who);
        for (int lane = 0; lane < static_cast<int>(size); ++lane) results[member(lane)] = std::move(group[lane]);
      });
      return results;
    }
  }
  rollout::over_groups(members, 1, how.threads, options.on_progress, [&](std::int64_t member, std::int64_t) {
    const auto i = static_cast<std::size_t>(member);
    results[i] = spectrum(map, h0, trials[i], detail::alone(options));
  });
  return results;
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/ensemble.hpp>
#endif
