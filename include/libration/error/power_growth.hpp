// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Growth without instability of a constant matrix: the largest norm of its powers.

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/largest_singular.hpp>
#include <libration/error/detail/square.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// The largest amplification of an initial error within so many steps, as a factor of its Euclidean size.
struct [[nodiscard]] transient_growth_result {
  /// `diverged`: the orbit or a product left the range of double; `not_converged`: of a matrix without a given number of steps, see
  /// there. What is here is of the steps before.
  libration::status status = libration::status::not_run;
  double largest = std::numeric_limits<double>::quiet_NaN();  ///< attained by `initial`; at least 1, the growth of no step
  /// Not exceeded by any initial error: `largest` and its rounding (of a matrix, a bound); with few directions a bound that holds
  /// with probability 1 - `failure_probability`.
  double upper = std::numeric_limits<double>::quiet_NaN();
  std::int64_t step = 0;             ///< k, at which it is attained
  Eigen::VectorXd initial;           ///< the error that grows most, of size 1, shape (n)
  Eigen::VectorXd response;          ///< what it has become after k steps, scaled to size 1, shape (n)
  Eigen::VectorXd growth;            ///< the largest amplification after k = 0 .. steps steps; with few directions a lower bound
  std::int64_t steps = 0;            ///< done
  bool complete = false;             ///< no later power of the matrix is larger: one of those seen had a norm of at most 1
  std::int64_t failed_at = -1;       ///< step of the orbit at which it diverged
  Eigen::Index directions = 0;       ///< that were followed
  double failure_probability = 0.0;  ///< of `upper`
  std::uint64_t seed = 0;
};

struct power_growth_options {
  /// Powers, >= 0; 0: until one has a norm of at most 1, which bounds all later ones, or 10,000 (`not_converged`).
  std::int64_t steps = 0;
};

/// The largest ‖A^k‖₂ over k = 0 .. steps: of a linear map, or of a map at a fixed point with A its Jacobian.
///
/// Where some power has ‖A^m‖ <= 1, ‖A^{qm+r}‖ <= ‖A^r‖: no power beyond m is larger than those before (`complete`). Each power is
/// compared with a bound on its rounding before that is concluded.
///
/// \param matrix  A, shape (n, n), n >= 1, finite
/// \throws   argument_error for another shape, entries that are not finite, steps < 0
/// Accuracy: `upper - largest` bounds the rounding of the products: n eps ‖A‖ Σ_j ‖A^{k-j}‖ ‖A^{j-1}‖ (Frobenius norms)
/// Cost:     a product and the eigenvalues of a symmetric matrix a step, about 4 n³ operations
/// Source:   Trefethen, Embree, "Spectra and Pseudospectra" (2005) (norms of powers); the bounds are derived here
template <class Derived>
transient_growth_result transient_growth(const Eigen::MatrixBase<Derived>& matrix, const power_growth_options& options = {}) {
  const Eigen::MatrixXd A = matrix;
  constexpr std::string_view who = "error::transient_growth";
  detail::require_square(A, who, "A");
  const option_check check(who);
  check(options.steps >= 0, "steps", options.steps, ">= 0");

  const Eigen::Index n = A.rows();
  const bool automatic = options.steps == 0;
  const std::int64_t most = automatic ? 10'000 : options.steps;
  const double unit = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * A.stableNorm();
  Eigen::MatrixXd power = Eigen::MatrixXd::Identity(n, n), next(n, n), best = power;
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
    const double norm = detail::largest_singular(next);
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
  result.growth = Eigen::Map<const Eigen::VectorXd>(growth.data(), static_cast<Eigen::Index>(growth.size()));
  result.upper = result.largest + rounding(static_cast<std::size_t>(result.step));
  (void)detail::largest_singular(best, &result.initial);
  result.response = (best * result.initial).stableNormalized();
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error
