// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/positional_curve.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/positional_curve.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED void validate(const positional_options& options, std::string_view who) {
  const option_check check(who);
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  check(options.margin > 0.0 && options.margin < 1.0, "margin", options.margin, "a number in (0, 1)");
}

LIBRATION_DEFINED double position_contrast::upper(double p) const {
  return value + standard_error * stats::student_t_quantile(p, degrees_of_freedom);
}

}  // namespace libration::inline LIBRATION_ABI::attention

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DECLARED void check_positions(const Eigen::VectorXd& position, std::string_view who) {
  require(position.size() >= 3, who, [&] { return "position has " + number_text(position.size()) + " rows, expected at least 3"; });
  for (Eigen::Index i = 0; i < position.size(); ++i)
    require(std::isfinite(position[i]) && (i == 0 || position[i] > position[i - 1]), who, [&] {
      return "position[" + number_text(i) + "] is " + number_text(position[i]) +
             (i == 0 ? ", expected a finite number" : ", expected more than the one before");
    });
}

/// Standard errors of a curve's contrasts.
struct contrast_errors {
  Eigen::VectorXd primacy, recency;  // shape (m): of the first, and of the last position less each
  double depth = 0.0;
};

/// Depth, trough, and shape, from the curve and the errors of its contrasts.
///
/// U-shaped: for a position in the middle the two differences are tested one by one, each at the whole 1 - level (an
/// intersection-union test: both must be beyond chance), and the positions share it out (Bonferroni). Not U-shaped: for every
/// position one of the two differences is below the margin, each tested at half of 1 - level.
LIBRATION_DECLARED void judge_shape(const contrast_errors& errors, double degrees_of_freedom, const positional_options& options,
                                   positional_result& result) {
  const Eigen::VectorXd& value = result.value;
  const Eigen::Index m = value.size();
  result.depth = {0.5 * (value[0] + value[m - 1]) - value.segment(1, m - 2).mean(), errors.depth, degrees_of_freedom};
  result.margin = options.margin * std::abs(value.mean());
  double least = std::numeric_limits<double>::infinity();
  bool excluded = true;
  for (Eigen::Index j = 1; j + 1 < m; ++j) {
    const position_contrast primacy{value[0] - value[j], errors.primacy[j], degrees_of_freedom};
    const position_contrast recency{value[m - 1] - value[j], errors.recency[j], degrees_of_freedom};
    const double p = std::max(primacy.p_value(), recency.p_value());
    // Where p is 1 throughout, the lowest of them.
    if (p < least || (p == least && value[j] < value[result.trough])) {
      least = p;
      result.trough = j;
      result.primacy = primacy;
      result.recency = recency;
    }
    const double half = 0.5 + 0.5 * options.level;
    excluded = excluded && (primacy.upper(half) < result.margin || recency.upper(half) < result.margin);
  }
  result.p_value = std::min(1.0, least * static_cast<double>(m - 2));
  if (excluded) result.shape = curve_shape::not_u_shaped;
  if (result.p_value <= 1.0 - options.level) result.shape = curve_shape::u_shaped;
}

