// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Options of `memory::reach`.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/progress.hpp>
#include <libration/core/saturating.hpp>
#include <libration/memory/reach_result.hpp>
#include <libration/memory/state_output.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// Options of `memory::reach`, declared in the order in which designated initialisers name them.
struct reach_options {
  /// The largest lag, in steps, >= 1.
  std::int64_t lags = 100;
  /// What is read from the state (see `state_output`); none: the state itself.
  state_output output = {};
  /// Of the largest gain, at which `fraction_lag` is read, in (0, 1). 0.5: the half-life of what decays by a factor.
  double fraction = 0.5;
  /// Steps after the transient, > lags; 0: as many as a matrix of inputs leaves, 16 windows otherwise.
  std::int64_t steps = 0;
  /// Steps from one window of lags + 1 steps to the next, >= 0; 0: lags + 1, so that they follow each other.
  std::int64_t every = 0;
  /// Steps before the first window, >= 0.
  std::int64_t transient = default_transient;
  transport by = transport::automatic;
  /// Random directions that are carried in place of more outputs (or inputs), >= 0; 0: all of these, exactly. Each window draws its
  /// own. The mean square of a window's gain is right; its mean is low by about 1/(4 probes) of it where one direction rules, 20 %
  /// at one probe and 3 % at 8.
  Eigen::Index probes = 0;
  /// By adjoints: keep the states of a window and step again from each, instead of keeping the map's workspaces: less memory of a
  /// large model, and a step more a step.
  bool recompute = false;
  /// Probability of the intervals, in (0, 1), and how often the windows are drawn anew for them, >= 1.
  double level = 0.95;
  std::int64_t resamples = 1000;
  std::uint64_t seed = 0;
  progress_callback on_progress = {};
  std::stop_token stop = {};
};

namespace detail {

inline constexpr std::int64_t windows_by_default = 16;

inline std::int64_t every_of(const reach_options& options) { return options.every > 0 ? options.every : options.lags + 1; }
/// Columns that are carried for so many outputs or inputs.
inline Eigen::Index carried(const reach_options& options, Eigen::Index all) {
  return options.probes > 0 && options.probes < all ? options.probes : all;
}

/// \throws argument_error for an option out of range
LIBRATION_DECLARED void validate(const reach_options& options, Eigen::Index n);
/// Windows in so many counted steps.
/// \throws argument_error where there is none
LIBRATION_DECLARED std::int64_t reach_windows(const reach_options& options, std::int64_t steps);

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::memory
