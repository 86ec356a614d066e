// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The results of `diagnosis/` as JSON. Losses in nats a token; shares as fractions.

#include <libration/core/config.hpp>
#include <libration/diagnosis/attribution.hpp>
#include <libration/diagnosis/degradation.hpp>
#include <libration/report/json.hpp>
#include <libration/stats/independent_mean.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DECLARED json to_json(const stats::ratio_estimate& r);

/// Entry i of each array of `bins` is the i-th bin.
LIBRATION_DECLARED json to_json(const diagnosis::degradation_result& r);

/// With `summary`, the sentences for a reader.
LIBRATION_DECLARED json to_json(const diagnosis::attribution_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/json_diagnosis.hpp>
#endif
