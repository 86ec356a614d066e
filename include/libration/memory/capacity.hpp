// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `memory::capacity`: what a linear readout finds of past inputs in the states of any map, by ridge regression on held-out steps.

#include <cstdint>
#include <limits>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/status.hpp>
#include <libration/maps/concepts.hpp>
#include <libration/rollout/prepare.hpp>
#include <libration/rollout/run.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// Options of `memory::capacity`, declared in the order in which designated initialisers name them.
struct capacity_options {
  /// Lags 0 .. lags - 1, >= 1.
  Eigen::Index lags = 100;
  /// Of the form on a map: steps whose states are used, >= 1.
  std::int64_t steps = 10'000;
  /// Of the form on a map: steps before them, >= 0, in which the start is forgotten.
  std::int64_t transient = 200;
  /// Of the form on a map: the row of the inputs that is asked for, 0 to m - 1.
  Eigen::Index component = 0;
  /// Share of the steps, the earlier ones, that readouts are trained on, in (0, 1); they are judged on the later ones.
  double training = 0.5;
  /// Ridge λ >= 0 over the mean variance of the state's components; 0: for each lag the one of least generalised cross-validation
  /// on the training steps, of 1e-14, 1e-13, ..., 10.
  double ridge = 0.0;
  /// Permutations of the signal that the floor is the mean of, >= 2.
  Eigen::Index permutations = 20;
  /// Steps of the blocks that are permuted, >= 1: 1 for independent inputs, the correlation's length for others.
  Eigen::Index block = 1;
  /// Seed of the permutations, and of the inputs where none are given.
  std::uint64_t seed = 0;
};

/// Held-out capacities, and what they would be of a signal that is not there.
struct [[nodiscard]] capacity_result {
  libration::status status = libration::status::not_run;  ///< `ok`, or the run's: `diverged` (nothing else is known then)
  /// 1 - (mean square error of the readout)/(mean square of the signal about its training mean), both on held-out steps, of the
  /// input k steps ago; k = 0: the one that led to the state. A lower bound of the best linear readout's in the mean; below 0
  /// where the readout has learnt nothing but noise.
  Eigen::VectorXd capacity;
  Eigen::VectorXd standard_error;  ///< of it over the held-out steps, autocorrelation accounted for; the readout is given
  Eigen::VectorXd training;        ///< the same on the steps that the readout was trained on: biased upwards by about n/N
  Eigen::VectorXd ridge;           ///< that was used, over the mean variance of the components
  double floor = std::numeric_limits<double>::quiet_NaN();            ///< mean held-out capacity of the permuted signals
  double floor_deviation = std::numeric_limits<double>::quiet_NaN();  ///< standard deviation among them
  double training_floor = std::numeric_limits<double>::quiet_NaN();   ///< mean of theirs on training steps: `training`'s bias
  double total = std::numeric_limits<double>::quiet_NaN();                 ///< Σ capacity over the lags
  double total_standard_error = std::numeric_limits<double>::quiet_NaN();  ///< over the held-out steps, likewise
  Eigen::Index rank = 0;  ///< of the training states' covariance to rounding: what is below it is left out of every readout
  std::int64_t training_steps = 0, held_out_steps = 0;
  std::uint64_t seed = 0;

  /// \return  whether lag k stands out of the floor by so many of its standard deviations
  bool significant(Eigen::Index k, double deviations = 4.0) const {
    return capacity[k] > floor + deviations * floor_deviation;
  }
};

namespace detail {

/// Throws unless the options are in their ranges.
LIBRATION_DECLARED void check_capacity(const capacity_options& options, std::string_view who);

/// \param states  column t: the state that signal[t] led to
LIBRATION_DECLARED capacity_result capacity_of(Eigen::MatrixXd states, const Eigen::VectorXd& signal,
                                               const capacity_options& options);

/// Independent inputs, uniform in (-1, 1), shape (m, T).
LIBRATION_DECLARED Eigen::MatrixXd uniform_inputs(Eigen::Index m, std::int64_t steps, std::uint64_t seed);

}  // namespace detail

