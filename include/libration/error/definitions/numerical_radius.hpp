// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/numerical_radius.hpp declares.

#include <algorithm>
#include <cmath>

#include <libration/error/numerical_radius.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_FUNC support_wedge::support_wedge(double theta1, double theta2, double first, double second)
    : from(theta1), to(theta2), a(first), b(second) {
  const double width = to - from, cosine = std::cos(width);
  best = 0.5 * (from + to);
  if (a <= 0.0 || b <= 0.0) return;  // the set lies on the other side of 0, but for 0 itself
  if (b >= a * cosine && a >= b * cosine) {
    bound = std::sqrt(a * a + b * b - 2.0 * a * b * cosine) / std::sin(width);
    const double turn = std::atan2(b - a * cosine, a * std::sin(width));
    if (turn > 1e-3 * width && turn < 0.999 * width) best = from + turn;
  } else {
    bound = std::min(std::max(a, b), std::min(a, b) / cosine);
  }
  bound = std::max({bound, std::min(a, b)});
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
