// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/json_error.hpp declares.

#include <cmath>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/report/json_error.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED json to_json(const stats::time_quantile& q) {
  return {{"fraction", number(q.fraction)}, {"time", number(q.time)}, {"lower", number(q.lower)}, {"upper", number(q.upper)}};
}

LIBRATION_DEFINED json to_json(const stats::kaplan_meier_estimate& s) {
  json j{{"level", s.level}, {"observations", s.observations}, {"events", s.event_count}, {"curve", json::array()}};
  for (std::size_t i = 0; i < s.time.size(); ++i)
    j["curve"].push_back({{"time", s.time[i]},
                          {"at_risk", s.at_risk[i]},
                          {"events", s.events[i]},
                          {"survival", number(s.points[i].survival)},
                          {"lower", number(s.points[i].lower)},
                          {"upper", number(s.points[i].upper)}});
  return j;
}

LIBRATION_DEFINED json to_json(const std::vector<error::undeclared_period>& undeclared) {
  json list = json::array();
  for (const error::undeclared_period& u : undeclared)
    list.push_back({{"coordinate", u.coordinate}, {"period", number(u.period)}, {"jumps", u.jumps}});
  return list;
}

LIBRATION_DEFINED json to_json(const error::growth_curve& c) {
  constexpr const char* norms[] = {"euclidean", "maximum", "root_mean_square"};
  json j;
  j["status"] = to_string(c.status);
  j["unit_of_time"] = c.per_unit_of_time ? "time" : "steps";
  j["pairs"] = c.pairs();
  j["members_of_a_stretch"] = c.members;
  j["norm"] = norms[static_cast<int>(c.norm)];
  j["normaliser"] = number(c.normaliser);
  j["normalised_by_spread"] = c.normalised_by_spread;
  j["size"] = number(c.size);
  j["direction"] = c.direction == error::direction::random ? "random" : "leading";
  j["rounding"] = number(c.rounding);
  j["diverged_pairs"] = c.diverged_pairs;
  j["swallowed_pairs"] = c.swallowed_pairs;
  j["jumps"] = c.jumps;
  j["undeclared_periods"] = to_json(c.undeclared);
  j["drifting"] = c.drifting;
  j["failed_at"] = c.failed_at;
  j["seed"] = c.seed;
  j["time"] = numbers(c.time);
  if (c.pairs() > 0) {
    j["mean_log"] = numbers(c.mean_log());
    j["mean_log_standard_error"] = numbers(c.mean_log_error());
    for (const double p : {0.05, 0.25, 0.5, 0.75, 0.95}) j["quantiles"].push_back({{"p", p}, {"error", numbers(c.quantile(p))}});
  }
  return j;
}

LIBRATION_DEFINED json to_json(const error::finite_size_result& r) {
  json j{{"ratio", number(r.ratio)}, {"rounding_floor", number(r.floor)}, {"jumps", r.jumps}, {"sizes", json::array()}};
  j["status"] = to_string(r.status);
  j["undeclared_periods"] = to_json(r.undeclared);
  for (Eigen::Index k = 0; k < r.size.size(); ++k)
    j["sizes"].push_back({{"size", number(r.size[k])},
                          {"exponent", number(r.exponent[k])},
                          {"standard_error", number(r.standard_error[k])},
                          {"count", r.count[k]},
                          {"censored", r.censored[k]}});
  return j;
}

LIBRATION_DEFINED json to_json(const error::horizon_result& r) {
  return {{"threshold", number(r.threshold)}, {"initial", number(r.initial)},   {"median", to_json(r.median)},
          {"pairs", r.crossing.size()},       {"censored", r.censored},         {"exponent", number(r.exponent)},
          {"predicted", number(r.predicted)}, {"crossing", numbers(r.crossing)},
          {"jumps", r.jumps},                 {"status", to_string(r.status)},
          {"undeclared_periods", to_json(r.undeclared)}};
}

