// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/json_memory.hpp declares.

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/report/json_memory.hpp>

namespace libration::inline LIBRATION_ABI::report {

namespace detail {

/// One array a row.
LIBRATION_DECLARED json rows(const Eigen::MatrixXd& values) {
  json list = json::array();
  for (Eigen::Index i = 0; i < values.rows(); ++i) list.push_back(numbers(values.row(i)));
  return list;
}

LIBRATION_DECLARED json to_json(const memory::layer_statistics& layer) {
  return {{"first", layer.first},
          {"size", layer.size},
          {"norm", number(layer.norm.mean)},
          {"norm_standard_error", number(layer.norm.standard_error)},
          {"trend", number(layer.trend.slope)},
          {"trend_standard_error", number(layer.trend.standard_error)},
          {"late_trend", number(layer.late_trend.slope)},
          {"late_trend_standard_error", number(layer.late_trend.standard_error)},
          {"growth", memory::to_string(layer.growth)},
          {"largest_norm", number(layer.largest_norm)},
          {"fastest", layer.fastest},
          {"fastest_slope", number(layer.fastest_slope)},
          {"trained_norm", number(layer.trained_norm)},
          {"leaves_at", layer.leaves_at},
          {"leaves_for_good_at", layer.leaves_for_good_at},
          {"outside", number(layer.outside)},
          {"participation_ratio", number(layer.participation_ratio)},
          {"participation_ratio_error", number(layer.participation_ratio_error)},
          {"effective_rank", number(layer.effective_rank)},
          {"effective_rank_error", number(layer.effective_rank_error)}};
}

}  // namespace detail

LIBRATION_DEFINED json to_json(const memory::gate_half_lives_result& r) {
  return {{"half_life", numbers(r.half_life)},
          {"lower", numbers(r.lower)},
          {"upper", numbers(r.upper)},
          {"level", r.level},
          {"mean_log", numbers(r.mean_log)},
          {"standard_error", numbers(r.standard_error)},
          {"steps", r.steps}};
}

LIBRATION_DEFINED json to_json(const memory::linear_capacity_result& r) {
  return {{"status", to_string(r.status)},
          {"capacity", numbers(r.capacity)},
          {"bits", numbers(r.bits)},
          {"total", number(r.total)},
          {"beyond", number(r.beyond())},
          {"joint_bits", number(r.joint_bits)},
          {"dimension", r.dimension},
          {"spectral_radius", number(r.spectral_radius)},
          {"condition", number(r.condition)}};
}

LIBRATION_DEFINED json to_json(const memory::fisher_curve_result& r) {
  return {{"status", to_string(r.status)},
          {"information", numbers(r.information)},
          {"total", number(r.total)},
          {"beyond", number(r.beyond())},
          {"spectral_radius", number(r.spectral_radius)},
          {"condition", number(r.condition)}};
}

LIBRATION_DEFINED json to_json(const memory::capacity_result& r) {
  return {{"status", to_string(r.status)},
          {"capacity", numbers(r.capacity)},
          {"standard_error", numbers(r.standard_error)},
          {"training", numbers(r.training)},
          {"ridge", numbers(r.ridge)},
          {"floor", number(r.floor)},
          {"floor_deviation", number(r.floor_deviation)},
          {"training_floor", number(r.training_floor)},
          {"total", number(r.total)},
          {"total_standard_error", number(r.total_standard_error)},
          {"rank", r.rank},
          {"training_steps", r.training_steps},
          {"held_out_steps", r.held_out_steps},
          {"seed", r.seed}};
}

LIBRATION_DEFINED json to_json(const memory::recall_result& r) {
  return {{"status", to_string(r.status)},
          {"bits", numbers(r.bits)},
          {"standard_error", numbers(r.standard_error)},
          {"floor", number(r.floor)},
          {"floor_deviation", number(r.floor_deviation)},
          {"total", number(r.total)},
          {"total_standard_error", number(r.total_standard_error)},
          {"entropy", number(r.entropy)},
          {"state_bits", number(r.state_bits)},
          {"loss", number(r.loss)},
          {"cut_loss", numbers(r.cut_loss)},
          {"cut_excess", numbers(r.cut_excess)},
          {"cut_excess_error", numbers(r.cut_excess_error)},
          {"starts", r.starts},
          {"classes", r.classes},
          {"training_samples", r.training_samples},
          {"held_out_samples", r.held_out_samples},
          {"seed", r.seed}};
}

LIBRATION_DEFINED json to_json(const memory::lag_estimate& e) {
  return {{"value", number(e.value)}, {"lower", number(e.lower)}, {"upper", number(e.upper)}};
}

LIBRATION_DEFINED json to_json(const memory::reach_result& r, bool each_channel) {
  json j{{"status", to_string(r.status)},
         {"gain", numbers(r.gain)},
         {"lower", numbers(r.lower)},
         {"upper", numbers(r.upper)},
         {"level", r.level},
         {"fraction", r.fraction},
         {"fraction_lag", to_json(r.fraction_lag)},
         {"mean_lag", to_json(r.mean_lag)},
         {"channel_lag", numbers(r.channel_lag)},
         {"through_layers", detail::rows(r.through_layers)},
         {"layers", detail::rows(r.layers)},
         {"layer_lag", numbers(r.layer_lag)},
         {"windows", r.windows.cols()},
         {"steps", r.steps},
         {"by", memory::to_string(r.by)},
         {"columns", r.columns},
         {"random_directions", r.random_directions},
         {"failed_at", r.failed_at},
         {"seed", r.seed}};
  if (each_channel) j["channels"] = detail::rows(r.channels);
  return j;
}

LIBRATION_DEFINED json to_json(const memory::state_result& r, bool variances) {
  json j{{"status", to_string(r.status)}, {"steps", r.steps}, {"failed_at", r.failed_at}, {"layers", json::array()}};
  for (const memory::layer_statistics& layer : r.layers) {
    j["layers"].push_back(detail::to_json(layer));
    if (variances) j["layers"].back()["variances"] = numbers(layer.variances);
  }
  return j;
}

LIBRATION_DEFINED json to_json(const memory::task_result& r) {
  return {{"status", to_string(r.status)},
          {"lengths", r.lengths},
          {"accuracy", numbers(r.accuracy)},
          {"lower", numbers(r.lower)},
          {"upper", numbers(r.upper)},
          {"whole", numbers(r.whole)},
          {"bound", numbers(r.bound)},
          {"bits", numbers(r.bits)},
          {"half_length", number(r.half_length())},
          {"chance", number(r.chance)},
          {"state_bits", number(r.state_bits)},
          {"cases", r.cases},
          {"seed", r.seed}};
}

}  // namespace libration::inline LIBRATION_ABI::report
