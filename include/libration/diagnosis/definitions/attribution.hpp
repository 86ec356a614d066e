// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what diagnosis/attribution.hpp declares.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/diagnosis/attribution.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

namespace detail {

LIBRATION_DECLARED stats::ratio_estimate share_of(const Eigen::VectorXd& part, const Eigen::VectorXd& whole, double level) {
  const auto count = static_cast<std::size_t>(whole.size());
  return stats::ratio_of_means(std::span<const double>(part.data(), count), std::span<const double>(whole.data(), count), level);
}

/// \param before, after  means in the bins, shape (bins, texts)
/// \param level          of the share's interval, and of the tests of gains
/// \param reductions     each text's, shape (texts), on return
LIBRATION_DECLARED intervention_effect effect_of(const Eigen::MatrixXd& before, const Eigen::MatrixXd& after,
                                                 const degradation_result& degradation, double level, Eigen::VectorXd& reductions) {
  const std::int64_t least = degradation.minimum_texts;
  intervention_effect effect;
  Eigen::VectorXd row;
  for (Eigen::Index b = 0; b < after.rows(); ++b) {
    row = after.row(b).transpose();
    effect.losses.push_back(over_texts(row, least));
  }
  const Eigen::VectorXd early = (before.row(0) - after.row(0)).transpose();
  reductions = (before.bottomRows(1) - after.bottomRows(1)).transpose();
  effect.late_gain = over_texts(reductions, least);
  effect.early_gain = over_texts(early, least);
  // Not by rounding alone.
  effect.harms_early = effect.early_gain.upper(level) < -1e-12 * std::abs(effect.losses.front().mean);
  if (degradation.from_early && !effect.harms_early) reductions -= early;
  effect.reduction = over_texts(reductions, least);
  return effect;
}

LIBRATION_DECLARED void judge(intervention_effect& effect, const degradation_result& degradation, double level, double share_margin,
                              const Eigen::VectorXd& reductions) {
  if (degradation.verdict == degradation_verdict::holds) effect.verdict = mechanism_verdict::not_at_work;
  if (degradation.verdict != degradation_verdict::degrades) return;
  effect.share = share_of(reductions, degradation.by_text, level);
  if (effect.share.lower > share_margin && effect.late_gain.lower(level) > 0.0)
    effect.verdict = mechanism_verdict::at_work;
  else if (effect.share.upper <= share_margin)
    effect.verdict = mechanism_verdict::not_at_work;
}

LIBRATION_DECLARED finding found(const attribution_result& r) {
  if (r.degradation.verdict == degradation_verdict::holds) return finding::none_found;
  if (r.degradation.verdict != degradation_verdict::degrades) return finding::undecided;
  bool all_excluded = !r.effects.empty();
  for (const intervention_effect& e : r.effects) {
    if (e.verdict == mechanism_verdict::at_work) return finding::at_work;
    all_excluded = all_excluded && e.verdict == mechanism_verdict::not_at_work;
  }
  // What none of them removes alone, all of them may.
  if (r.effects.size() > 1) all_excluded = all_excluded && r.has_together && r.together.verdict == mechanism_verdict::not_at_work;
  return all_excluded ? finding::unexplained : finding::undecided;
}

LIBRATION_DECLARED std::string percent(double x) { return number_text(std::round(100.0 * x) + 0.0); }  // 0 for -0

LIBRATION_DECLARED std::string share_text(const stats::ratio_estimate& s) {
  return percent(s.value) + " % (" + (s.bounded() ? percent(s.lower) + " to " + percent(s.upper) : std::string("no interval")) +
         ")";
}

/// "a, b and c"
LIBRATION_DECLARED std::string listed(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) out += (i == 0 ? "" : i + 1 < items.size() ? ", " : " and ") + items[i];
  return out;
}

/// An intervention with its mechanism and share.
LIBRATION_DECLARED std::string named(const intervention_effect& e) {
  std::string out(in_words(e.intervention.mechanism));
  out += " (" + e.intervention.name;
  if (!std::isnan(e.share.value)) out += ": " + percent(e.share.value) + " %";
  if (e.share.bounded()) out += ", " + percent(e.share.lower) + " to " + percent(e.share.upper);
  return out + ")";
}

