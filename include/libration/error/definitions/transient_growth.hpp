// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/transient_growth.hpp declares.

#include <cmath>
#include <string_view>

#include <Eigen/Core>

#include <libration/error/transient_growth.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED double small_chi_squared(double r, double p) {
  const double wanted = 2.0 * std::log(p) / r;
  double low = 0.0, high = 1.0;
  for (int i = 0; i < 200; ++i) {
    const double x = 0.5 * (low + high);
    (std::log(x) + 1.0 - x < wanted ? low : high) = x;
  }
  return r * low;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED void transient_growth_estimator::validate(Eigen::Index n) const {
  constexpr std::string_view who = "error::transient_growth";
  const option_check check(who);
  check(options.directions >= 0 && options.directions <= n, "directions", options.directions,
        "0 to " + number_text(n) + " (the map's dimension; 0: all)");
  check(options.failure_probability > 0.0 && options.failure_probability < 1.0, "failure_probability",
        options.failure_probability, "a number in (0, 1)");
}

}  // namespace libration::inline LIBRATION_ABI::error
