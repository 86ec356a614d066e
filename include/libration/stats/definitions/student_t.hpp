// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/student_t.hpp declares.

#include <cmath>
#include <limits>
#include <numbers>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/erf.hpp>

#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::stats {

namespace detail {

// Boost.Math in double throughout, without errno and without exceptions: what it cannot compute is NaN or infinite.
using boost_policy = boost::math::policies::policy<
    boost::math::policies::promote_float<false>, boost::math::policies::promote_double<false>,
    boost::math::policies::domain_error<boost::math::policies::ignore_error>,
    boost::math::policies::pole_error<boost::math::policies::ignore_error>,
    boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
    boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
    boost::math::policies::rounding_error<boost::math::policies::ignore_error>,
    boost::math::policies::indeterminate_result_error<boost::math::policies::ignore_error>>;

}  // namespace detail

LIBRATION_DEFINED double student_t_density(double t, double degrees) noexcept {
  if (std::isinf(degrees)) return std::exp(-0.5 * t * t) / std::sqrt(2.0 * std::numbers::pi);
  return std::exp(-0.5 * (degrees + 1.0) * std::log1p(t * (t / degrees))) /
         (std::sqrt(degrees) * boost::math::beta(0.5 * degrees, 0.5, detail::boost_policy()));
}

LIBRATION_DEFINED double student_t_tail(double t, double degrees) noexcept {
  if (!(t >= 0.0)) return t < 0.0 ? 1.0 - student_t_tail(-t, degrees) : t;
  if (std::isinf(degrees)) return normal_tail(t);
  const double ratio = t * (t / degrees);
  if (std::isinf(ratio)) return 0.0;
  // x near 1 is given by 1 - x; near the middle it is the complement that is small.
  const double a = 0.5 * degrees, rest = ratio / (1.0 + ratio);
  const detail::boost_policy policy;
  if (t < 1.0) return 0.5 - 0.5 * boost::math::ibeta(0.5, a, rest, policy);
  if (ratio < 0.5) return 0.5 * boost::math::ibetac(0.5, a, rest, policy);
  return 0.5 * boost::math::ibeta(a, 0.5, 1.0 / (1.0 + ratio), policy);
}

LIBRATION_DEFINED double normal_quantile(double p) {
  require(p >= 0.0 && p <= 1.0, "stats::normal_quantile", "p is outside [0, 1]");
  return -std::numbers::sqrt2 * boost::math::erfc_inv(2.0 * p, detail::boost_policy());
}

LIBRATION_DEFINED double student_t_quantile(double p, double degrees) {
  require(p >= 0.0 && p <= 1.0, "stats::student_t_quantile", "p is outside [0, 1]");
  require(degrees > 0.0, "stats::student_t_quantile", "degrees of freedom must be positive");
  if (p > 0.5) return -student_t_quantile(1.0 - p, degrees);
  if (p == 0.5) return 0.0;
  if (p == 0.0) return -std::numeric_limits<double>::infinity();
  if (degrees >= 2e4) {
    const double z = normal_quantile(p), y = z * z, r = 1.0 / degrees;
    const double g1 = (y + 1.0) / 4.0;
    const double g2 = ((5.0 * y + 16.0) * y + 3.0) / 96.0;
    const double g3 = (((3.0 * y + 19.0) * y + 17.0) * y - 15.0) / 384.0;
    return z * (1.0 + r * (g1 + r * (g2 + r * g3)));
  }
  double rest = 0.0;
  const double x = boost::math::ibeta_inv(0.5 * degrees, 0.5, 2.0 * p, &rest, detail::boost_policy());
  return -std::sqrt(degrees) * std::sqrt(rest / x);
}

}  // namespace libration::inline LIBRATION_ABI::stats