LIBRATION_DECLARED std::string degradation_sentence(const degradation_result& d) {
  const position_bin &first = d.bins.front(), &last = d.bins.back();
  const auto where = [](const position_bin& b) {
    return b.end - b.first == 1 ? "position " + number_text(b.first)
                                : "positions " + number_text(b.first) + " to " + number_text(b.end - 1);
  };
  const auto nats = [](double x) { return number_text(x, 3); };
  std::string out = d.verdict == degradation_verdict::degrades ? "Long runs of this model get worse: "
                    : d.verdict == degradation_verdict::holds  ? "Long runs of this model do not get worse: "
                                                               : "Whether long runs of this model get worse is not decided: ";
  out += "the loss at " + where(last) + " is " + nats(std::abs(d.change.mean)) +
         (d.change.mean < 0.0 ? " nats a token below that " : " nats a token above that ");
  out += d.from_early ? "at " + where(first) : std::string("of the reference");
  if (d.from_early && d.has_reference) out += ", the reference subtracted";
  if (!std::isnan(d.lower))
    out += " (" + number_text(100.0 * d.level, 4) + " % interval " + nats(d.lower) + " to " + nats(d.upper) + ", " +
           number_text(d.texts) + " texts; up to " + nats(d.margin) + " does not count).";
  else
    out += "; an interval takes " + number_text(d.minimum_texts) + " texts, and there are " + number_text(d.texts) + ".";
  return out;
}

}  // namespace detail

LIBRATION_DEFINED void validate(const attribution_options& options, std::string_view who) {
  validate(options.degradation, who);
  const option_check check(who);
  check(options.share_margin >= 0.0 && options.share_margin < 1.0, "share_margin", options.share_margin, "a number in [0, 1)");
}

LIBRATION_DEFINED attribution_result attribution(const attribution_data& data, const attribution_options& options) {
  constexpr std::string_view who = "diagnosis::attribution";
  validate(options, who);
  const auto check = [&](const Eigen::MatrixXd& losses, const std::string& name) {
    require(losses.rows() == data.baseline.rows() && losses.cols() == data.baseline.cols(), who, [&] {
      return name + " has losses of " + number_text(losses.rows()) + " x " + number_text(losses.cols()) + ", expected " +
             number_text(data.baseline.rows()) + " x " + number_text(data.baseline.cols()) +
             " (positions x texts, as the baseline)";
    });
    detail::check_losses(losses, who, name);
  };
  attribution_result result;
  result.degradation = detail::degradation_of(data.baseline, data.reference, options.degradation, who);
  for (const intervention_losses& i : data.interventions) {
    require(!i.intervention.name.empty(), who, "an intervention has no name, expected one");
    check(i.losses, "intervention \"" + i.intervention.name + "\"");
  }
  result.has_together = data.together.size() > 0;
  if (result.has_together) {
    check(data.together, "all interventions at once");
    require(!data.interventions.empty(), who,
            "there are losses of all interventions at once, and of no single one, expected these too");
  }

  const degradation_result& d = result.degradation;
  result.status = d.status;
  result.level = options.degradation.level;
  result.share_margin = options.share_margin;
  const auto singles = static_cast<double>(std::max<std::size_t>(data.interventions.size(), 1));
  result.simultaneous_level = 1.0 - (1.0 - result.level) / singles;
  const std::vector<std::int64_t> edges = detail::bin_edges(d.positions, options.degradation, who);
  const Eigen::MatrixXd before = detail::bin_means(data.baseline, edges);
  Eigen::VectorXd reductions;
  std::array<Eigen::VectorXd, mechanism_count> largest;  // of each mechanism
  for (const intervention_losses& i : data.interventions) {
    intervention_effect effect =
        detail::effect_of(before, detail::bin_means(i.losses, edges), d, result.simultaneous_level, reductions);
    effect.intervention = i.intervention;
    detail::judge(effect, d, result.simultaneous_level, options.share_margin, reductions);
    const auto number = static_cast<std::size_t>(i.intervention.mechanism);
    if (largest[number].size() == 0 || reductions.sum() > largest[number].sum()) largest[number] = reductions;
    mechanism_verdict& of = result.mechanisms[number];
    // One intervention that acts names the mechanism; it is excluded where all of them are.
    if (of == mechanism_verdict::not_tried || effect.verdict == mechanism_verdict::at_work ||
        (effect.verdict == mechanism_verdict::undecided && of == mechanism_verdict::not_at_work))
      of = effect.verdict;
    result.effects.push_back(std::move(effect));
  }
  const bool degrades = d.verdict == degradation_verdict::degrades;
  Eigen::VectorXd sum = Eigen::VectorXd::Zero(d.texts);
  for (const Eigen::VectorXd& one : largest)
    if (one.size() > 0) sum += one;
  if (!data.interventions.empty()) {
    result.sum_of_reductions = detail::over_texts(sum, d.minimum_texts);
    if (degrades) result.sum_of_shares = detail::share_of(sum, d.by_text, result.level);
  }
  if (result.has_together) {
    result.together = detail::effect_of(before, detail::bin_means(data.together, edges), d, result.level, reductions);
    result.together.intervention.name = "all at once";
    detail::judge(result.together, d, result.level, options.share_margin, reductions);
    if (degrades) {
      sum -= reductions;
      result.interaction = detail::share_of(sum, d.by_text, result.level);
      const stats::ratio_estimate& i = result.interaction;
      if (i.lower > options.share_margin || i.upper < -options.share_margin)
        result.interaction_verdict = interaction_verdict::interact;
      else if (i.lower >= -options.share_margin && i.upper <= options.share_margin)
        result.interaction_verdict = interaction_verdict::additive;
    }
  }
  result.finding = detail::found(result);
  return result;
}

