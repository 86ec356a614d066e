// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/kreiss_constant.hpp declares.

#include <algorithm>
#include <cmath>

#include <libration/error/kreiss_constant.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_FUNC resolvent_ring::resolvent_ring(const maximum& first, const maximum& second)
    : inner(first), outer(second) {
  best = std::sqrt(inner.radius * outer.radius);
  if (!std::isfinite(inner.upper) || !std::isfinite(outer.upper)) return;
  const double span = std::log(outer.radius / inner.radius), slope = std::log(outer.upper / inner.upper) / span;
  const double r = std::clamp(slope / (1.0 + slope), inner.radius, outer.radius);
  bound = (1.0 - r) * inner.upper * std::pow(r / inner.radius, slope);
  const double part = std::log(r / inner.radius) / span;
  if (part > 0.05 && part < 0.95) best = r;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
