// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/power_growth.hpp declares.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/error/detail/largest_singular.hpp>
#include <libration/error/detail/square.hpp>
#include <libration/error/power_growth.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

// A template on the number's type, so that only a program that calls the function compiles its decompositions.
template <class Real>
transient_growth_result power_growth_of(const Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>& A,
                                        const power_growth_options& options) {
  using matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  constexpr std::string_view who = "error::transient_growth";
  require_square(A, who, "A");
  const option_check check(who);
  check(options.steps >= 0, "steps", options.steps, ">= 0");

  const Eigen::Index n = A.rows();
  const bool automatic = options.steps == 0;
  const std::int64_t most = automatic ? 10'000 : options.steps;
  const double unit = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * A.stableNorm();
  matrix power = matrix::Identity(n, n), next(n, n), best = power;
  std::vector<double> growth = {1.0}, frobenius = {power.stableNorm()};
  // The error of the product that gave power j goes through the k - j products after it.
  const auto rounding = [&](std::size_t k) {
    double sum = 0.0;
    for (std::size_t j = 1; j <= k; ++j) sum += growth[k - j] * frobenius[j - 1];
    return unit * sum + static_cast<double>(n) * std::numeric_limits<double>::epsilon() * growth[k];
  };
  transient_growth_result result;
  result.largest = 1.0;
  result.directions = n;
  result.status = status::ok;
  for (std::int64_t k = 1; k <= most; ++k) {
    next.noalias() = A * power;
    const double norm = largest_singular(next);
    if (!std::isfinite(norm)) {
      result.status = status::diverged;
      result.failed_at = k;
      break;
    }
    power.swap(next);
    growth.push_back(norm);
    frobenius.push_back(power.stableNorm());
    if (norm > result.largest) {
      result.largest = norm;
      result.step = k;
      best = power;
    }
    if (!result.complete && norm <= 1.0) result.complete = norm + rounding(static_cast<std::size_t>(k)) <= 1.0 || norm == 0.0;
    if (automatic && result.complete) break;
  }
  if (automatic && !result.complete && result.status == status::ok) result.status = status::not_converged;
  result.steps = static_cast<std::int64_t>(growth.size()) - 1;
  result.growth = Eigen::Map<const Eigen::Matrix<Real, Eigen::Dynamic, 1>>(growth.data(), static_cast<Eigen::Index>(growth.size()));
  result.upper = result.largest + rounding(static_cast<std::size_t>(result.step));
  (void)largest_singular(best, &result.initial);
  result.response = (best * result.initial).stableNormalized();
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED transient_growth_result transient_growth(const Eigen::MatrixXd& matrix, const power_growth_options& options) {
  return detail::power_growth_of<double>(matrix, options);
}

}  // namespace libration::inline LIBRATION_ABI::error
