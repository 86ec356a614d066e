// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Formatters of the results of `memory/`: reach, capacities, Fisher memory, recall, statistics of states, tasks.

#include <string>

#include <fmt/core.h>

#include <libration/core/config.hpp>
#include <libration/memory/capacity.hpp>
#include <libration/memory/fisher_curve.hpp>
#include <libration/memory/linear_capacity.hpp>
#include <libration/memory/reach_result.hpp>
#include <libration/memory/recall.hpp>
#include <libration/memory/state_estimator.hpp>
#include <libration/memory/tasks.hpp>
#include <libration/report/format.hpp>
#include <libration/report/format_error.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DECLARED std::string text(const memory::linear_capacity_result& r);

LIBRATION_DECLARED std::string text(const memory::fisher_curve_result& r);

LIBRATION_DECLARED std::string text(const memory::capacity_result& r);

LIBRATION_DECLARED std::string text(const memory::recall_result& r);

/// The gain at a few lags, the lag where it is down to the fraction, and those of the layers.
LIBRATION_DECLARED std::string text(const memory::reach_result& r);

/// A line a layer, and what leaves the range seen in training.
LIBRATION_DECLARED std::string text(const memory::state_result& r);

LIBRATION_DECLARED std::string text(const memory::task_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

/// \cond
template <>
struct fmt::formatter<libration::memory::linear_capacity_result>
    : libration::report::text_formatter<libration::memory::linear_capacity_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::memory::fisher_curve_result>
    : libration::report::text_formatter<libration::memory::fisher_curve_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::memory::capacity_result>
    : libration::report::text_formatter<libration::memory::capacity_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::memory::recall_result>
    : libration::report::text_formatter<libration::memory::recall_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::memory::reach_result>
    : libration::report::text_formatter<libration::memory::reach_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::memory::state_result>
    : libration::report::text_formatter<libration::memory::state_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::memory::task_result>
    : libration::report::text_formatter<libration::memory::task_result, libration::report::text> {};
/// \endcond

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/format_memory.hpp>
#endif
