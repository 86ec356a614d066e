// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/settling.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <libration/lyapunov/settling.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_DEFINED settled_frame settle_alone(const Eigen::MatrixXd& growth, bool discard) {
  constexpr double least_gain = 4.0;  // in the squared standard error
  const Eigen::Index windows = growth.cols();
  settled_frame result{0, Eigen::VectorXd::Zero(1)};
  if (windows < 2 * stats::minimum_batches || !growth.allFinite()) return result;
  // Welford's sums, from the last window to the first.
  double mean = 0.0, squares = 0.0, least = std::numeric_limits<double>::infinity(), later = 0.0, whole = 0.0;
  Eigen::Index best = 0;
  for (Eigen::Index b = windows - 1; b >= 0; --b) {
    const double kept = static_cast<double>(windows - b), step = growth(0, b) - mean;
    mean += step / kept;
    squares += step * (growth(0, b) - mean);
    whole = squares / (kept * kept);
    if (b <= windows / 2 && whole < least) {
      least = whole;
      best = b;
      later = mean;
    }
  }
  if (!(whole > least_gain * least)) return result;
  const Eigen::ArrayXd beyond = growth.row(0).head(best).transpose().array() - later;
  if (discard && std::abs(beyond.sum()) > 0.7 * beyond.abs().sum()) result.discarded = std::min(best, windows / 4);
  result.left[0] = std::abs(beyond.tail(best - result.discarded).sum());
  return result;
}

LIBRATION_DEFINED settled_frame settle(const Eigen::MatrixXd& growth, std::int64_t window, std::int64_t before,
                                       const Eigen::VectorXd& rounding,
                                       bool discard) {
  constexpr double amplitude = 4.0;
  const Eigen::Index count = growth.rows(), windows = growth.cols(), half = windows - windows / 2;
  settled_frame result{0, Eigen::VectorXd::Zero(count)};
  if (count < 2 || half < stats::minimum_batches) return result;

  const Eigen::MatrixXd late = growth.rightCols(half);
  const Eigen::VectorXd mean = late.rowwise().mean();
  const double length = static_cast<double>(window), all = static_cast<double>(windows);
  Eigen::VectorXd gap = Eigen::VectorXd::Constant(count, std::numeric_limits<double>::infinity());
  Eigen::VectorXd variance = gap;  // of the growth over a window, in the long run
  for (Eigen::Index i = 0; i < count; ++i) {
    if (!std::isfinite(mean[i])) continue;
    for (Eigen::Index j = 0; j < count; ++j)
      if (j != i && std::isfinite(mean[j])) gap[i] = std::min(gap[i], std::abs(mean[i] - mean[j]) / length);
    const Eigen::VectorXd row = late.row(i).transpose();
    const auto error = stats::mean_error(std::span<const double>(row.data(), static_cast<std::size_t>(half)));
    const double rounded = rounding.size() > 0 ? rounding[i] * rounding[i] / all : 0.0;
    variance[i] = std::max({error.standard_error * error.standard_error * static_cast<double>(half), rounded, 1e-300});
  }
  // The nats that follow after the first `left_out` windows, as long as nothing else is known.
  const auto left_after = [&](Eigen::Index i, Eigen::Index left_out) {
    return amplitude * std::exp(-gap[i] * (static_cast<double>(before) + static_cast<double>(left_out) * length));
  };
  const auto claimed = [&](Eigen::Index left_out) {
    const double kept = all - static_cast<double>(left_out);
    double sum = 0.0;
    for (Eigen::Index i = 0; i < count; ++i) {
      const double left = left_after(i, left_out);
      sum += (1.0 + left * left / (kept * variance[i])) / kept;
    }
    return sum;
  };
  if (discard) {
    double least = claimed(0);
    if (least > 1.001 * static_cast<double>(count) / all)
      for (Eigen::Index d = 1; d <= windows / 2; ++d)
        if (const double error = claimed(d); error < least) {
          least = error;
          result.discarded = d;
        }
  }

  for (Eigen::Index i = 0; i < count; ++i) {
    if (!std::isfinite(mean[i])) continue;
    const auto rest = growth.row(i).tail(windows - result.discarded);
    double sum = 0.0, low = 0.0, high = 0.0;
    const double average = rest.mean();
    for (const double x : rest) {
      sum += x - average;
      low = std::min(low, sum);
      high = std::max(high, sum);
    }
    const double mixed = gap[i] * length * static_cast<double>(rest.size());  // what one column's growth may have of another's
    result.left[i] = std::min(left_after(i, result.discarded), std::max(high - low, mixed));
    if (!(result.left[i] >= 0.0)) result.left[i] = 0.0;  // a window without a finite growth
  }
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
