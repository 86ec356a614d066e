// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what diagnosis/diagnose.hpp declares.

#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/diagnosis/diagnose.hpp>

namespace libration::inline LIBRATION_ABI::diagnosis {

LIBRATION_DEFINED void validate(const diagnose_options& options, std::string_view who) {
  const option_check check(who);
  check(options.texts >= 1, "texts", options.texts, ">= 1");
  check(options.first_text >= 0, "first_text", options.first_text, ">= 0");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
  validate(options.attribution, who);
}

namespace detail {

LIBRATION_DEFINED attribution_result diagnose_runs(const subject_calls& calls, const std::vector<intervention>& interventions,
                                                   const diagnose_options& options) {
  constexpr std::string_view who = "diagnosis::diagnose";
  validate(options, who);
  const std::size_t singles = interventions.size();
  require(singles <= intervention_set::most, who, [&] {
    return "the subject has " + number_text(singles) + " interventions, expected at most " + number_text(intervention_set::most);
  });
  for (const intervention& i : interventions) require(!i.name.empty(), who, "an intervention has no name, expected one");

  struct run {
    std::string name;
    intervention_set active;
    bool reference = false;
    Eigen::MatrixXd losses;
  };
  std::vector<run> runs = {{"as it is", intervention_set::none(), false, {}}};
  for (std::size_t i = 0; i < singles; ++i)
    runs.push_back({"\"" + interventions[i].name + "\"", intervention_set::only(i), false, {}});
  const bool together = options.together && singles > 1;
  if (together) runs.push_back({"all at once", intervention_set::first(singles), false, {}});
  if (calls.reference != nullptr) runs.push_back({"of the reference", intervention_set::none(), true, {}});

  const auto texts = static_cast<std::size_t>(options.texts);
  std::vector<Eigen::VectorXd> curves;
  with_memory(who, [&] { curves.resize(runs.size() * texts); });
  std::atomic<bool> stopped = false;
  parallel_for(static_cast<std::int64_t>(curves.size()), options.threads, [&](std::int64_t k) {
    if (options.stop.stop_requested()) {
      stopped = true;
      return;
    }
    const run& r = runs[static_cast<std::size_t>(k) / texts];
    const std::int64_t text = options.first_text + k % options.texts;
    curves[static_cast<std::size_t>(k)] =
        r.reference ? calls.reference(calls.subject, text) : calls.losses(calls.subject, r.active, text);
  });
  attribution_result result;
  if (stopped) {
    result.status = status::cancelled;
    return result;
  }
  const Eigen::Index positions = curves.front().size();
  for (std::size_t k = 0; k < curves.size(); ++k) {
    run& r = runs[k / texts];
    const auto column = static_cast<Eigen::Index>(k % texts);
    const Eigen::VectorXd& curve = curves[k];
    require(curve.size() == positions, who, [&] {
      return "text " + number_text(options.first_text + column) + ", run " + r.name + ", has losses at " +
             number_text(curve.size()) + " positions, expected " + number_text(positions) + " (as the first run of the first text)";
    });
    if (column == 0) r.losses.resize(positions, options.texts);
    r.losses.col(column) = curve;
    if (result.failed_text >= 0 || curve.allFinite()) continue;
    result.status = status::diverged;
    result.failed_text = options.first_text + column;
    result.failed_run = r.name;
    for (result.failed_at = 0; std::isfinite(curve[result.failed_at]);) ++result.failed_at;
  }
  if (result.status == status::diverged) return result;

  attribution_data data;
  data.baseline = std::move(runs[0].losses);
  for (std::size_t i = 0; i < singles; ++i) data.interventions.push_back({interventions[i], std::move(runs[i + 1].losses)});
  if (together) data.together = std::move(runs[singles + 1].losses);
  if (calls.reference != nullptr) data.reference = std::move(runs.back().losses);
  return attribution(data, options.attribution);
}

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI::diagnosis