LIBRATION_DEFINED positional_result curve_of_samples(const Eigen::VectorXd& position, Eigen::MatrixXd X,
                                                     const positional_options& options) {
  constexpr std::string_view who = "attention::positional_curve";
  validate(options, who);
  check_positions(position, who);
  const Eigen::Index m = position.size();
  require_rows(X.rows(), m, who, "samples", "one for each position");
  Eigen::Index N = 0;
  for (Eigen::Index j = 0; j < X.cols(); ++j) {
    bool whole = true;
    for (Eigen::Index i = 0; i < m; ++i) {
      require(!(std::abs(X(i, j)) > 1e300), who, [&] {
        return "samples(" + number_text(i) + ", " + number_text(j) + ") is " + number_text(X(i, j)) +
               ", expected a number of at most 1e300, or NaN";
      });
      whole = whole && !std::isnan(X(i, j));
    }
    if (whole && N++ != j) X.col(N - 1) = X.col(j);
  }
  positional_result result;
  result.position = position;
  result.level = options.level;
  result.samples = N;
  result.left_out = X.cols() - N;
  result.value = result.lower = result.upper = Eigen::VectorXd::Constant(m, std::numeric_limits<double>::quiet_NaN());
  if (N == 0) return result;
  X.conservativeResize(m, N);
  result.value = X.rowwise().mean();
  result.status = status::not_converged;
  if (N == 1) return result;
  const double count = static_cast<double>(N), freedom = count - 1.0;
  X.colwise() -= result.value;
  // By norms that scale themselves: squares of samples may leave the range.
  const double root = std::sqrt(count * freedom);
  const auto error = [&](const Eigen::RowVectorXd& contrast) { return contrast.stableNorm() / root; };
  contrast_errors errors{Eigen::VectorXd(m), Eigen::VectorXd(m),
                                 error(0.5 * (X.row(0) + X.row(m - 1)) - X.middleRows(1, m - 2).colwise().mean())};
  const double quantile = stats::student_t_quantile(0.5 + 0.5 * options.level, freedom);
  Eigen::VectorXd half(m);
  for (Eigen::Index j = 0; j < m; ++j) {
    errors.primacy[j] = error(X.row(0) - X.row(j));
    errors.recency[j] = error(X.row(m - 1) - X.row(j));
    half[j] = quantile * error(X.row(j));
  }
  result.lower = result.value - half;
  result.upper = result.value + half;
  result.status = status::ok;
  judge_shape(errors, freedom, options, result);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED positional_result positional_curve(const Eigen::VectorXd& position, std::span<const std::int64_t> successes,
                                                     std::span<const std::int64_t> trials, const positional_options& options) {
  constexpr std::string_view who = "attention::positional_curve";
  validate(options, who);
  detail::check_positions(position, who);
  const Eigen::Index m = position.size();
  require_rows(static_cast<std::int64_t>(successes.size()), m, who, "successes", "one for each position");
  require_rows(static_cast<std::int64_t>(trials.size()), m, who, "trials", "one for each position");
  for (std::size_t i = 0; i < trials.size(); ++i) {
    require(trials[i] >= 1, who, [&] { return "trials[" + number_text(i) + "] is " + number_text(trials[i]) + ", expected >= 1"; });
    require(successes[i] >= 0 && successes[i] <= trials[i], who, [&] {
      return "successes[" + number_text(i) + "] is " + number_text(successes[i]) + ", expected 0 to " + number_text(trials[i]) +
             " (the trials)";
    });
  }
  positional_result result;
  result.position = position;
  result.value = result.lower = result.upper = Eigen::VectorXd(m);
  Eigen::ArrayXd variance(m);
  for (Eigen::Index i = 0; i < m; ++i) {
    const std::int64_t k = successes[static_cast<std::size_t>(i)], n = trials[static_cast<std::size_t>(i)];
    const stats::proportion_estimate share = stats::proportion_interval(k, n, options.level);
    result.value[i] = share.value;
    result.lower[i] = share.lower;
    result.upper[i] = share.upper;
    const double count = static_cast<double>(n), p = (static_cast<double>(k) + 1.0) / (count + 2.0);
    variance[i] = p * (1.0 - p) * (count + 2.0) / (count * count);
  }
  result.level = options.level;
  result.status = status::ok;
  const double middle = static_cast<double>(m - 2);
  const detail::contrast_errors errors{
      (variance + variance[0]).sqrt(), (variance + variance[m - 1]).sqrt(),
      std::sqrt(0.25 * (variance[0] + variance[m - 1]) + variance.segment(1, m - 2).sum() / (middle * middle))};
  detail::judge_shape(errors, std::numeric_limits<double>::infinity(), options, result);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention
