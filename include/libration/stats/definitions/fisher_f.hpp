// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/fisher_f.hpp declares.

#include <cmath>
#include <limits>

#include <boost/math/special_functions/beta.hpp>

#include <libration/stats/definitions/student_t.hpp>
#include <libration/stats/fisher_f.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED double fisher_f_quantile(double p, double d1, double d2) {
  require(p >= 0.0 && p <= 1.0, "stats::fisher_f_quantile", "p is outside [0, 1]");
  require(d1 > 0.0 && d2 > 0.0 && std::isfinite(d1) && std::isfinite(d2), "stats::fisher_f_quantile",
          "degrees of freedom must be positive and finite");
  if (p == 0.0) return 0.0;
  if (p == 1.0) return std::numeric_limits<double>::infinity();
  double rest = 0.0;
  const double x = boost::math::ibeta_inv(0.5 * d1, 0.5 * d2, p, &rest, detail::boost_policy());
  return d2 / d1 * (x / rest);
}

}  // namespace libration::inline LIBRATION_ABI::stats
