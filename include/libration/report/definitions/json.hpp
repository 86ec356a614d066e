// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/json.hpp declares.

#include <cmath>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/report/json.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED json number(double x) {
  if (std::isnan(x)) return nullptr;
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  return x;
}

LIBRATION_DEFINED json to_json(const lyapunov::estimate& e) {
  return {{"value", number(e.value)}, {"standard_error", number(e.standard_error)}};
}

LIBRATION_DEFINED json to_json(const lyapunov::spectrum_result& r) {
  json j;
  j["status"] = to_string(r.status);
  j["verdict"] = to_string(r.verdict);
  j["unit"] = r.per_unit_of_time ? "nats per unit of time" : "nats per step";
  j["exact"] = r.exact;
  j["steps"] = r.steps;
  j["time_step"] = r.time_step;
  j["exponents"] = numbers(r.exponents);
  j["standard_error"] = numbers(r.standard_error);
  j["half_width_95"] = numbers(r.half_width);
  if (r.any_unresolved())
    for (Eigen::Index i = 0; i < r.upper_bound.size(); ++i) j["upper_bound"].push_back(r.unresolved(i));
  j["effective_samples"] = numbers(r.effective_samples);
  j["degrees_of_freedom"] = number(r.degrees_of_freedom);
  j["kaplan_yorke_dimension"] = to_json(r.kaplan_yorke_dimension);
  j["dimension_is_lower_bound"] = r.dimension_is_lower_bound;
  j["entropy_rate"] = to_json(r.entropy_rate);
  j["neutral_margin"] = r.neutral_margin;
  j["failed_at"] = r.failed_at;
  j["evidence"] = {{"orthonormalisations", r.orthonormalisations},
                   {"mean_interval", number(r.mean_interval)},
                   {"worst_condition", number(r.worst_condition)},
                   {"worst_defect", number(r.worst_defect)},
                   {"breakdowns", r.breakdowns},
                   {"frame_steps", r.frame_steps},
                   {"frame_error", numbers(r.frame_error)},
                   {"rounding_dominates", r.rounding_dominates},
                   {"sum", number(r.sum)},
                   {"mean_log_abs_determinant", number(r.mean_log_abs_determinant)},
                   {"cycle_length", r.cycle_length},
                   {"rounding", numbers(r.rounding)},
                   {"merged_pairs", r.merged_pairs},
                   {"jumps", r.jumps},
                   {"unresolved_steps", r.unresolved_steps},
                   {"seed", r.seed}};
  if (r.stepper_bias_unknown) j["stepper_bias_unknown"] = true;
  if (r.stepper_bias.size() > 0)
    j["stepper_bias"] = {{"value", numbers(r.stepper_bias)},
                         {"standard_error", numbers(r.stepper_bias_error)},
                         {"steps", r.stepper_bias_steps}};
  j["finite_time"] = {{"window", r.finite_time.window}, {"values", json::array()}};
  for (Eigen::Index b = 0; b < r.finite_time.values.cols(); ++b)
    j["finite_time"]["values"].push_back(numbers(r.finite_time.values.col(b)));
  if (r.history.steps.size() > 0) {
    json& h = j["history"];
    h["steps"] = json::array();
    for (Eigen::Index b = 0; b < r.history.steps.size(); ++b) h["steps"].push_back(r.history.steps[b]);
    h["leading"] = numbers(r.history.exponents.row(0));
    h["leading_half_width_95"] = numbers(r.history.half_width.row(0));
  }
  for (const auto& at : r.at_marks)
    j["at_marks"].push_back({{"steps", at.steps},
                             {"exponents", numbers(at.exponents)},
                             {"standard_error", numbers(at.standard_error)},
                             {"half_width_95", numbers(at.half_width)}});
  return j;
}

}  // namespace libration::inline LIBRATION_ABI::report
