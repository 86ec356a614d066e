// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/largest.hpp declares.

#include <Eigen/Core>

#include <libration/lyapunov/largest.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_DEFINED void largest_estimator::validate(Eigen::Index) const {
  const option_check check("lyapunov::largest");
  check(options.steps >= 0, "steps", options.steps, ">= 0");
  check(options.transient >= 0, "transient", options.transient, ">= 0");
  check(options.frame_transient >= automatic, "frame_transient", options.frame_transient, ">= 0 (or automatic, -1)");
  check(options.interval >= 0 && options.interval <= 1'000'000, "interval", options.interval, "0 to 1000000");
  check(options.separation >= 0.0 && options.separation <= 1e-2, "separation", options.separation, "0 to 0.01");
  check(options.neutral_margin >= 0.0, "neutral_margin", options.neutral_margin, ">= 0");
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
