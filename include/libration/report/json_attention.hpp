// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The results of `attention/` as JSON: rows of attention as means by head, or each of them where asked for.

#include <Eigen/Core>

#include <libration/attention/dilution.hpp>
#include <libration/attention/positional_curve.hpp>
#include <libration/attention/result.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/core/config.hpp>
#include <libration/report/json.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DECLARED json to_json(const stats::mean_estimate& e);

/// \param each_row  beside the means by head (over rows that are finite and see a key) every row of every head, an array a head
LIBRATION_DECLARED json to_json(const attention::entropy_result& r, bool each_row = false);

LIBRATION_DECLARED json to_json(const attention::head_dilution& h);

LIBRATION_DECLARED json to_json(const attention::dilution_result& r);

LIBRATION_DECLARED json to_json(const attention::head_sink& h);

LIBRATION_DECLARED json to_json(const attention::sink_result& r);

LIBRATION_DECLARED json to_json(const attention::position_contrast& c);

/// The trough's position is null where none was looked for.
LIBRATION_DECLARED json to_json(const attention::positional_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/json_attention.hpp>
#endif
