// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// From recorded growth to a result: exponents with error bars, dimension, entropy, verdict, finite-time values, history.

#include <cstdint>
#include <span>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/stats/batch_series.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// The verdict on an exponent with a 95 % interval of the given half-width.
LIBRATION_DECLARED verdict judge(double exponent, double half_width, double margin);

namespace detail {

// Of the leading exponent, which an exponent that is not resolved may be only where its bound allows it.
LIBRATION_DECLARED verdict judge_leading(const spectrum_result& r);

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
  Eigen::VectorXd rounding;                             ///< shape (columns): nats that rounding may have added in all; empty: none
  Eigen::Array<bool, Eigen::Dynamic, 1> unresolved;     ///< shape (columns): an upper bound was counted; empty: nowhere
  double eps = 0.0;                                     ///< of the scalar that the frame is in
  std::int64_t frame_steps = 0;                         ///< steps that turned the frame before the first one counted
  bool discard = false;                                 ///< whether windows may be left out for the frame's sake
};

/// \return  the largest standard error of the first `judged` exponents, with rounding and what is left of the frame's turning;
///          infinite where one is not known
LIBRATION_DECLARED double worst_error(const spectrum_result& r, Eigen::Index judged);

// A row's total without its first windows.
LIBRATION_DECLARED double counted_after(const stats::batch_series<double>& series, Eigen::Index row, Eigen::Index discarded,
                                        double total);

/// Fills in everything that follows from the recorded growth and the totals.
///
/// \param series  rows: the exponents' growth, natural logarithms
/// \param pending shape (count): growth after the last recorded step, over `pending_steps` steps
/// \param r       in: steps, time_step, neutral_margin, status; out: the rest
LIBRATION_DECLARED void summarise(const stats::batch_series<double>& series, std::span<const double> pending,
                                  std::int64_t pending_steps, Eigen::Index count, bool full, bool keep_history,
                                  const growth_doubt& doubt, spectrum_result& r);

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/summary.hpp>
#endif
