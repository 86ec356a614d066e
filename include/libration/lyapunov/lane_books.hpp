// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The books of one orbit of `spectrum_run`, or of one SIMD lane: when it has counted enough, and its result.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/lyapunov/unstable_cycle.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/stopping_rule.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// What one lane has counted so far, and what it does not know. It depends on no map's type, so that what follows from it is
/// compiled once.
struct growth_so_far {
  const stats::batch_series<double>* series = nullptr;  ///< rows: the columns' growth, then ln|det J|
  Eigen::Index wanted = 0;                              ///< exponents that the result has: those of the first columns
  std::vector<double> pending;                          ///< shape (columns + 1): the same after the last recorded step
  std::int64_t pending_steps = 0;                       ///< that the exponents' pending growth is over
  std::int64_t unfinished_steps = 0;                    ///< that the determinant's is over
  std::int64_t seen = 0;                                ///< steps of the whole run
  std::int64_t orthonormalisations = 0;
  double worst_condition = 1.0;
  bool full = false;             ///< the frame has as many columns as the map dimensions
  bool has_determinant = false;  ///< ln|det J| was counted, where the frame is full
  bool by_cofactors = false;     ///< from the Jacobian's entries
  double time_step = 1.0;
  bool per_unit_of_time = false;
  detail::growth_doubt doubt;

  Eigen::Index columns() const { return doubt.rounding.size(); }
  LIBRATION_DECLARED void resize(Eigen::Index columns);
};

/// What is kept of one lane beside its growth.
struct lane_books {
  std::int64_t breakdowns = 0;
  double worst_defect = 0.0;
  unstable_cycle cycle;

  /// \param steps that will be counted (with a tolerance: the fewest)
  LIBRATION_DECLARED void begin(Eigen::Index count, double tolerance, std::int64_t steps);

  /// The number of steps at which `enough` or `pass` is due.
  std::int64_t next_check() const { return rule_.next_check(); }
  /// Whether the tolerance is met, or would not be met by more steps.
  LIBRATION_DECLARED bool enough(const growth_so_far& growth, const spectrum_options& options);
  /// The same look at a lane that has ended.
  void pass(std::int64_t steps) { rule_.stop(steps, 0.0); }

  /// \param failed_at the step that ended the run, where `how` says that one did
  LIBRATION_DECLARED void finish(const growth_so_far& growth, const spectrum_options& options, libration::status how,
                                 std::int64_t failed_at, spectrum_result& r) const;

 private:
  LIBRATION_DECLARED bool never_reaches_tolerance(const growth_so_far& growth, const spectrum_options& options);

  stats::stopping_rule rule_{0.0};
  double looked_at_ = 0.0;        // steps at the rule's last look
  std::vector<double> rounding_;  // nats that rounding may have added till then
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/lane_books.hpp>
#endif
