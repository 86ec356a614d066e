// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Growth without instability of a constant matrix: the largest norm of its powers.

#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>

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
  Eigen::VectorXd final_state;       ///< shape (n): the orbit's after its last step; see `rollout::start_at`
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
LIBRATION_DECLARED transient_growth_result transient_growth(const Eigen::MatrixXd& matrix,
                                                            const power_growth_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/power_growth.hpp>
#endif