LIBRATION_DEFINED json to_json(const error::law_fit& f) {
  json j{{"name", f.name}, {"parameters", f.parameters}, {"converged", f.converged}};
  for (const auto& [name, p] : error::named_parameters(f))
    if (!std::isnan(p->value))
      j[std::string(name)] = {{"value", number(p->value)},
                              {"standard_error", number(p->standard_error)},
                              {"lower", number(p->lower)},
                              {"upper", number(p->upper)}};
  j["r_squared"] = number(f.r_squared);
  j["largest_residual"] = number(f.largest_residual);
  j["residual_correlation"] = number(f.residual_correlation);
  j["misfit"] = number(f.misfit);
  j["criterion"] = number(f.criterion);
  j["weight"] = number(f.weight);
  if (!f.reduces_to.empty()) j["reduces_to"] = f.reduces_to;
  return j;
}

LIBRATION_DEFINED json to_json(const error::growth_law_result& r) {
  json j{{"status", to_string(r.status)},
         {"law", r.name},
         {"reason", r.reason},
         {"points", r.points},
         {"from", number(r.first_time)},
         {"to", number(r.last_time)},
         {"members", r.members},
         {"failed_fits", r.failed_fits},
         {"noise_correlation", number(r.noise_correlation)},
         {"seed", r.seed},
         {"fits", json::array()}};
  for (const error::law_fit& f : r.fits) j["fits"].push_back(to_json(f));
  return j;
}

LIBRATION_DEFINED json to_json(const error::token_divergence_result& r) {
  constexpr const char* couplings[] = {"inverse_cdf", "gumbel", "greedy"};
  json j;
  j["status"] = to_string(r.status);
  j["coupling"] = couplings[static_cast<int>(r.coupling)];
  j["steps"] = r.steps;
  j["pairs"] = json::array();
  for (const error::token_pair& p : r.pairs)
    j["pairs"].push_back({{"status", to_string(p.status)},
                          {"first_divergence", p.first_divergence},
                          {"mergings", p.mergings},
                          {"differing", p.differing},
                          {"steps", p.steps}});
  j["hamming"] = numbers(r.hamming);
  j["hamming_error"] = numbers(r.hamming_error);
  j["compared"] = json::array();
  for (Eigen::Index t = 0; t < r.compared.size(); ++t) j["compared"].push_back(r.compared[t]);
  j["survival"] = to_json(r.survival);
  j["horizons"] = {to_json(r.horizon_50), to_json(r.horizon_80), to_json(r.horizon_99)};
  j["constant_hazard"] = {{"hazard", number(r.hazard.constant.hazard)},
                          {"lower", number(r.hazard.constant.lower)},
                          {"upper", number(r.hazard.constant.upper)}};
  j["weibull"] = {{"status", to_string(r.hazard.weibull.status)},
                  {"shape", number(r.hazard.weibull.shape)},
                  {"shape_lower", number(r.hazard.weibull.shape_lower)},
                  {"shape_upper", number(r.hazard.weibull.shape_upper)},
                  {"scale", number(r.hazard.weibull.scale)},
                  {"p_value", number(r.hazard.p_value)}};
  j["smallest_perturbation"] = number(r.smallest_perturbation);
  j["diverged_pairs"] = r.diverged_pairs;
  j["mergings"] = r.mergings;
  j["merge_length"] = r.merge_length;
  j["seed"] = r.seed;
  return j;
}

LIBRATION_DEFINED json to_json(const error::exposure_bias_result& r) {
  const auto curve = [](const error::length_curve& c) -> json {
    return {{"value", numbers(c.value)}, {"lower", numbers(c.lower)}, {"upper", numbers(c.upper)}};
  };
  return {{"status", to_string(r.status)},
          {"steps", r.steps},
          {"teacher_runs", r.teacher_runs},
          {"student_runs", r.student_runs},
          {"units", r.units},
          {"mean_divergence", curve(r.mean_divergence)},
          {"regret", curve(r.regret)},
          {"accumulated_error", curve(r.accumulated_error)},
          {"excess_percent", curve(r.excess_percent)},
          {"seed", r.seed}};
}

}  // namespace libration::inline LIBRATION_ABI::report
