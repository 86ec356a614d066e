// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/json_attention.hpp declares.

#include <limits>
#include <string>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/report/json_attention.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED json to_json(const stats::mean_estimate& e) {
  return {{"mean", number(e.mean)},
          {"standard_error", number(e.standard_error)},
          {"degrees_of_freedom", number(e.degrees_of_freedom)},
          {"effective_samples", number(e.effective_samples)}};
}

LIBRATION_DEFINED json to_json(const attention::entropy_result& r, bool each_row) {
  json j;
  j["status"] = to_string(r.status);
  j["heads"] = r.entropy.rows();
  j["queries"] = r.entropy.cols();
  j["bad_rows"] = r.bad_rows;
  j["empty_rows"] = r.empty_rows;
  j["padding_rows"] = r.padding_rows;
  j["first_key"] = std::vector<Eigen::Index>(r.first_key.begin(), r.first_key.end());
  j["masked_below"] = number(r.masked_below);
  j["masked_logits"] = r.masked_logits;
  j["masked_zeros"] = r.masked_zeros;
  j["zero_weights"] = r.zero_weights;
  json& means = j["mean_by_head"] = json::object();
  const auto put = [&](const char* name, const Eigen::MatrixXd& values, const Eigen::MatrixXd& for_mean) {
    if (values.size() == 0) return;
    means[name] = numbers(attention::mean_over_queries(for_mean));
    if (!each_row) return;
    json& rows = j["rows"][name] = json::array();
    for (Eigen::Index h = 0; h < values.rows(); ++h) rows.push_back(numbers(values.row(h)));
  };
  const Eigen::MatrixXd visible = r.visible.cast<double>();
  put("visible", visible, (visible.array() == 0.0).select(std::numeric_limits<double>::quiet_NaN(), visible));
  const auto put_all = [&](const char* name, const Eigen::MatrixXd& values) { put(name, values, values); };
  put_all("entropy", r.entropy);
  put_all("normalised_entropy", r.normalised_entropy());
  put_all("varentropy", r.varentropy);
  put_all("renyi2", r.renyi2);
  put_all("log_sum_exp", r.log_sum_exp);
  put_all("largest_weight", r.largest_weight);
  put_all("sink_mass", r.sink_mass);
  put_all("top_mass", r.top_mass);
  put_all("mean_distance", r.mean_distance);
  return j;
}

LIBRATION_DEFINED json to_json(const attention::head_dilution& h) {
  return {{"status", to_string(h.status)},
          {"verdict", to_string(h.verdict)},
          {"slope", number(h.slope)},
          {"standard_error", number(h.standard_error)},
          {"lower", number(h.lower)},
          {"upper", number(h.upper)},
          {"degrees_of_freedom", number(h.degrees_of_freedom)},
          {"intercept", number(h.intercept)},
          {"residual_deviation", number(h.residual_deviation)},
          {"entropy", to_json(h.entropy)},
          {"effective_support", number(h.effective_support())},
          {"normalised_entropy", to_json(h.normalised_entropy)},
          {"tokens", h.tokens},
          {"skipped", h.skipped}};
}

LIBRATION_DEFINED json to_json(const attention::dilution_result& r) {
  json j{{"level", number(r.level)},
         {"focuses_below", number(r.focuses_below)},
         {"dilutes_above", number(r.dilutes_above)},
         {"minimum_context", r.minimum_context}};
  using attention::dilution_verdict;
  for (const auto v : {dilution_verdict::focuses, dilution_verdict::widens, dilution_verdict::dilutes, dilution_verdict::undecided})
    j["count"][std::string(to_string(v))] = r.count(v);
  j["heads"] = json::array();
  for (const attention::head_dilution& h : r.heads) j["heads"].push_back(to_json(h));
  return j;
}

LIBRATION_DEFINED json to_json(const attention::head_sink& h) {
  return {{"status", to_string(h.status)}, {"verdict", to_string(h.verdict)}, {"mass", to_json(h.mass)}, {"lower", number(h.lower)},
          {"upper", number(h.upper)},      {"uniform", number(h.uniform)},    {"rows", h.rows},          {"skipped", h.skipped}};
}

LIBRATION_DEFINED json to_json(const attention::sink_result& r) {
  json j{{"keys", r.keys},
         {"threshold", number(r.threshold)},
         {"level", number(r.level)},
         {"minimum_context", r.minimum_context},
         {"sink_heads", r.sink_heads()},
         {"heads", json::array()}};
  for (const attention::head_sink& h : r.heads) j["heads"].push_back(to_json(h));
  return j;
}

LIBRATION_DEFINED json to_json(const attention::position_contrast& c) {
  return {{"value", number(c.value)},
          {"standard_error", number(c.standard_error)},
          {"degrees_of_freedom", number(c.degrees_of_freedom)},
          {"p_value", number(c.p_value())}};
}

LIBRATION_DEFINED json to_json(const attention::positional_result& r) {
  json j;
  j["status"] = to_string(r.status);
  j["shape"] = to_string(r.shape);
  j["level"] = number(r.level);
  j["margin"] = number(r.margin);
  j["samples"] = r.samples;
  j["left_out"] = r.left_out;
  j["position"] = numbers(r.position);
  j["value"] = numbers(r.value);
  j["lower"] = numbers(r.lower);
  j["upper"] = numbers(r.upper);
  j["depth"] = to_json(r.depth);
  j["trough"] = r.trough >= 0 ? number(r.position[r.trough]) : json(nullptr);
  j["primacy"] = to_json(r.primacy);
  j["recency"] = to_json(r.recency);
  j["p_value"] = number(r.p_value);
  return j;
}

}  // namespace libration::inline LIBRATION_ABI::report
