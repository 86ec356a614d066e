// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How attention thins out as the context grows: the slope of entropy on ln n for each head, with its interval and a verdict.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/visible_counts.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/stats/regression.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// What the slope's interval says of a head, over the contexts that were seen.
enum class dilution_verdict : std::uint8_t {
  undecided,  ///< the interval holds a threshold, or there are too few tokens
  focuses,    ///< below `focuses_below`: about as many keys share the attention, however long the context
  widens,     ///< between the thresholds: more keys share it, but ever fewer of those that are seen
  dilutes,    ///< above `dilutes_above`: the keys that share it grow with the context, by default faster than its square root
};

/// \return the enumerator's name
constexpr std::string_view to_string(dilution_verdict v) noexcept {
  constexpr std::string_view names[] = {"undecided", "focuses", "widens", "dilutes"};
  return names[static_cast<std::uint8_t>(v)];
}

/// Options of `attention::dilution`.
struct dilution_options {
  /// Rows that see fewer keys are left out, >= 1. Among very few keys the entropy is held down by ln n itself, and every head
  /// seems to dilute.
  std::int64_t minimum_context = 16;
  /// Fewer rows than this in the fit and the verdict stays undecided, >= 16: with short series an interval that knows their memory
  /// only roughly is too short.
  std::int64_t minimum_tokens = 100;
  /// Of the slope's interval, in (0, 1); head by head: of many heads at a threshold some are misjudged.
  double level = 0.95;
  /// A slope below it counts as none, finite. At 0.1 doubling the context widens the support e^H by 7 %; 128 times the context by
  /// six tenths.
  double focuses_below = 0.1;
  /// A slope above it counts as dilution, >= focuses_below. At 1/2 the support grows as the square root of the context: half the
  /// way, in the logarithm, from a fixed number of keys to all of them.
  double dilutes_above = 0.5;
};

/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const dilution_options& options, std::string_view who);

/// One head. Entropies in nats; NaN: not known.
struct [[nodiscard]] head_dilution {
  /// not_run: fewer than 16 rows to look at. not_converged: fewer than `minimum_tokens`, or too little change of the context for a
  /// slope with an error (all rows see as many keys).
  libration::status status = libration::status::not_run;
  dilution_verdict verdict = dilution_verdict::undecided;
  /// dH/d ln n: 0 where the support stays as it is, 1 for uniform attention over everything seen; negative where it shrinks, and
  /// above 1 while a key that was ahead loses its hold (`leading_key_slope`)
  double slope = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< of the slope
  double lower = std::numeric_limits<double>::quiet_NaN();           ///< of the slope's interval
  double upper = std::numeric_limits<double>::quiet_NaN();
  double degrees_of_freedom = 0.0;                                       ///< of Student's t for the slope; 0: error not known
  double intercept = std::numeric_limits<double>::quiet_NaN();           ///< of the line, at n = 1
  double residual_deviation = std::numeric_limits<double>::quiet_NaN();  ///< of the entropies about the line
  /// Mean over the rows in the fit; its error is that of the scatter about the line, neighbours' likeness accounted for.
  stats::mean_estimate entropy;
  /// Mean of H/ln n over the same rows (those with n >= 2): 1 for uniform attention.
  stats::mean_estimate normalised_entropy;
  std::int64_t tokens = 0;   ///< rows in the fit
  std::int64_t skipped = 0;  ///< rows without an entropy: NaN, or no key visible

  /// \param n  keys that are seen
  /// \return   the line's entropy
  double entropy_at(double n) const { return intercept + slope * std::log(n); }
  /// \return the number of equally weighted keys with the line's entropy, e^H
  double effective_support_at(double n) const { return std::exp(entropy_at(n)); }
  /// \return e^H of the mean entropy
  double effective_support() const { return std::exp(entropy.mean); }
  /// Rows that were independent of each other, had their scatter about the line the same error: `tokens` or less where neighbours
  /// are alike. Below about 10 the intervals are too short.
  double effective_tokens() const { return entropy.effective_samples; }
};

