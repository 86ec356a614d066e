// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Results as JSON. A number that is not finite becomes null (NaN) or a string ("-inf").
///
/// Who calls it includes <nlohmann/json.hpp>, which these headers only declare.

#include <Eigen/Core>
#include <nlohmann/json_fwd.hpp>

#include <libration/core/config.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// Members keep the order in which they are written.
using json = nlohmann::ordered_json;

LIBRATION_DECLARED json number(double x);

template <class Derived, class Json = json>
Json numbers(const Eigen::DenseBase<Derived>& values) {
  Json array = Json::array();
  for (Eigen::Index i = 0; i < values.size(); ++i) array.push_back(number(values.derived().coeff(i)));
  return array;
}

LIBRATION_DECLARED json to_json(const lyapunov::estimate& e);

/// Every field of a spectrum; finite-time values as one array a window.
LIBRATION_DECLARED json to_json(const lyapunov::spectrum_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/json.hpp>
#endif
