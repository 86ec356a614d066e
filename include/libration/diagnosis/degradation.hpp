// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Whether runs get worse with their length: losses against position, tested late against early, paired by text.

#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// What the interval of the degradation says.
enum class degradation_verdict : std::uint8_t {
  undecided,  ///< the interval holds the margin, or there is none
  holds,      ///< at most the margin: the runs do not get worse by more than that
  degrades,   ///< above the margin
};

/// \return the enumerator's name
constexpr std::string_view to_string(degradation_verdict v) noexcept {
  constexpr std::string_view names[] = {"undecided", "holds", "degrades"};
  return names[static_cast<std::uint8_t>(v)];
}

/// Options of `diagnosis::degradation`.
struct degradation_options {
  /// Positions that are left out at the beginning, >= 0: where the loss of any text still falls for want of context.
  std::int64_t skip = 0;
  /// Bins of positions, >= 2, each of which ends at twice the position of the one before (counted from `skip`): the last one is the
  /// later half, the first one at 6 bins the first 32nd. Fewer where there are not enough positions. The first bin is "early", the
  /// last one "late".
  std::int64_t bins = 6;
  /// Where bins end instead, ascending, two or more; the first one begins at `skip`, and positions from the last end on are left
  /// out. Empty: by `bins`.
  std::vector<std::int64_t> ends = {};
  /// Whether early losses are subtracted. Without it (which takes a reference) the degradation is the late difference from the
  /// reference, and a model that is worse than it from the first token on counts as degraded.
  bool from_early = true;
  /// Nats a token, >= 0: less than this does not count. 0.05 is a perplexity that rises by a twentieth. At 0 any rise counts, and
  /// runs that neither get worse nor better stay undecided.
  double margin = 0.05;
  /// Of the intervals, in (0, 1), two-sided.
  double level = 0.95;
  /// Fewer texts give no interval and no verdict, >= 2. Below about 8 an interval rests on the losses being normal.
  std::int64_t minimum_texts = 8;
};

/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const degradation_options& options, std::string_view who);

/// Positions in [first, end), over the texts. Errors are unknown (NaN) where there are too few texts.
struct position_bin {
  std::int64_t first = 0, end = 0;
  stats::mean_estimate loss;       ///< nats a token: mean over the texts of each text's mean in the bin
  stats::mean_estimate reference;  ///< the same of the reference; NaN where there is none
  stats::mean_estimate change;     ///< what counts as degradation if this bin were the late one
};

/// What `diagnosis::degradation` finds.
struct [[nodiscard]] degradation_result {
  /// not_run; `ok`; `not_converged`: fewer texts than `minimum_texts`, and no interval
  libration::status status = libration::status::not_run;
  degradation_verdict verdict = degradation_verdict::undecided;
  stats::mean_estimate change;                              ///< of the last bin, nats a token: the degradation; positive: worse
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< of its interval
  double upper = std::numeric_limits<double>::quiet_NaN();
  /// Of Student's one-sided test that the degradation is at most the margin.
  double p_value = std::numeric_limits<double>::quiet_NaN();
  Eigen::VectorXd by_text;  ///< the degradation in each text, shape (texts)
  std::vector<position_bin> bins;
  std::int64_t positions = 0, texts = 0, minimum_texts = 0;
  bool from_early = true, has_reference = false;
  double margin = 0.0, level = 0.0;
};

namespace detail {

/// Where bins begin and end: ends has one entry more than there are bins.
/// \throws argument_error where positions do not fill two bins
LIBRATION_DECLARED std::vector<std::int64_t> bin_edges(std::int64_t positions, const degradation_options& options,
                                                       std::string_view who);

/// Means over the positions of each bin, shape (bins, texts).
LIBRATION_DECLARED Eigen::MatrixXd bin_means(const Eigen::MatrixXd& losses, const std::vector<std::int64_t>& edges);

/// The mean over texts of one row; of fewer texts than are needed without an error.
LIBRATION_DECLARED stats::mean_estimate over_texts(const Eigen::VectorXd& values, std::int64_t minimum_texts);

/// \throws argument_error where losses are empty or not finite (says where)
LIBRATION_DECLARED void check_losses(const Eigen::MatrixXd& losses, std::string_view who, std::string_view name);

/// \param reference  empty: none
LIBRATION_DECLARED degradation_result degradation_of(const Eigen::MatrixXd& losses, const Eigen::MatrixXd& reference,
                                                     const degradation_options& options, std::string_view who);

}  // namespace detail

/// How much higher the loss is at late positions than at early ones, on the average over texts, with an interval and a test.
///
/// The change of each text is its mean loss in the last bin less that in the first one. Texts are taken as independent; positions
/// of one text need not be. `degrades` means: the interval lies above the margin (`holds`: not above it).
///
/// \param losses  shape (positions, texts), nats a token: what the run loses at each position of each text
/// \return        `ok`; `not_converged` where there are fewer texts than needed
/// \throws argument_error  no texts, fewer than two positions, a loss that is not finite (says where), options
/// Accuracy:  Student's interval: exact for changes that are normal over texts. Where a few texts derail and the others do not, its
///            false alarms are fewer than the level says, and it misses more (stats::independent_mean)
/// Cost:      one pass over the losses
LIBRATION_DECLARED degradation_result degradation(const Eigen::MatrixXd& losses, const degradation_options& options = {});

/// The same against the loss that a natural text has at the same positions, which may itself fall or rise along a text: the
/// reference is subtracted, text by text, from the losses.
///
/// \param reference  shape (positions, texts), nats a token: column j belongs to column j of the losses (the text that a run's
///                   prompt was taken from, or the undisturbed run)
LIBRATION_DECLARED degradation_result degradation_against(const Eigen::MatrixXd& losses, const Eigen::MatrixXd& reference,
                                                          const degradation_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::diagnosis

#if !defined(LIBRATION_COMPILED)
#include <libration/diagnosis/definitions/degradation.hpp>
#endif
