// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The results of `memory/` as JSON. Entry k of an array is lag k, but for `cut_loss` and what belongs to it (k + 1 tokens).

#include <libration/core/config.hpp>
#include <libration/memory/capacity.hpp>
#include <libration/memory/fisher_curve.hpp>
#include <libration/memory/gate_half_lives.hpp>
#include <libration/memory/linear_capacity.hpp>
#include <libration/memory/reach_result.hpp>
#include <libration/memory/recall.hpp>
#include <libration/memory/state_estimator.hpp>
#include <libration/memory/tasks.hpp>
#include <libration/report/json.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DECLARED json to_json(const memory::gate_half_lives_result& r);

LIBRATION_DECLARED json to_json(const memory::linear_capacity_result& r);

LIBRATION_DECLARED json to_json(const memory::fisher_curve_result& r);

LIBRATION_DECLARED json to_json(const memory::capacity_result& r);

LIBRATION_DECLARED json to_json(const memory::recall_result& r);

LIBRATION_DECLARED json to_json(const memory::lag_estimate& e);

/// Means over the windows, whose number is `windows`; by layer one array each.
/// \param each_channel  also `channels`, an array for each input
LIBRATION_DECLARED json to_json(const memory::reach_result& r, bool each_channel = false);

/// Without the final state.
/// \param variances  also each layer's, as many as it has rows
LIBRATION_DECLARED json to_json(const memory::state_result& r, bool variances = false);

LIBRATION_DECLARED json to_json(const memory::task_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/json_memory.hpp>
#endif
