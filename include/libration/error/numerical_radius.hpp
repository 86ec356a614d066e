// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `error::numerical_radius`: how far the field of values of a matrix reaches, between two bounds.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <queue>
#include <string_view>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/scaling.hpp>
#include <libration/core/status.hpp>
#include <libration/error/detail/square.hpp>

namespace libration::inline LIBRATION_ABI::error {

struct numerical_radius_options {
  double tolerance = 1e-5;          ///< upper/lower - 1 wanted, > 0; rounding allows about n eps
  std::int64_t evaluations = 2000;  ///< most Hermitian eigenvalue problems of size n, >= 9
};

struct [[nodiscard]] numerical_radius_result {
  libration::status status = libration::status::not_run;    ///< `not_converged`: the evaluations ran out before the tolerance
  double lower = std::numeric_limits<double>::quiet_NaN();  ///< attained by a unit vector
  double upper = std::numeric_limits<double>::quiet_NaN();  ///< of a polygon around the field of values
  double angle = 0.0;                                       ///< of the point of the field that lower belongs to, in [0, π]
  std::int64_t evaluations = 0;
};

namespace detail {

/// The angles θ1 < θ2 of two lines that support a convex set, at distances a and b from 0, and how far from 0 a point between
/// these directions may lie.
struct support_wedge {
  double from, to, a, b;
  double bound = 0.0, best = 0.0;  // best: the direction of the farthest point

  support_wedge(double theta1, double theta2, double first, double second);
  friend bool operator<(const support_wedge& x, const support_wedge& y) { return x.bound < y.bound; }
};

}  // namespace detail

/// The numerical radius w(A) = max |x* A x| over unit vectors x = max over θ of the largest eigenvalue of (e^{-iθ}A + e^{iθ}Aᵀ)/2.
///
/// It bounds the growth of every power, ‖A^k‖ <= 2 w(A)^k (Berger): where w(A) <= 1, no error ever grows to more than twice its
/// size. ‖A‖/2 <= w(A) <= ‖A‖, and it is the spectral radius for normal matrices.
///
/// Each θ gives a line that the field of values does not cross: the polygon of these lines is an upper bound, the largest of
/// their distances a lower one. The wedge whose corner is farthest is divided at that corner until the two meet.
///
/// \param matrix  A, shape (n, n), n >= 1, finite
/// \throws   argument_error for another shape, entries that are not finite, options out of range
/// Accuracy: both bounds hold up to rounding, n eps ‖A‖; infinite where w(A) itself leaves the range of double
/// Cost:     per evaluation the eigenvalues of a Hermitian matrix, about 6 n³ operations; 10 to 50 evaluations, and several hundred
///           where the field is a disk about 0
/// Source:   derived here, from the supporting lines of a convex set
template <class Derived>
numerical_radius_result numerical_radius(const Eigen::MatrixBase<Derived>& matrix, const numerical_radius_options& options = {}) {
  Eigen::MatrixXd A = matrix;
  constexpr std::string_view who = "error::numerical_radius";
  detail::require_square(A, who, "A");
  const option_check check(who);
  check(options.tolerance > 0.0, "tolerance", options.tolerance, "> 0");
  check(options.evaluations >= 9, "evaluations", options.evaluations, ">= 9");

  // w(A) is homogeneous: squares are formed of a matrix with entries near 1.
  const int exponent = binary_exponent(A);
  scale_by_power_of_two(A, -exponent);
  numerical_radius_result result;
  result.lower = 0.0;
  const Eigen::MatrixXd symmetric = 0.5 * (A + A.transpose()), skew = 0.5 * (A - A.transpose());
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(A.rows());
  const auto support = [&](double theta) {
    // e^{-iθ}A + e^{iθ}Aᵀ = 2 (cos θ S - i sin θ K), S and K the symmetric and the skew part.
    Eigen::MatrixXcd H(A.rows(), A.cols());
    H.real() = std::cos(theta) * symmetric;
    H.imag() = -std::sin(theta) * skew;
    solver.compute(H, Eigen::EigenvaluesOnly);
    const double distance = solver.eigenvalues()[A.rows() - 1];
    if (distance > result.lower) {
      result.lower = distance;
      result.angle = theta;
    }
    ++result.evaluations;
    return distance;
  };

  // A real matrix's field of values is symmetric about the real axis: half of the angles are enough.
  std::priority_queue<detail::support_wedge> wedges;
  constexpr int parts = 8;
  double before = support(0.0);
  for (int i = 1; i <= parts; ++i) {
    const double theta = std::numbers::pi * i / parts, distance = support(theta);
    wedges.push({std::numbers::pi * (i - 1) / parts, theta, before, distance});
    before = distance;
  }
  const auto upper = [&] { return std::max(result.lower, wedges.top().bound); };
  const auto close = [&] { return upper() <= (1.0 + options.tolerance) * result.lower; };
  while (!close() && result.evaluations < options.evaluations) {
    const detail::support_wedge wedge = wedges.top();
    wedges.pop();
    const double distance = support(wedge.best);
    wedges.push({wedge.from, wedge.best, wedge.a, distance});
    wedges.push({wedge.best, wedge.to, distance, wedge.b});
  }
  result.status = close() ? status::ok : status::not_converged;
  result.upper = std::ldexp(upper(), exponent);
  result.lower = std::ldexp(result.lower, exponent);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/numerical_radius.hpp>
#endif