LIBRATION_DEFINED std::vector<std::string> summary(const attribution_result& r) {
  std::vector<std::string> lines;
  if (r.status == status::not_run) return {"No diagnosis was run."};
  if (r.status == status::cancelled) return {"The diagnosis was stopped before its runs were done: no verdict."};
  if (r.status == status::diverged)
    return {"No verdict: the loss of text " + number_text(r.failed_text) + ", run " + r.failed_run +
                ", is not finite at position " + number_text(r.failed_at) + ", and has no mean with the others.",
            "Shorter runs, or a loss that is bounded, can be compared."};
  lines.push_back(detail::degradation_sentence(r.degradation));
  std::vector<std::string> at_work, excluded, undecided, untried;
  for (const intervention_effect& e : r.effects) {
    if (e.verdict == mechanism_verdict::at_work) at_work.push_back(detail::named(e));
    if (e.verdict == mechanism_verdict::not_at_work) excluded.push_back(detail::named(e));
    if (e.verdict == mechanism_verdict::undecided) undecided.push_back(detail::named(e));
  }
  for (const mechanism m : all_mechanisms)
    if (r.verdict(m) == mechanism_verdict::not_tried) untried.emplace_back(in_words(m));
  const bool degrades = r.degradation.verdict == degradation_verdict::degrades;

  if (r.finding == finding::at_work) {
    std::string line = "At work is " + detail::listed(at_work) + ": ";
    std::vector<std::string> reasons;
    for (const mechanism m : all_mechanisms)
      if (r.verdict(m) == mechanism_verdict::at_work) reasons.emplace_back(explain(m));
    lines.push_back(line + detail::listed(reasons) + ".");
  } else if (r.finding == finding::none_found) {
    lines.emplace_back("None of the mechanisms is found: there is no degradation that they could be at work in.");
  } else if (r.finding == finding::unexplained) {
    lines.emplace_back("None of the interventions that were tried removes it.");
  } else {
    lines.emplace_back(degrades ? r.effects.empty() ? "No intervention was tried: why they do is not known."
                                                    : "Which mechanism it is, the intervals do not tell: more texts may."
                                : "No mechanism is named or excluded: more texts may tell.");
  }
  if (degrades && excluded.size() + undecided.size() > 0) {
    std::string line;
    if (!excluded.empty()) line = "Not at work is " + detail::listed(excluded) + ".";
    if (!undecided.empty()) line += (line.empty() ? "Undecided is " : " Undecided is ") + detail::listed(undecided) + ".";
    lines.push_back(line);
  }
  if (degrades && r.has_together && r.effects.size() > 1) {
    std::string line = "All interventions at once remove " + detail::share_text(r.together.share) +
                       " of it, the mechanisms one by one add up to " + detail::share_text(r.sum_of_shares) + ": ";
    line += r.interaction_verdict == interaction_verdict::interact   ? "they interact, and no share belongs to one mechanism alone."
            : r.interaction_verdict == interaction_verdict::additive ? "they act side by side."
                                                                     : "whether they interact is not decided.";
    lines.push_back(line);
  }
  if (!untried.empty() && r.finding != finding::none_found)
    lines.push_back("Not tried, and so not excluded: " + detail::listed(untried) + ".");
  return lines;
}

}  // namespace libration::inline LIBRATION_ABI::diagnosis
