// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/format_memory.hpp declares.

#include <cmath>
#include <string>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/report/format_memory.hpp>

namespace libration::inline LIBRATION_ABI::report::detail {

/// A line for some of the lags: lag, value, and its standard error where there is one.
LIBRATION_DECLARED std::string lag_table(const char* what, const Eigen::VectorXd& values, const Eigen::VectorXd* errors = nullptr) {
  std::string out = fmt::format("  {:>6}  {}\n", "lag", what);
  for (const Eigen::Index k : samples(values.size()))
    out += fmt::format("  {:>6}  {}\n", k, errors ? with_error(values[k], (*errors)[k]) : fmt::format("{:.4g}", values[k]));
  return out;
}

}  // namespace libration::inline LIBRATION_ABI::report::detail

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string text(const memory::linear_capacity_result& r) {
  if (r.status == status::not_run) return detail::nothing("memory capacity");
  if (std::isnan(r.total)) return "memory capacity: unknown\n" + detail::status_line(r.status);
  std::string out = fmt::format("memory capacity of a linear recurrence: {:.6g} in all, of {} dimensions that inputs reach\n",
                                r.total, r.dimension);
  out += detail::lag_table("share of the input's variance", r.capacity);
  if (std::isfinite(r.joint_bits)) out += fmt::format("  all inputs together: {:.6g} bits\n", r.joint_bits);
  out += fmt::format("  {:.4g} of it at lags that are not listed; the state's variances span a factor of {:.3g}\n", r.beyond(),
                     r.condition);
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const memory::fisher_curve_result& r) {
  if (r.status == status::not_run) return detail::nothing("Fisher memory");
  if (std::isnan(r.total)) return "Fisher memory: unknown\n" + detail::status_line(r.status);
  std::string out = fmt::format("Fisher memory of a linear recurrence: {:.6g} in all\n", r.total);
  out += detail::lag_table("information", r.information);
  out += fmt::format("  {:.4g} of it at lags that are not listed\n", r.beyond());
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const memory::capacity_result& r) {
  if (r.capacity.size() == 0) return "memory capacity: unknown\n" + detail::status_line(r.status);
  std::string out = fmt::format("memory capacity by ridge regression, {} training and {} held-out steps: {} over {} lags\n",
                                r.training_steps, r.held_out_steps, with_error(r.total, r.total_standard_error), r.capacity.size());
  out += detail::lag_table("held-out capacity", r.capacity, &r.standard_error);
  out += fmt::format("  permuted signals: {:.2g} ± {:.2g} held out, {:.2g} on the training steps\n", r.floor, r.floor_deviation,
                     r.training_floor);
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const memory::recall_result& r) {
  if (r.bits.size() == 0) return "recall: unknown\n" + detail::status_line(r.status);
  std::string out = fmt::format(
      "recall of past tokens by a linear readout (a lower bound), {} training and {} held-out states, {} classes of {:.3g} bits\n",
      r.training_samples, r.held_out_samples, r.classes, r.entropy);
  out += detail::lag_table("bits", r.bits, &r.standard_error);
  out += fmt::format("  {} bits over {} lags, of {:.4g} that the state's format could hold; permuted tokens: {:.2g} ± {:.2g}\n",
                     with_error(r.total, r.total_standard_error), r.bits.size(), r.state_bits, r.floor, r.floor_deviation);
  out += fmt::format("  the model's own loss: {:.4g} bits a token\n", r.loss);
  if (r.starts > 0) {
    out += fmt::format("  {:>6}  above it with a context of so many tokens, {} starts\n", "tokens", r.starts);
    for (const Eigen::Index k : samples(r.cut_excess.size()))
      out += fmt::format("  {:>6}  {}\n", k + 1, with_error(r.cut_excess[k], r.cut_excess_error[k]));
  }
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const memory::state_result& r) {
  if (r.layers.empty()) return "states: unknown\n" + detail::status_line(r.status, r.failed_at);
  std::string out = fmt::format("states over {} steps\n  {:>11}  {:<20}  {:<26}  {:<9}  {:<14}  {}\n", r.steps, "rows", "norm",
                                "trend a step", "", "participation", "effective rank");
  for (const memory::layer_statistics& layer : r.layers)
    out += fmt::format("  {:>5}-{:<5}  {:<20}  {:<26}  {:<9}  {:<14}  {}\n", layer.first, layer.first + layer.size - 1,
                       with_error(layer.norm.mean, layer.norm.standard_error),
                       with_error(layer.trend.slope, layer.trend.standard_error), to_string(layer.growth),
                       layer.variances.size() > 0 ? with_error(layer.participation_ratio, layer.participation_ratio_error) : "",
                       layer.variances.size() > 0 ? with_error(layer.effective_rank, layer.effective_rank_error) : "");
  for (const std::size_t l : r.growing())
    out += fmt::format("  the state of layer {} grows throughout the run: row {} by {:.3g} a step\n", l, r.layers[l].fastest,
                       r.layers[l].fastest_slope);
  for (std::size_t l = 0; l < r.layers.size(); ++l)
    if (r.layers[l].leaves_for_good_at >= 0)
      out += fmt::format("  the norm of layer {} exceeds all within the training length from step {} to the end, and at {:.3g} % "
                         "of the steps beyond that length\n",
                         l, r.layers[l].leaves_for_good_at, 100.0 * r.layers[l].outside);
  return out + detail::status_line(r.status, r.failed_at);
}

