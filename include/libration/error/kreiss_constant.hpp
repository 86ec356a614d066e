// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `error::kreiss_constant`: the transient growth that a matrix's resolvent tells of, between two bounds.

#include <complex>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::error {

struct kreiss_options {
  double tolerance = 1e-3;  ///< upper/lower - 1 wanted, in (0, 1); the circles grow as the inverse of its root
  int circles = 200;        ///< most circles |z| = const that are searched, >= 2
};

struct [[nodiscard]] kreiss_result {
  libration::status status = libration::status::not_run;    ///< `not_converged`: upper/lower - 1 is above the tolerance
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< (|z| - 1) ‖(zI - A)^-1‖ at z
  double upper = std::numeric_limits<double>::quiet_NaN();  ///< certified up to rounding, see `kreiss_constant`; may be infinite
  std::complex<double> z = 0.0;  ///< in the upper half plane; infinite where the constant is 1 and nowhere attained
  double spectral_radius = std::numeric_limits<double>::quiet_NaN();  ///< above 1 the constant is infinite
  int circles = 0;                                                    ///< searched
  std::int64_t eigenproblems = 0;                                     ///< of size 2 n that it took
};

/// The Kreiss constant K(A) = sup over |z| > 1 of (|z| - 1) ‖(zI - A)^-1‖.
///
/// K(A) <= sup over k of ‖A^k‖ <= e n K(A): above 1 a map with A as its Jacobian makes some errors grow, although all of them fade
/// in the end. Infinite where the spectral radius is above 1, and where an eigenvalue of size 1 is defective.
///
/// With w = 1/z it is the supremum of (1 - r) M(r) over 0 <= r < 1, M(r) the largest ‖(I - w A)^-1‖ on |w| = r. On a circle M
/// is found globally: the angles at which a singular value equals a level are the eigenvalues of size 1 of a pencil of size 2 n.
/// From circle to circle ln M is convex in ln r (Hadamard's three circles), which bounds it in between; the ring that leaves most
/// room is divided until the bounds meet. The best point is then refined by a compass search, so that lower is usually right to
/// many more digits than the tolerance.
///
/// \param matrix  A, shape (n, n), n >= 1, finite
/// \throws   argument_error for another shape, entries that are not finite, options out of range
/// Accuracy: lower holds to n eps times the resolvent's condition; upper where no ‖(I - w A)^-1‖ on |w| <= 1 exceeds about
///           tolerance/(200 n eps ‖A‖), 1e9 for n = 10: beyond, and so where eigenvalues lie on the unit circle, it is infinite
///           (`not_converged`), but for ‖A‖ <= 1, whose constant is 1
/// Cost:     6 to 20 circles for 0.1 %, each one or two eigenvalue problems of size 2 n and some ten resolvents; n = 100:
///           0.7 to 1.9 s at -O2
/// Source:   Trefethen, Embree, "Spectra and Pseudospectra" (2005) (the constant and the theorem); Boyd, Balakrishnan, Kabamba, "A
///           bisection method for computing the H∞ norm of a transfer matrix and related problems", Mathematics of Control,
///           Signals, and Systems 2 (1989) 207-219 (singular values on a curve as eigenvalues); the rings are derived here
LIBRATION_DECLARED kreiss_result kreiss_constant(const Eigen::MatrixXd& matrix, const kreiss_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/kreiss_constant.hpp>
#endif
