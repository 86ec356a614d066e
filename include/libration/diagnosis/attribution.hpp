// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Which share of a degradation goes with each intervention, and which mechanisms that names.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/diagnosis/degradation.hpp>
#include <libration/diagnosis/mechanism.hpp>
#include <libration/stats/independent_mean.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

/// A counterfactual run of the same model on the same text, in which one mechanism cannot act.
struct intervention {
  std::string name;  ///< "feedback cut"
  diagnosis::mechanism mechanism = diagnosis::mechanism::accumulated_error;
};

/// What an intervention, or a mechanism, turned out to be.
enum class mechanism_verdict : std::uint8_t {
  not_tried,    ///< no intervention on it: it cannot be excluded
  undecided,    ///< the interval of its share holds the margin
  not_at_work,  ///< its share is at most the margin; or the runs do not degrade at all
  at_work,      ///< its share is above the margin, and late losses fall
};

/// \return the enumerator's name
constexpr std::string_view to_string(mechanism_verdict v) noexcept {
  constexpr std::string_view names[] = {"not_tried", "undecided", "not_at_work", "at_work"};
  return names[static_cast<std::uint8_t>(v)];
}

/// Whether the interventions on each mechanism by itself remove as much as all at once.
enum class interaction_verdict : std::uint8_t { undecided, additive, interact };

/// \return the enumerator's name
constexpr std::string_view to_string(interaction_verdict v) noexcept {
  constexpr std::string_view names[] = {"undecided", "additive", "interact"};
  return names[static_cast<std::uint8_t>(v)];
}

/// What a diagnosis comes to.
enum class finding : std::uint8_t {
  undecided,    ///< intervals do not tell
  none_found,   ///< the runs do not degrade
  at_work,      ///< one or more mechanisms are named
  unexplained,  ///< the runs degrade, and no intervention that was tried removes more than the margin, alone or with the others
};

/// \return the enumerator's name
constexpr std::string_view to_string(finding f) noexcept {
  constexpr std::string_view names[] = {"undecided", "none_found", "at_work", "unexplained"};
  return names[static_cast<std::uint8_t>(f)];
}

/// Losses under an intervention, at the same positions of the same texts as the baseline's.
struct intervention_losses {
  diagnosis::intervention intervention;
  Eigen::MatrixXd losses;  ///< shape (positions, texts), nats a token
};

/// What an attribution compares.
struct attribution_data {
  Eigen::MatrixXd baseline;                        ///< shape (positions, texts), nats a token: the run as it is
  Eigen::MatrixXd reference;                       ///< of the natural text, see `degradation_against`; empty: none
  std::vector<intervention_losses> interventions;  ///< each by itself
  Eigen::MatrixXd together;                        ///< under all of them at once; empty: not run
};

/// Options of `diagnosis::attribution`.
struct attribution_options {
  diagnosis::degradation_options degradation = {};
  /// Share of the degradation, in [0, 1): a mechanism whose share is less than this is not named.
  double share_margin = 0.1;
};

/// \throws argument_error that names the field, what came and what was expected
LIBRATION_DECLARED void validate(const attribution_options& options, std::string_view who);

/// What an intervention does, paired by text.
struct intervention_effect {
  diagnosis::intervention intervention;  ///< of all at once: the name alone
  mechanism_verdict verdict = mechanism_verdict::undecided;
  stats::mean_estimate late_gain;   ///< nats a token by which the loss in the last bin falls
  stats::mean_estimate early_gain;  ///< the same in the first bin
  stats::mean_estimate reduction;   ///< of the degradation, nats a token
  stats::ratio_estimate share;      ///< reduction over degradation; NaN where the runs do not degrade
  /// Early losses rise, which by itself would make a degradation smaller: `reduction` is `late_gain` then.
  bool harms_early = false;
  std::vector<stats::mean_estimate> losses;  ///< by bin, nats a token: the curve
};

/// What `diagnosis::attribution` finds.
struct [[nodiscard]] attribution_result {
  /// not_run; `ok`; `not_converged`: too few texts for intervals, no verdict; of `diagnose` also `diverged` and `cancelled`
  libration::status status = libration::status::not_run;
  diagnosis::finding finding = diagnosis::finding::undecided;
  degradation_result degradation;
  std::vector<intervention_effect> effects;  ///< of each intervention by itself, in the order given
  bool has_together = false;
  intervention_effect together;  ///< of all at once; its share has the plain level
  /// Over the mechanisms one by one, nats a token: of several interventions on one mechanism the one that removes most.
  stats::mean_estimate sum_of_reductions;
  stats::ratio_estimate sum_of_shares;
  stats::ratio_estimate interaction;  ///< sum of shares less the share of all at once; positive: they remove the same thing
  diagnosis::interaction_verdict interaction_verdict = diagnosis::interaction_verdict::undecided;
  std::array<mechanism_verdict, mechanism_count> mechanisms{};  ///< in the enumerators' order
  double level = 0.0;                                           ///< all shares of single interventions together hold at it
  double simultaneous_level = 0.0;                              ///< of each one's interval: 1 - (1 - level)/interventions
  double share_margin = 0.0;
  /// Of `diagnose`: the first loss that was not finite; -1: none was
  std::int64_t failed_text = -1, failed_at = -1;
  std::string failed_run;  ///< "as it is", the intervention's name, or "all at once"

  mechanism_verdict verdict(mechanism m) const { return mechanisms[static_cast<std::size_t>(m)]; }
};

/// Which mechanisms a degradation is due to, from runs with interventions.
///
/// The reduction of the degradation in each text is how much less the loss rises from the first bin to the last one. Where an
/// intervention makes early losses higher, a rise is smaller without any gain: then only what late losses fall by counts, and no
/// mechanism is named unless they do fall. The share is mean reduction over mean degradation, with Fieller's interval: exact for
/// few texts, where resampling is too short, and without a seed. A mechanism is named where the interval of an intervention on it
/// lies above `share_margin`, and late losses fall.
///
/// Intervals of single interventions have the level 1 - (1 - level)/k, k interventions (Bonferroni), so that healthy mechanisms are
/// named with a probability of at most (1 - level)/2 over all of them. A stepwise procedure (Holm) would name a little more, but
/// has no intervals that say the same as its verdicts.
///
/// Shares need not add up: two mechanisms of which either one is enough have each a share of 0, and two that each need the other
/// one have 1 each. The sum of the single ones against all at once says so. Mechanisms that no intervention acts on are
/// `not_tried`, and not excluded.
///
/// \return  `ok`; `not_converged` where there are fewer texts than needed: no verdict
/// \throws argument_error  shapes, losses that are not finite (says of which run, position and text), options
/// Accuracy:  intervals as those of `diagnosis::degradation` and `stats::ratio_of_means`
/// Cost:      one pass over the losses
LIBRATION_DECLARED attribution_result attribution(const attribution_data& data, const attribution_options& options = {});

/// The result in at most five sentences for readers who do not know the terms: whether long runs get worse and by how much; which
/// mechanisms that is due to; which ones it is not, or cannot be told; whether they interact; and what was not tried.
LIBRATION_DECLARED std::vector<std::string> summary(const attribution_result& result);

}  // namespace libration::inline LIBRATION_ABI::diagnosis

#if !defined(LIBRATION_COMPILED)
#include <libration/diagnosis/definitions/attribution.hpp>
#endif
