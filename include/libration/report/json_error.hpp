// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The results of `error/` as JSON: curves as quantiles over the ensemble, not every member.

#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/exposure_bias.hpp>
#include <libration/error/finite_size.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/error/growth_law_result.hpp>
#include <libration/error/horizon.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/report/json.hpp>
#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DECLARED json to_json(const stats::time_quantile& q);

LIBRATION_DECLARED json to_json(const stats::kaplan_meier_estimate& s);

LIBRATION_DECLARED json to_json(const std::vector<error::undeclared_period>& undeclared);

LIBRATION_DECLARED json to_json(const error::growth_curve& c);

LIBRATION_DECLARED json to_json(const error::finite_size_result& r);

LIBRATION_DECLARED json to_json(const error::horizon_result& r);

LIBRATION_DECLARED json to_json(const error::law_fit& f);

LIBRATION_DECLARED json to_json(const error::growth_law_result& r);

LIBRATION_DECLARED json to_json(const error::token_divergence_result& r);

LIBRATION_DECLARED json to_json(const error::exposure_bias_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/json_error.hpp>
#endif
