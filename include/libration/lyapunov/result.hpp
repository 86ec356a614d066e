// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What a spectrum comes back with: exponents and error bars, dimension, entropy, verdict, and the evidence to distrust them.

#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/quantiles.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

inline constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

/// A number and its standard error; NaN where there was not enough to tell.
struct estimate {
  double value = unknown;
  double standard_error = unknown;
};

/// Finite-time exponents: growth rates over consecutive, non-overlapping windows of equal length.
struct finite_time {
  std::int64_t window = 0;    ///< steps in a window
  Eigen::MatrixXd values;     ///< shape (count, windows), per unit of time; columns in order of time

  /// \return shape (count): mean and sample standard deviation over the windows
  LIBRATION_DECLARED Eigen::VectorXd mean() const;
  LIBRATION_DECLARED Eigen::VectorXd spread() const;
  /// \param p 0 <= p <= 1
  /// \return  shape (count): the p-quantile over the windows (linear interpolation of the order statistics)
  LIBRATION_DECLARED Eigen::VectorXd quantile(double p) const;
};

/// The running estimate, on request.
struct running_estimate {
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> steps;  ///< shape (points): counted steps so far
  Eigen::MatrixXd exponents;                             ///< shape (count, points), per unit of time
  Eigen::MatrixXd half_width;                            ///< shape (count, points): of the 95 % interval; NaN while unknown
};

/// The result of `lyapunov::spectrum`. Rates are natural logarithms per unit of time, which is a step where the map has no
/// time step (`per_unit_of_time` is false).
struct [[nodiscard]] spectrum_result {
  Eigen::VectorXd exponents;           ///< shape (count), in the frame's order; -inf where the map is singular; see `upper_bound`
  Eigen::VectorXd standard_error;      ///< shape (count), autocorrelation-aware, with `rounding` and `frame_error`; NaN: too short
  Eigen::VectorXd half_width;          ///< shape (count): the 95 % interval is exponents ± half_width (Student's t)
  Eigen::VectorXd effective_samples;   ///< shape (count): independent one-interval growths with the same standard error

  Eigen::Array<bool, Eigen::Dynamic, 1> upper_bound;  ///< shape (count): the exponent is not resolved, its number an upper bound: a
                                       ///< single step was too long for its condition, and left rounding of the column

  estimate kaplan_yorke_dimension;     ///< of the counted exponents
  bool dimension_is_lower_bound = false;  ///< the partial sum of a partial spectrum is not yet negative
  estimate entropy_rate;               ///< nats per unit of time: the sum of the positive exponents (Pesin; an upper bound)

  libration::verdict verdict = libration::verdict::undecided;  ///< of the leading exponent, by `neutral_margin`
  double neutral_margin = 0.0;         ///< as asked for

  bool exact = false;                  ///< means of the gates that `maps::has_structured_spectrum` names: there is no evidence of a
                                       ///< frame, as there was none
  std::int64_t steps = 0;              ///< steps counted
  double time_step = 1.0;              ///< units of time a step
  bool per_unit_of_time = false;       ///< the map has a time step; else rates are per step
  libration::status status = libration::status::not_run;
  std::int64_t failed_at = -1;         ///< step (transients included) where the orbit diverged or the frame was lost; or -1

  Eigen::VectorXd final_state;         ///< shape (n): the orbit's after its last step (of a diverged one its last finite state),
                                       ///< from which `rollout::start_at` lets a run go on
  std::vector<spectrum_result> at_marks;  ///< of `spectrum_options::marks`: what the run would have come back with there

  // Evidence.
  Eigen::VectorXd rounding;            ///< shape (count): how far rounding may have moved an exponent, per unit of time: 4 eps
                                       ///< times the mean ratio of its column's norm to its pivot, of a vector map also times
                                       ///< what `frame_rounding` finds that turned columns add (of `largest`: and what
                                       ///< the size of its separation does). Part of the error bars. Empty: not known
  std::int64_t frame_steps = 0;        ///< steps that only turned the frame: before the count, and windows left out of it
  Eigen::VectorXd frame_error;         ///< shape (count): what is left of its turning may have moved an exponent as far, per unit
                                       ///< of time, by the gaps between the exponents, the next one's too where it
                                       ///< is measured; part of the error bars
  bool rounding_dominates = false;     ///< of some exponent half the digits are lost to it, and it is 4 times the statistical
                                       ///< error: with a forced interval `lost_frame`
  double worst_condition = unknown;    ///< largest ratio, at any orthonormalisation, of a column's norm to its pivot
  double worst_defect = unknown;       ///< largest |QᵀQ - I| of a frame, sampled
  std::int64_t orthonormalisations = 0;
  double mean_interval = unknown;      ///< steps between them
  std::int64_t breakdowns = 0;         ///< intervals replayed because a column became dependent or left the range
  std::int64_t merged_pairs = 0;       ///< of `largest`: steps in which the two trajectories became one, and were set out anew
  std::int64_t jumps = 0;              ///< of `largest`: steps in which they parted as no growth explains (a discontinuity, a wrap)
  std::int64_t unresolved_steps = 0;   ///< of `largest`: steps that shrink every difference below rounding
  double sum = unknown;                ///< of the exponents
  double mean_log_abs_determinant = unknown;  ///< of the Jacobians, per unit of time: equals `sum` for the full spectrum
  std::int64_t cycle_length = 0;       ///< steps after which the orbit repeats exactly in floating point; 0: it does not
  double degrees_of_freedom = unknown; ///< of the interval's Student t
  std::uint64_t seed = 0;              ///< of the random frame

  lyapunov::finite_time finite_time;
  running_estimate history;            ///< empty unless `history` was asked for
  Eigen::VectorXd stepper_bias;        ///< shape (count): exponents at dt less those at dt/2; empty where it was not measured;
                                       ///< NaN where it was asked for and a run did not end with `ok`
  Eigen::VectorXd stepper_bias_error;  ///< shape (count): standard error of that difference
  std::int64_t stepper_bias_steps = 0; ///< counted at dt/2
  /// The map covers a time a step but is not known at another one (no `with_time_step`; a flow with inputs, which belong to steps
  /// of one length, has none): if a stepper makes it, nothing here says what that adds. Not set in ensembles and `analyze`.
  bool stepper_bias_unknown = false;

  /// Whether the stepper's bias of exponent i is there (four of its standard errors) and larger than the exponent's own.
  LIBRATION_DECLARED bool biased(Eigen::Index i) const;

  /// Whether exponent i is an upper bound, and whether some exponent is.
  bool unresolved(Eigen::Index i) const { return i < upper_bound.size() && upper_bound[i]; }
  bool any_unresolved() const { return upper_bound.any(); }

  /// |sum - mean ln|det J||: 0 but for rounding where the full spectrum is right; NaN where the map does not give it.
  double sum_defect() const { return sum > mean_log_abs_determinant ? sum - mean_log_abs_determinant
                                                                    : mean_log_abs_determinant - sum; }
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/result.hpp>
#endif
