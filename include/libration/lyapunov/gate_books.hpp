// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The books of an exact spectrum: what the gates of a `maps::gate_structure` add up to, and the result.

#include <cstdint>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/maps/structured_spectrum.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/stopping_rule.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// What the gates of one orbit have added up to. It depends on no map's type, so that it is compiled once.
class gate_books {
 public:
  /// \param steps        that will be counted (with a tolerance: the fewest)
  /// \param frame_steps  that are passed over before
  LIBRATION_FUNC gate_books(maps::gate_structure structure, const spectrum_options& options, std::int64_t steps,
                            std::int64_t frame_steps, double time_step, bool per_unit_of_time);

  std::int64_t frame_steps() const { return frame_steps_; }
  Eigen::Index gates() const { return structure_.gates; }

  /// Counts a step. \param gates  shape (gates)
  LIBRATION_DECLARED void add(const Eigen::VectorXd& gates);

  /// Whether the next of the marks is reached; to be asked after every step, and then taken.
  bool at_mark() const {
    return at_marks_.size() < options_.marks.size() && series_.steps() + in_stretch_ == options_.marks[at_marks_.size()];
  }
  /// \param state  that the orbit has there, shape (n)
  LIBRATION_DECLARED void take_mark(Eigen::VectorXd state);

  /// Whether the tolerance is met; to be asked after every step.
  LIBRATION_DECLARED bool enough();

  /// \param failed_at  the step that ended the run, where `how` says that one did
  LIBRATION_DECLARED spectrum_result result(libration::status how, std::int64_t failed_at) const;

 private:
  Eigen::Index judged() const {
    const Eigen::Index count = wanted(options_, structure_.gate.size());
    return options_.tolerance_count == 0 ? count : options_.tolerance_count;
  }
  LIBRATION_DECLARED spectrum_result summarise() const;
  LIBRATION_DECLARED void fill_windows(const std::vector<Eigen::Index>& order, spectrum_result& r) const;

  maps::gate_structure structure_;
  spectrum_options options_;
  std::int64_t frame_steps_;
  double time_step_;
  bool per_unit_of_time_;
  std::int64_t stretch_;
  stats::batch_series<double> series_;
  stats::stopping_rule rule_;
  Eigen::VectorXd sums_;  // since the last whole stretch
  std::int64_t in_stretch_ = 0;
  std::vector<spectrum_result> at_marks_;
};

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/gate_books.hpp>
#endif
