// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/summary.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/settling.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/stats/batch_series.hpp>
#include <libration/stats/compensated_sum.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_DEFINED verdict judge(double exponent, double half_width, double margin) {
  if (exponent == -std::numeric_limits<double>::infinity()) return verdict::stable;
  const double low = exponent - half_width, high = exponent + half_width;
  if (high < -margin) return verdict::stable;
  if (low > margin) return verdict::chaotic;
  if (low >= -margin && high <= margin) return verdict::neutral;
  return verdict::undecided;  // NaN comes here too
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov

namespace libration::inline LIBRATION_ABI::lyapunov::detail {

// \return the standard error of the mean of a combination of the rows, from its values over batches
LIBRATION_DECLARED double combined_error(const Eigen::VectorXd& batches) {
  return stats::mean_error(std::span<const double>(batches.data(), static_cast<std::size_t>(batches.size()))).standard_error;
}

LIBRATION_DEFINED verdict judge_leading(const spectrum_result& r) {
  Eigen::Index leading = -1;
  double bound = -std::numeric_limits<double>::infinity();
  for (Eigen::Index i = 0; i < r.exponents.size(); ++i) {
    if (r.unresolved(i))
      bound = std::max(bound, r.exponents[i]);
    else if (leading < 0 || !(r.exponents[i] <= r.exponents[leading]))
      leading = i;
  }
  const verdict of_bound = bound < -r.neutral_margin ? verdict::stable : verdict::undecided;
  if (leading < 0) return of_bound;
  const verdict resolved = judge(r.exponents[leading], r.half_width[leading], r.neutral_margin);
  return resolved == verdict::chaotic || bound <= r.exponents[leading] || resolved == of_bound ? resolved : verdict::undecided;
}

LIBRATION_DEFINED void dimension_and_entropy(const Eigen::MatrixXd& batches, spectrum_result& r) {
  const Eigen::Index count = r.exponents.size();
  std::vector<Eigen::Index> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Eigen::Index{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return r.exponents[a] > r.exponents[b]; });

  const bool exact = r.rounding.size() == 0;
  const auto systematic = [&](Eigen::Index i) { return exact ? 0.0 : std::hypot(r.rounding[i], r.frame_error[i]); };
  double partial = 0.0, positive = 0.0, partial_systematic = 0.0, positive_systematic = 0.0;
  Eigen::VectorXd partial_batches = Eigen::VectorXd::Zero(batches.cols());
  Eigen::VectorXd positive_batches = partial_batches;
  bool crossed = false, bound_only = false;
  r.kaplan_yorke_dimension = {static_cast<double>(count), 0.0};
  for (Eigen::Index j = 0; j < count; ++j) {
    const Eigen::Index i = order[static_cast<std::size_t>(j)];
    const double exponent = r.exponents[i];
    if (r.unresolved(i)) {
      if (exponent >= 0.0) {
        r.kaplan_yorke_dimension = r.entropy_rate = {};
        return;
      }
      if (!crossed) {
        crossed = bound_only = true;
        r.kaplan_yorke_dimension = {static_cast<double>(j), 0.0};
      }
      continue;
    }
    if (exponent > 0.0) {
      positive += exponent;
      positive_systematic += systematic(i);
      positive_batches += batches.row(i).transpose();
    }
    if (!crossed && partial + exponent < 0.0) {
      crossed = true;
      r.kaplan_yorke_dimension.value = static_cast<double>(j) + (j == 0 ? 0.0 : partial / -exponent);
      if (j > 0 && std::isfinite(exponent))
        r.kaplan_yorke_dimension.standard_error = std::hypot(
            combined_error(partial_batches / -exponent + batches.row(i).transpose() * (partial / (exponent * exponent))),
            partial_systematic / -exponent + systematic(i) * partial / (exponent * exponent));
    }
    if (!crossed) {
      partial += exponent;
      partial_systematic += systematic(i);
      partial_batches += batches.row(i).transpose();
    }
  }
  r.dimension_is_lower_bound = !crossed || bound_only;
  r.entropy_rate = {positive, positive > 0.0 ? std::hypot(combined_error(positive_batches), positive_systematic) : 0.0};
}

