// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/summary.hpp declares.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/summary.hpp>

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

}  // namespace libration::inline LIBRATION_ABI::lyapunov::detail
