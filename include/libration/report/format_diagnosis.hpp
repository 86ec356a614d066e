// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Formatters of the results of `diagnosis/`: degradation, attribution.

#include <string>

#include <fmt/core.h>

#include <libration/core/config.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/degradation.hpp>
#include <libration/report/format.hpp>
#include <libration/stats/independent_mean.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// A ratio in percent with its interval: `93 % (80 to 105)`.
LIBRATION_DECLARED std::string text(const stats::ratio_estimate& r);

/// The change and its verdict, and a line a bin of positions.
LIBRATION_DECLARED std::string text(const diagnosis::degradation_result& r);

/// The summary's sentences, a line an intervention, and the losses by bin under each.
LIBRATION_DECLARED std::string text(const diagnosis::attribution_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

/// \cond
template <>
struct fmt::formatter<libration::stats::ratio_estimate>
    : libration::report::text_formatter<libration::stats::ratio_estimate, libration::report::text> {};
template <>
struct fmt::formatter<libration::diagnosis::degradation_result>
    : libration::report::text_formatter<libration::diagnosis::degradation_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::diagnosis::attribution_result>
    : libration::report::text_formatter<libration::diagnosis::attribution_result, libration::report::text> {};
/// \endcond

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/format_diagnosis.hpp>
#endif
