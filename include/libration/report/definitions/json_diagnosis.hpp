// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/json_diagnosis.hpp declares.

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <libration/report/json_diagnosis.hpp>

namespace libration::inline LIBRATION_ABI::report {

namespace detail {

LIBRATION_DECLARED json mean_with_error(const stats::mean_estimate& m) {
  return {{"mean", number(m.mean)}, {"standard_error", number(m.standard_error)}};
}

LIBRATION_DECLARED json to_json(const diagnosis::intervention_effect& e, bool single) {
  json j{{"name", e.intervention.name}};
  if (single) {
    j["mechanism"] = diagnosis::to_string(e.intervention.mechanism);
    j["verdict"] = diagnosis::to_string(e.verdict);
  }
  j["share"] = report::to_json(e.share);
  j["reduction"] = mean_with_error(e.reduction);
  j["late_gain"] = mean_with_error(e.late_gain);
  j["early_gain"] = mean_with_error(e.early_gain);
  j["harms_early"] = e.harms_early;
  j["losses"] = json::array();
  for (const stats::mean_estimate& m : e.losses) j["losses"].push_back(mean_with_error(m));
  return j;
}

}  // namespace detail

LIBRATION_DEFINED json to_json(const stats::ratio_estimate& r) {
  return {{"value", number(r.value)}, {"lower", number(r.lower)}, {"upper", number(r.upper)}, {"level", r.level}};
}

LIBRATION_DEFINED json to_json(const diagnosis::degradation_result& r) {
  json j{{"status", to_string(r.status)},
         {"verdict", diagnosis::to_string(r.verdict)},
         {"change", detail::mean_with_error(r.change)},
         {"lower", number(r.lower)},
         {"upper", number(r.upper)},
         {"p_value", number(r.p_value)},
         {"margin", r.margin},
         {"level", r.level},
         {"positions", r.positions},
         {"texts", r.texts},
         {"minimum_texts", r.minimum_texts},
         {"from_early", r.from_early},
         {"by_text", numbers(r.by_text)},
         {"bins", json::array()}};
  for (const diagnosis::position_bin& b : r.bins) {
    json bin{{"first", b.first},
             {"end", b.end},
             {"loss", detail::mean_with_error(b.loss)},
             {"change", detail::mean_with_error(b.change)}};
    if (r.has_reference) bin["reference"] = detail::mean_with_error(b.reference);
    j["bins"].push_back(bin);
  }
  return j;
}

LIBRATION_DEFINED json to_json(const diagnosis::attribution_result& r) {
  json j{{"status", to_string(r.status)},
         {"finding", diagnosis::to_string(r.finding)},
         {"summary", diagnosis::summary(r)},
         {"mechanisms", json::object()},
         {"degradation", to_json(r.degradation)},
         {"interventions", json::array()},
         {"level", r.level},
         {"simultaneous_level", r.simultaneous_level},
         {"share_margin", r.share_margin}};
  for (const diagnosis::mechanism m : diagnosis::all_mechanisms)
    j["mechanisms"][std::string(diagnosis::to_string(m))] = diagnosis::to_string(r.verdict(m));
  for (const diagnosis::intervention_effect& e : r.effects) j["interventions"].push_back(detail::to_json(e, true));
  if (r.has_together) {
    j["together"] = detail::to_json(r.together, false);
    j["interaction"] = to_json(r.interaction);
    j["interaction_verdict"] = diagnosis::to_string(r.interaction_verdict);
  }
  if (!r.effects.empty()) {
    j["sum_of_reductions"] = detail::mean_with_error(r.sum_of_reductions);
    j["sum_of_shares"] = to_json(r.sum_of_shares);
  }
  if (r.failed_text >= 0) {
    j["failed_text"] = r.failed_text;
    j["failed_at"] = r.failed_at;
    j["failed_run"] = r.failed_run;
  }
  return j;
}

}  // namespace libration::inline LIBRATION_ABI::report
