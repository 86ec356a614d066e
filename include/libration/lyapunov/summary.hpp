// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// From recorded growth to a result: exponents with error bars, dimension, entropy, verdict, finite-time values, history.

#include <algorithm>
#include <cmath>
#include <span>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/settling.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/stats/compensated_sum.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// The verdict on an exponent with a 95 % interval of the given half-width.
LIBRATION_DECLARED verdict judge(double exponent, double half_width, double margin);

namespace detail {

// Of the leading exponent, which an exponent that is not resolved may be only where its bound allows it.
LIBRATION_DECLARED verdict judge_leading(const spectrum_result& r);

/// \return the standard error of the mean of a combination of the rows, from its values over batches
inline double combined_error(const Eigen::VectorXd& batches) {
  return stats::mean_error(std::span<const double>(batches.data(), static_cast<std::size_t>(batches.size()))).standard_error;
}

/// Kaplan–Yorke dimension D = j + (λ_1 + … + λ_j)/|λ_{j+1}| of the exponents in descending order, j the largest number of
/// exponents with a non-negative sum; 0 where all are negative, and their number where the whole sum is not negative. Its
/// error by linearisation: dD = (dλ_1 + … + dλ_j)/|λ_{j+1}| + (λ_1 + … + λ_j) dλ_{j+1}/λ_{j+1}². Where λ_{j+1} is not resolved,
/// j is a lower bound; where a bound is not negative, neither is known.
///
/// The statistical errors are those of the same sums over windows; to them come, without regard to their signs, what rounding and
/// the frame may have done to each exponent.
///
/// \param batches shape (count, windows): the exponents over windows of equal length
/// Source: Kaplan and Yorke 1979; the errors: derived here
LIBRATION_DECLARED void dimension_and_entropy(const Eigen::MatrixXd& batches, spectrum_result& r);

LIBRATION_DECLARED running_estimate running(const Eigen::MatrixXd& batches, std::int64_t batch_steps);

/// What a run knows of its growth beside the growth itself.
struct growth_doubt {
  Eigen::VectorXd rounding;                             ///< shape (count): nats that rounding may have added in all; empty: none
  Eigen::Array<bool, Eigen::Dynamic, 1> unresolved;     ///< shape (count): an upper bound was counted; empty: nowhere
  double eps = 0.0;                                     ///< of the scalar that the frame is in
  std::int64_t frame_steps = 0;                         ///< steps that turned the frame before the first one counted
  bool discard = false;                                 ///< whether windows may be left out for the frame's sake
};

// A row's total without its first windows.
template <class Series>
double counted_after(const Series& series, Eigen::Index row, int lane, Eigen::Index discarded, double total) {
  stats::compensated_sum<double> sum;
  sum.add(total);
  if (std::isfinite(total))
    for (Eigen::Index b = 0; b < discarded; ++b) sum.add(-lane_value(series.batch_sum(row, b), lane));
  return sum.value();
}

// The error of the mean a step, without the first windows; `kept`: the growth in the others.
template <class Series>
stats::mean_estimate error_after(const Series& series, Eigen::Index row, int lane, const Eigen::VectorXd& kept,
                                 Eigen::Index discarded) {
  if (discarded == 0) return stats::mean_error(series, row, lane);
  auto error = stats::mean_error(std::span<const double>(kept.data(), static_cast<std::size_t>(kept.size())));
  const double length = static_cast<double>(series.batch_length());
  const double total = counted_after(series, row, lane, discarded, lane_value(series.total(row), lane));
  const double mean = total / (static_cast<double>(series.steps()) - static_cast<double>(discarded) * length);
  const double end = std::abs(mean - error.mean / length);  // what the unfinished last window does to the mean
  error.standard_error = std::max(error.standard_error / length, end);
  return error;
}

/// Fills in everything that follows from the recorded growth and the totals.
///
/// \param series  rows: the exponents' growth, natural logarithms; one run a lane
/// \param pending shape (count): growth after the last recorded step, over `pending_steps` steps
/// \param r       in: steps, time_step, neutral_margin, status; out: the rest
template <class T, Eigen::Index Capacity, class Pending>
void summarise(const stats::batch_series<T, Capacity>& series, int lane, const Pending& pending, std::int64_t pending_steps,
               Eigen::Index count, bool full, bool keep_history, const growth_doubt& doubt, spectrum_result& r) {
  const Eigen::Index windows = series.count();
  Eigen::MatrixXd growth(count, windows);
  for (Eigen::Index b = 0; b < windows; ++b)
    for (Eigen::Index i = 0; i < count; ++i) growth(i, b) = lane_value(series.batch_sum(i, b), lane);
  // A single component has no direction to turn to.
  const settled_frame frame = full && count == 1 ? settled_frame{0, Eigen::VectorXd::Zero(1)}
                              : count == 1       ? settle_alone(growth, doubt.discard)
                              : settle(growth, series.batch_length(), doubt.frame_steps, doubt.rounding, doubt.discard);
  const std::int64_t discarded = frame.discarded * series.batch_length();
  growth = growth.rightCols(windows - frame.discarded).eval();

  r.steps = series.steps() + pending_steps - discarded;
  r.frame_steps = doubt.frame_steps + discarded;
  r.exponents = Eigen::VectorXd::Constant(count, unknown);
  r.standard_error = r.half_width = r.effective_samples = r.exponents;
  r.upper_bound.setConstant(count, false);
  r.rounding = r.frame_error = Eigen::VectorXd::Zero(count);
  if (r.steps == 0) return;
  const double duration = static_cast<double>(r.steps) * r.time_step;
  r.frame_error = frame.left / duration;
  r.finite_time.window = series.batch_length();
  r.finite_time.values = growth / (static_cast<double>(series.batch_length()) * r.time_step);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double total = lane_value(series.total(i), lane) + lane_value(pending[static_cast<std::size_t>(i)], lane);
    r.exponents[i] = counted_after(series, i, lane, frame.discarded, total) / duration;
    if (series.steps() > 0) {
      const auto error = error_after(series, i, lane, growth.row(i).transpose(), frame.discarded);
      r.effective_samples[i] = error.effective_samples;
      if (error.degrees_of_freedom > 0.0) r.degrees_of_freedom = error.degrees_of_freedom;
      const double statistical = error.standard_error / r.time_step;
      if (doubt.rounding.size() > 0) {
        r.rounding[i] = doubt.rounding[i] / duration;
        const double per_pivot = doubt.rounding[i] / static_cast<double>(std::max<std::int64_t>(1, r.orthonormalisations));
        if (per_pivot > std::sqrt(doubt.eps) && !(r.rounding[i] <= 4.0 * statistical)) r.rounding_dominates = true;
      }
      // The interval's quantile is the statistical error's; what may be systematic widens it by as much.
      r.standard_error[i] = std::hypot(statistical, r.rounding[i], r.frame_error[i]);
      r.half_width[i] = r.standard_error[i] * error.quantile();
    }
    if (doubt.unresolved.size() > 0 && doubt.unresolved[i]) {
      const double width = std::isfinite(r.half_width[i]) ? r.half_width[i] : 0.0;
      r.exponents[i] += width;
      r.upper_bound[i] = true;
      r.standard_error[i] = r.half_width[i] = r.effective_samples[i] = unknown;
      r.finite_time.values.row(i).setConstant(unknown);
    }
  }
  r.sum = r.any_unresolved() ? unknown : r.exponents.sum();
  dimension_and_entropy(r.finite_time.values, r);
  if (full && !r.any_unresolved()) r.dimension_is_lower_bound = false;
  r.verdict = judge_leading(r);
  if (keep_history) r.history = running(r.finite_time.values, series.batch_length());
}

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/summary.hpp>
#endif
