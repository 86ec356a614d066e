// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/lane_books.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/lyapunov/lane_books.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

namespace detail {

// The number of exponents that the tolerance holds for.
LIBRATION_DECLARED Eigen::Index judged(const growth_so_far& growth, const spectrum_options& options) {
  return options.tolerance_count == 0 ? growth.wanted : options.tolerance_count;
}

LIBRATION_DECLARED void summarise(const growth_so_far& growth, const spectrum_options& options, bool history, spectrum_result& r) {
  r.time_step = growth.time_step;
  r.per_unit_of_time = growth.per_unit_of_time;
  r.neutral_margin = options.neutral_margin;
  r.orthonormalisations = growth.orthonormalisations;
  summarise(*growth.series, growth.pending, growth.pending_steps, growth.wanted, growth.full, history, growth.doubt, r);
}

}  // namespace detail

LIBRATION_DEFINED void growth_so_far::resize(Eigen::Index columns) {
  pending.assign(static_cast<std::size_t>(columns + 1), 0.0);
  doubt.rounding.resize(columns);
  doubt.unresolved.resize(columns);
}

LIBRATION_DEFINED void lane_books::begin(Eigen::Index count, double tolerance, std::int64_t steps) {
  rule_ = stats::stopping_rule(tolerance, std::max<std::int64_t>(1, steps));
  rounding_.assign(static_cast<std::size_t>(count), 0.0);
}

LIBRATION_DEFINED bool lane_books::enough(const growth_so_far& growth, const spectrum_options& options) {
  const bool hopeless = never_reaches_tolerance(growth, options);
  spectrum_result so_far;
  detail::summarise(growth, options, false, so_far);
  return rule_.stop(growth.series->steps(), detail::worst_error(so_far, detail::judged(growth, options))) || hopeless;
}

// Whether more steps would not help: an exponent is a bound, or rounding alone is above the tolerance, in all and since the last
// look. (What is left of the frame's turning falls as 1/n.)
LIBRATION_DEFINED bool lane_books::never_reaches_tolerance(const growth_so_far& growth, const spectrum_options& options) {
  const double all = static_cast<double>(growth.series->steps()), recent = all - looked_at_;
  const double allowed = options.tolerance * growth.time_step;
  bool hopeless = false;
  const Eigen::Index judged = detail::judged(growth, options);
  for (Eigen::Index i = 0; i < judged; ++i) {
    const double rounding = growth.doubt.rounding[i];
    const double since = rounding - rounding_[static_cast<std::size_t>(i)];
    rounding_[static_cast<std::size_t>(i)] = rounding;
    const bool settled = looked_at_ > 0.0 && rounding > allowed * all && since > allowed * recent;
    hopeless = hopeless || settled || growth.doubt.unresolved[i];
  }
  looked_at_ = all;
  return hopeless;
}

LIBRATION_DEFINED void lane_books::finish(const growth_so_far& growth, const spectrum_options& options, libration::status how,
                                          std::int64_t failed_at, spectrum_result& r) const {
  detail::summarise(growth, options, options.history, r);
  r.status = how;
  r.seed = options.seed;
  r.failed_at = how == status::diverged || how == status::lost_frame ? failed_at : -1;
  if (how == status::ok) {
    if (options.interval > 1 && r.rounding_dominates)
      r.status = status::lost_frame;
    else if (r.any_unresolved())
      r.status = status::not_resolved;
    else if (options.tolerance > 0.0 && !(detail::worst_error(r, detail::judged(growth, options)) <= options.tolerance))
      r.status = status::not_converged;
  }
  r.worst_condition = growth.worst_condition;
  r.worst_defect = worst_defect;
  r.mean_interval = static_cast<double>(growth.seen) / static_cast<double>(std::max<std::int64_t>(1, r.orthonormalisations));
  r.breakdowns = breakdowns;
  r.cycle_length = cycle.length();
  // By cofactors a determinant has lost its digits where a column has.
  const bool lost_digits = growth.by_cofactors && r.any_unresolved();
  if (growth.has_determinant && growth.full && r.steps > 0 && !lost_digits) {
    const auto& series = *growth.series;
    const std::int64_t left_out = r.frame_steps - growth.doubt.frame_steps;
    const Eigen::Index row = growth.columns();
    const double total = series.total(row) + growth.pending.back();
    r.mean_log_abs_determinant =
        detail::counted_after(series, row, static_cast<Eigen::Index>(left_out / series.batch_length()), total) /
        (static_cast<double>(series.steps() + growth.unfinished_steps - left_out) * growth.time_step);
  }
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
