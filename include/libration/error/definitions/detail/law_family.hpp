// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/law_family.hpp declares.

#include <cmath>

#include <libration/error/detail/law_family.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_FUNC double law_curve::operator()(double t) const {
  const double unit = std::exp(log_unit + parameters[0]);
  if (form == law_form::constant) return unit;
  if (form == law_form::proportional) return unit * (t / time_unit);
  if (form == law_form::power) return unit * std::pow(t / time_unit, parameters[1]);
  const fraction<double> e = ratio(parameters, (t - reference) / span);
  return unit * (e.over / e.under);
}

LIBRATION_DEFINED bool law_curve::falls_through_zero() const {
  const double g = parameters[1], kappa = parameters[2];
  return kappa < 0.0 ? 1.0 - g / kappa <= 0.0 : g < 0.0;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