LIBRATION_DEFINED std::string text(const memory::task_result& r) {
  if (r.status == status::not_run) return detail::nothing("accuracy of a task");
  std::string out = fmt::format("accuracy of a task, {} cases a length, {:.3g} by chance\n", r.cases, r.chance);
  out += fmt::format("  {:>8}  {:<26}  {:>9}  {:>9}  {}\n", "length", "accuracy", "all right", "bits", "bound");
  for (Eigen::Index l = 0; l < r.accuracy.size(); ++l)
    out += fmt::format("  {:>8}  {:<26}  {:>9.3g}  {:>9.4g}  {:.3g}\n", r.lengths[static_cast<std::size_t>(l)],
                       with_interval(r.accuracy[l], r.lower[l], r.upper[l]), r.whole[l], r.bits[l], r.bound[l]);
  const double half = r.half_length();
  if (!std::isnan(half))
    out += fmt::format("  half of it is lost at length {:.4g}\n", half);
  else if (r.status == status::ok)
    out += "  half of it is not lost at these lengths\n";
  return out + detail::status_line(r.status);
}

LIBRATION_DEFINED std::string text(const memory::reach_result& r) {
  if (r.status == status::not_run) return detail::nothing("reach");
  const auto beyond = [&](const memory::lag_estimate& e) {
    const std::string never = fmt::format("beyond {}", r.lags());
    return detail::with_interval(e.value, e.lower, e.upper, never.c_str());
  };
  std::string out = fmt::format("reach over {} lags: {} windows in {} steps, by {}s, {}columns carried: {}\n", r.lags(),
                                r.windows.cols(), r.steps, to_string(r.by), r.random_directions ? "random " : "", r.columns);
  if (r.gain.size() > 0) {
    out += fmt::format("  {:>9}  gain\n", "lag");
    for (const Eigen::Index k : samples(r.gain.size()))
      out += fmt::format("  {:>9}  {}\n", k, with_interval(r.gain[k], r.lower[k], r.upper[k]));
    out += fmt::format("  below {:.4g} of its largest from lag {} on; mean lag {}\n", r.fraction, beyond(r.fraction_lag),
                       beyond(r.mean_lag));
    const bool through = r.through_layers.rows() > 0;
    for (Eigen::Index l = 0; l < r.layer_lag.size(); ++l)
      out += fmt::format("  {}layer {}: {}\n", through ? "through " : "", l, beyond({r.layer_lag[l]}));
  }
  return out + detail::status_line(r.status, r.failed_at);
}

}  // namespace libration::inline LIBRATION_ABI::report