/// The memory capacity of recorded states: how well a linear readout, trained by ridge regression on the earlier steps, gives the
/// signal k steps ago on the later ones.
///
/// Between the two lie `lags` steps that are not used. What the readout of a signal that is not there would reach is measured with
/// permuted signals: near 0 on held-out steps, about n/N on N training steps, which is why the latter are no result.
///
/// \param states  shape (n, T): column t is the state that signal[t] led to
/// \param signal  shape (T)
/// \return        `ok`
/// \throws argument_error  shapes, entries that are not finite, a signal that is constant on either part, options out of range,
///                         fewer than n + 2 training steps (a ridge cannot tell the state from noise then) or 32 held-out ones
/// Accuracy:  `standard_error` is of the held-out steps alone; a readout of N training steps misses about n/N of 1 - MC_k
/// Cost:      n² T + 9 n³ operations, and 2 n T for each lag and each permutation; memory 2 n T numbers
/// Source:    Jaeger 2002: the capacity; cross-validation's formula for a ridge is the usual one
template <class States, class Signal>
capacity_result capacity(const Eigen::MatrixBase<States>& states, const Eigen::MatrixBase<Signal>& signal,
                         const capacity_options& options = {}) {
  static_assert(Signal::ColsAtCompileTime == 1 || Signal::RowsAtCompileTime == 1,
                "libration: memory::capacity takes one signal: a vector, shape (T)");
  detail::check_capacity(options, "memory::capacity");
  return with_memory("memory::capacity", [&] {
    Eigen::VectorXd values(signal.size());
    for (Eigen::Index t = 0; t < signal.size(); ++t) values[t] = static_cast<double>(signal(t));
    return detail::capacity_of(states.template cast<double>(), values, options);
  });
}

/// The same of a driven map, which is run along the inputs from h0.
///
/// \param h0      start, shape (n)
/// \param inputs  shape (m, T), T >= transient + steps, one column a step. They should be independent from step to step: otherwise
///                the state shows an input by its neighbours
/// \return        `ok` or `diverged`
/// \throws argument_error  as above, and for inputs that are too short
template <class Scalar = double, maps::map M, class Inputs>
  requires maps::driven<M>
capacity_result capacity(const M& map, rollout::start_of<M> h0, const Eigen::MatrixBase<Inputs>& inputs,
                         const capacity_options& options = {}) {
  constexpr std::string_view who = "memory::capacity";
  detail::check_capacity(options, who);
  const option_check check(who);
  check(options.component < inputs.rows(), "component", options.component, "0 to " + number_text(inputs.rows() - 1));
  require(inputs.cols() >= options.transient + options.steps, who, [&] {
    return "inputs have " + number_text(inputs.cols()) + " columns, expected at least " +
           number_text(options.transient + options.steps) + " (.transient and .steps)";
  });
  const auto run =
      rollout::run<Scalar>(map, h0, inputs.derived(), {.steps = options.steps, .transient = options.transient, .every = 1});
  if (run.status != status::ok) {
    capacity_result result;
    result.status = run.status;
    return result;
  }
  return capacity(run.states, inputs.row(options.component).segment(options.transient, options.steps), options);
}

/// The same with independent inputs, uniform in (-1, 1), of the options' seed.
template <class Scalar = double, maps::map M>
  requires maps::driven<M>
capacity_result capacity(const M& map, rollout::start_of<M> h0, const capacity_options& options = {}) {
  detail::check_capacity(options, "memory::capacity");
  Eigen::Index m = 0;
  if constexpr (maps::formula_map<M>)
    m = maps::input_dimension<M>;
  else
    m = map.input_size();
  return with_memory("memory::capacity", [&] {
    return capacity<Scalar>(map, h0, detail::uniform_inputs(m, options.transient + options.steps, options.seed), options);
  });
}

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/capacity.hpp>
#endif
