// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/covariance.hpp declares.

#include <cmath>
#include <string_view>

#include <Eigen/Core>

#include <libration/error/covariance.hpp>

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED std::int64_t covariance_result::first_above(double size) const {
  for (Eigen::Index t = 0; t < total.size(); ++t)
    if (std::sqrt(total[t]) > size) return t;
  return -1;
}

LIBRATION_DEFINED void covariance_estimator::validate(Eigen::Index n) const {
  constexpr std::string_view who = "error::covariance";
  const option_check check(who);
  check(options.rank >= 0 && options.rank <= n, "rank", options.rank,
        "0 to " + number_text(n) + " (the map's dimension; 0: the whole matrix)");
  check(options.leading >= 0, "leading", options.leading, ">= 0");
  check(options.columns == factor_columns::leading || options.rank >= 2, "rank", options.rank, ">= 2 (sampled columns)");
  options.noise.check_rows(n, who, ".noise");
  options.initial.check_rows(n, who, ".initial");
}

}  // namespace libration::inline LIBRATION_ABI::error