LIBRATION_DEFINED running_estimate running(const Eigen::MatrixXd& batches, std::int64_t batch_steps) {
  running_estimate history;
  const Eigen::Index points = batches.cols();
  history.steps.resize(points);
  history.exponents.resize(batches.rows(), points);
  history.half_width.resize(batches.rows(), points);
  std::vector<double> row(static_cast<std::size_t>(points));
  for (Eigen::Index i = 0; i < batches.rows(); ++i) {
    for (Eigen::Index j = 0; j < points; ++j) row[static_cast<std::size_t>(j)] = batches(i, j);
    for (Eigen::Index j = 0; j < points; ++j) {
      const auto so_far = stats::mean_error(std::span<const double>(row.data(), static_cast<std::size_t>(j + 1)));
      history.exponents(i, j) = so_far.mean;
      history.half_width(i, j) = so_far.half_width();
      history.steps[j] = (j + 1) * batch_steps;
    }
  }
  return history;
}

LIBRATION_DEFINED double worst_error(const spectrum_result& r, Eigen::Index judged) {
  double worst = 0.0;
  for (Eigen::Index i = 0; i < judged; ++i) {
    if (r.exponents[i] == -std::numeric_limits<double>::infinity()) continue;
    if (!(r.standard_error[i] <= worst)) worst = r.standard_error[i];  // NaN stays
  }
  return std::isnan(worst) ? std::numeric_limits<double>::infinity() : worst;
}

// A row's total without its first windows.
LIBRATION_DEFINED double counted_after(const stats::batch_series<double>& series, Eigen::Index row, Eigen::Index discarded,
                                       double total) {
  stats::compensated_sum<double> sum;
  sum.add(total);
  if (std::isfinite(total))
    for (Eigen::Index b = 0; b < discarded; ++b) sum.add(-series.batch_sum(row, b));
  return sum.value();
}

// The error of the mean a step, without the first windows; `kept`: the growth in the others.
LIBRATION_DECLARED stats::mean_estimate error_after(const stats::batch_series<double>& series, Eigen::Index row,
                                                   const Eigen::VectorXd& kept, Eigen::Index discarded) {
  if (discarded == 0) return stats::mean_error(series, row);
  auto error = stats::mean_error(std::span<const double>(kept.data(), static_cast<std::size_t>(kept.size())));
  const double length = static_cast<double>(series.batch_length());
  const double total = counted_after(series, row, discarded, series.total(row));
  const double mean = total / (static_cast<double>(series.steps()) - static_cast<double>(discarded) * length);
  const double end = std::abs(mean - error.mean / length);  // what the unfinished last window does to the mean
  error.standard_error = std::max(error.standard_error / length, end);
  return error;
}

LIBRATION_DEFINED void summarise(const stats::batch_series<double>& series, std::span<const double> pending,
                                 std::int64_t pending_steps, Eigen::Index count, bool full, bool keep_history,
                                 const growth_doubt& doubt, spectrum_result& r) {
  const Eigen::Index windows = series.count(), columns = std::max(count, doubt.rounding.size());
  Eigen::MatrixXd growth(columns, windows);
  for (Eigen::Index b = 0; b < windows; ++b)
    for (Eigen::Index i = 0; i < columns; ++i) growth(i, b) = series.batch_sum(i, b);
  // A single component has no direction to turn to.
  const settled_frame frame = full && count == 1 ? settled_frame{0, Eigen::VectorXd::Zero(1)}
                              : columns == 1     ? settle_alone(growth, doubt.discard)
                              : settle(growth, series.batch_length(), doubt.frame_steps, doubt.rounding, doubt.discard);
  const std::int64_t discarded = frame.discarded * series.batch_length();
  growth = growth.topRightCorner(count, windows - frame.discarded).eval();

  r.steps = series.steps() + pending_steps - discarded;
  r.frame_steps = doubt.frame_steps + discarded;
  r.exponents = Eigen::VectorXd::Constant(count, unknown);
  r.standard_error = r.half_width = r.effective_samples = r.exponents;
  r.upper_bound.setConstant(count, false);
  r.rounding = r.frame_error = Eigen::VectorXd::Zero(count);
  if (r.steps == 0) return;
  const double duration = static_cast<double>(r.steps) * r.time_step;
  r.frame_error = frame.left.head(count) / duration;
  r.finite_time.window = series.batch_length();
  r.finite_time.values = growth / (static_cast<double>(series.batch_length()) * r.time_step);
  for (Eigen::Index i = 0; i < count; ++i) {
    const double total = series.total(i) + pending[static_cast<std::size_t>(i)];
    r.exponents[i] = counted_after(series, i, frame.discarded, total) / duration;
    if (series.steps() > 0) {
      const auto error = error_after(series, i, growth.row(i).transpose(), frame.discarded);
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

}  // namespace libration::inline LIBRATION_ABI::lyapunov::detail
