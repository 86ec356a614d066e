// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/format_diagnosis.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <libration/report/format_diagnosis.hpp>
#include <libration/report/format_error.hpp>

namespace libration::inline LIBRATION_ABI::report {

namespace detail {

LIBRATION_DECLARED std::string position_range(std::int64_t first, std::int64_t end) {
  return end - first == 1 ? fmt::format("{}", first) : fmt::format("{}-{}", first, end - 1);
}

LIBRATION_DECLARED std::string without_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

LIBRATION_DECLARED std::string effect_line(const diagnosis::intervention_effect& e, bool single) {
  const std::string share = std::isnan(e.share.value) ? std::string() : text(e.share);
  return without_blanks(fmt::format("  {:<20}  {:<19}  {:<22}  {:<22}  {:<26}  {}{}", e.intervention.name,
                                    single ? in_words(e.intervention.mechanism) : "",
                                    with_error(e.late_gain.mean, e.late_gain.standard_error),
                                    with_error(e.reduction.mean, e.reduction.standard_error), share,
                                    single ? to_string(e.verdict) : "", e.harms_early ? "; early losses rise" : "")) +
         '\n';
}

}  // namespace detail

LIBRATION_DEFINED std::string text(const stats::ratio_estimate& r) {
  const auto percent = [](double x) { return detail::with_digits(std::round(1000.0 * x) / 10.0 + 0.0, 3, "inf"); };
  if (std::isnan(r.value)) return "unknown";
  if (std::isnan(r.lower)) return percent(r.value) + " % (no interval)";
  return fmt::format("{} % ({} to {})", percent(r.value), percent(r.lower), percent(r.upper));
}

LIBRATION_DEFINED std::string text(const diagnosis::degradation_result& r) {
  if (r.status == status::not_run) return detail::nothing("degradation");
  std::string out = fmt::format("degradation over {} positions of {} texts: {} nats a token, {}\n", r.positions, r.texts,
                                detail::with_interval(r.change.mean, r.lower, r.upper, "inf"), to_string(r.verdict));
  if (!std::isnan(r.p_value)) out += fmt::format("  p = {:.2g} that it is at most {:.4g}\n", r.p_value, r.margin);
  out +=
      fmt::format("  {:>13}  {:<22}  {}change\n", "positions", "loss", r.has_reference ? fmt::format("{:<22}  ", "reference") : "");
  for (const diagnosis::position_bin& b : r.bins)
    out += fmt::format("  {:>13}  {:<22}  {}{}\n", detail::position_range(b.first, b.end),
                       with_error(b.loss.mean, b.loss.standard_error),
                       r.has_reference ? fmt::format("{:<22}  ", with_error(b.reference.mean, b.reference.standard_error)) : "",
                       with_error(b.change.mean, b.change.standard_error));
  if (r.status == status::not_converged)
    return out + fmt::format("  an interval takes {} texts: no verdict\n", r.minimum_texts) + detail::status_line(r.status);
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const diagnosis::attribution_result& r) {
  if (r.status == status::not_run) return detail::nothing("diagnosis");
  std::string out = fmt::format("diagnosis: {}\n", to_string(r.finding));
  for (const std::string& line : diagnosis::summary(r)) out += "  " + line + '\n';
  if (r.degradation.bins.empty()) return out + detail::status_line(r.status, r.failed_at);
  if (!r.effects.empty()) {
    out += fmt::format("  {:<20}  {:<19}  {:<22}  {:<22}  {:<26}  verdict\n", "intervention", "on", "late gain, nats",
                       "reduction, nats", fmt::format("share ({:.4g} %)", 100.0 * r.simultaneous_level));
    for (const diagnosis::intervention_effect& e : r.effects) out += detail::effect_line(e, true);
    if (r.has_together) out += detail::effect_line(r.together, false);
    if (r.has_together && !std::isnan(r.interaction.value))
      out += fmt::format("  mechanisms one by one {}, less all at once {}: {}\n", text(r.sum_of_shares), text(r.interaction),
                         to_string(r.interaction_verdict));
  }
  std::string line = fmt::format("  {:>13}  {:<22}", "positions", "loss, as it is");
  for (const diagnosis::intervention_effect& e : r.effects) line += fmt::format("  {:<22}", e.intervention.name);
  if (r.has_together) line += fmt::format("  {:<22}", r.together.intervention.name);
  out += detail::without_blanks(line) + '\n';
  for (std::size_t b = 0; b < r.degradation.bins.size(); ++b) {
    const diagnosis::position_bin& bin = r.degradation.bins[b];
    line = fmt::format("  {:>13}  {:<22}", detail::position_range(bin.first, bin.end),
                       with_error(bin.loss.mean, bin.loss.standard_error));
    const auto column = [&](const diagnosis::intervention_effect& e) {
      line += fmt::format("  {:<22}", with_error(e.losses[b].mean, e.losses[b].standard_error));
    };
    for (const diagnosis::intervention_effect& e : r.effects) column(e);
    if (r.has_together) column(r.together);
    out += detail::without_blanks(line) + '\n';
  }
  return out + detail::status_line(r.status);
}

}  // namespace libration::inline LIBRATION_ABI::report
