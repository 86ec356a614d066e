// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How far a frame's columns have reached their directions: how much of a run's beginning is discarded, and what is left.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// What `settle` found.
struct settled_frame {
  Eigen::Index discarded = 0;  ///< windows at the beginning that are left out
  Eigen::VectorXd left;        ///< shape (count): nats that the turning may still add to the rest of the run
};

/// The same of a single exponent, of which no gap is known: how many of the first windows are left out so that the standard error
/// of the mean of the others, as if they were independent, is smallest; at most half of them.
///
/// What a chaotic orbit's growth does by chance changes that error little: only where it falls to half, the windows before have
/// belonged to the turning (or to the orbit's own way to its attractor, which looks the same). They are left out where their
/// growth errs to one side, and no more than a quarter of the run; what the others have beyond the later mean is what is left.
///
/// \param growth   shape (1, windows): nats in each window
/// \param discard  whether windows may be left out
/// Accuracy:  tests/lyapunov/largest.test.cpp, settling.test.cpp
/// Source:    White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997) 323-334 (the
///            marginal standard error rule); departures: what it has to gain, and the limits, are chosen here
template <class = void>
settled_frame settle_alone(const Eigen::MatrixXd& growth, bool discard) {
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

/// How many of a run's first windows are left out, so that what the frame's turning and the shorter run together claim of error is
/// smallest (the sum of the exponents' variances, each in units of its own); at most half of them. Where exponents are well apart,
/// what is left of the turning is then below a tenth of the standard error.
///
/// Column i turns to its direction as exp(-N g_i) in N steps, g_i the distance of its exponent from the nearest other one that is
/// counted (the one after the last counted is not known). Until then its growth is another's in part: 4 exp(-N g_i) nats in all are
/// taken as the bound of what follows after N steps. It is lowered to the larger of two others: the gap for the rest of the run, by
/// which a mixture of two columns can be wrong at most, and the farthest that the growth summed up parts from a straight line.
/// Exponents that are equal are right in whatever direction the columns stand.
///
/// The gaps and the errors are those of the run's second half, which the turning has disturbed least.
///
/// \param growth    shape (count, windows): nats in each window
/// \param window    steps in a window, >= 1
/// \param before    steps that have turned the frame before the first window
/// \param rounding  shape (count): nats that rounding may have added in all; empty: none
/// \param discard   whether windows may be left out
/// Accuracy:  tests/lyapunov/coverage.test.cpp: what the intervals hold of limit cycles and of chaotic flows
/// Source:    derived here
template <class = void>
settled_frame settle(const Eigen::MatrixXd& growth, std::int64_t window, std::int64_t before, const Eigen::VectorXd& rounding,
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