/// All heads, in the rows' order.
struct [[nodiscard]] dilution_result {
  std::vector<head_dilution> heads;
  double level = 0.0;  ///< of the intervals
  double focuses_below = 0.0, dilutes_above = 0.0;
  std::int64_t minimum_context = 0;  ///< keys that a row sees at least, of those that count

  /// \return the number of heads with this verdict
  LIBRATION_DECLARED Eigen::Index count(dilution_verdict v) const;
};

namespace detail {

/// The standard error of the slope of y on x by leaving out each of 8 blocks of neighbours in turn. A token counts as 1/sqrt(n) in
/// a block's length, half way between equally many tokens and equal parts of ln n. NaN where a block's absence leaves no slope.
LIBRATION_DECLARED double block_jackknife_error(std::span<const double> x, std::span<const double> y, const stats::line_fit& fit);

LIBRATION_DECLARED dilution_result dilution_of(const Eigen::MatrixXd& entropies, const Eigen::MatrixXd& visible,
                                               const dilution_options& options);

}  // namespace detail

/// The slope of attention entropy on the logarithm of the number of visible keys, for each head, with its interval and a verdict.
///
/// The slope is that of least squares, each row counting alike: the first eighth of a long context, which has two thirds of the
/// leverage, is compared with the rest. It describes the contexts that were seen: a head that holds one key ahead starts to dilute
/// at 1 + e^gap keys and not before (`halving_context`). For several texts give the mean over them of each entry.
///
/// Neighbouring rows are alike, and their scatter changes with the context. The standard error is the larger of two: that of
/// leaving out each of 8 blocks of neighbours in turn, which takes heteroscedasticity and lack of fit into account; and that of
/// scatter with a memory but the same throughout, its long-run variance by `stats::mean_error`, which feels a memory as long as a
/// block. Student's t has 6 degrees of freedom.
///
/// \param entropies  nats, shape (heads, tokens), tokens in their order; NaN rows are skipped and counted
/// \param visible    whole numbers >= 0, shape (tokens) or (heads, tokens): the keys that each row sees, `entropy_result::visible`
/// \return           a head for each row; a head's own `status` says where there is too little to judge
/// \throws argument_error where `visible` has another shape or is negative, an entropy is negative or above ln of the keys seen
///                   (bits instead of nats, say) by more than 1e-4 absolute plus relative, or an option is out of its range
/// Accuracy:  of 4000 series each of 100 to 2000 rows the 95 % interval holds the slope in 98 % where rows scatter independently,
///            and in 94 (100 rows) to 98 % where they remember 10 (autoregression 0.9); in more where the scatter grows with the
///            context, in 90 to 95 % where it falls as 1/sqrt(n). A head at a threshold is called by its wrong side in 1 %, 3 % at
///            100 rows with memory. It fails where a slow part hides below independent scatter: a memory of 33 rows in 30 % of the
///            variance, 83 % at 100 rows, 91 % at 500, 98 % at 2000. Series below 500 rows are better averaged over several texts
///            first (tests/attention/dilution.test.cpp)
/// Cost:      some 40 operations a row, microseconds more a head
/// Source:    derived here, by measured coverage
template <class Entropies, class Visible>
dilution_result dilution(const Eigen::MatrixBase<Entropies>& entropies, const Eigen::MatrixBase<Visible>& visible,
                         const dilution_options& options = {}) {
  return detail::dilution_of(entropies.template cast<double>(), visible.template cast<double>(), options);
}

/// The same for causal attention without a window: token i sees the i + 1 keys up to its own.
template <class Entropies>
dilution_result dilution(const Eigen::MatrixBase<Entropies>& entropies, const dilution_options& options = {}) {
  return dilution(entropies, detail::causal_counts(entropies.cols()), options);
}

}  // namespace libration::inline LIBRATION_ABI::attention

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/dilution.hpp>
#endif
