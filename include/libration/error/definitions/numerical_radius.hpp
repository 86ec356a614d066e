// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/numerical_radius.hpp declares.

#include <algorithm>
#include <cmath>
#include <numbers>
#include <queue>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/scaling.hpp>
#include <libration/error/detail/largest_singular.hpp>
#include <libration/error/detail/square.hpp>
#include <libration/error/numerical_radius.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// The angles θ1 < θ2 of two lines that support a convex set, at distances a and b from 0, and how far from 0 a point between
/// these directions may lie.
struct support_wedge {
  double from, to, a, b;
  double bound = 0.0, best = 0.0;  // best: the direction of the farthest point

  support_wedge(double theta1, double theta2, double first, double second)
      : from(theta1), to(theta2), a(first), b(second) {
    const double width = to - from, cosine = std::cos(width);
    best = 0.5 * (from + to);
    if (a <= 0.0 || b <= 0.0) return;  // the set lies on the other side of 0, but for 0 itself
    if (b >= a * cosine && a >= b * cosine) {
      bound = std::sqrt(a * a + b * b - 2.0 * a * b * cosine) / std::sin(width);
      const double turn = std::atan2(b - a * cosine, a * std::sin(width));
      if (turn > 1e-3 * width && turn < 0.999 * width) best = from + turn;
    } else {
      bound = std::min(std::max(a, b), std::min(a, b) / cosine);
    }
    bound = std::max({bound, std::min(a, b)});
  }
  friend bool operator<(const support_wedge& x, const support_wedge& y) { return x.bound < y.bound; }
};

// A template on the number's type, so that only a program that calls the function compiles its decompositions.
template <class Real>
numerical_radius_result numerical_radius_of(Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic> A,
                                            const numerical_radius_options& options) {
  using matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  constexpr std::string_view who = "error::numerical_radius";
  require_square(A, who, "A");
  const option_check check(who);
  check(options.tolerance > 0.0, "tolerance", options.tolerance, "> 0");
  check(options.evaluations >= 9, "evaluations", options.evaluations, ">= 9");

  // w(A) is homogeneous: squares are formed of a matrix with entries near 1.
  const int exponent = binary_exponent(A);
  scale_by_power_of_two(A, -exponent);
  numerical_radius_result result;
  result.lower = 0.0;
  const matrix symmetric = 0.5 * (A + A.transpose()), skew = 0.5 * (A - A.transpose());
  const Eigen::Index n = A.rows();
  matrix form(2 * n, 2 * n);
  const auto support = [&](double theta) {
    // e^{-iθ}A + e^{iθ}Aᵀ = 2 (cos θ S - i sin θ K), S and K the symmetric and the skew part.
    form.topLeftCorner(n, n) = std::cos(theta) * symmetric;
    form.bottomRightCorner(n, n) = form.topLeftCorner(n, n);
    form.bottomLeftCorner(n, n) = -std::sin(theta) * skew;
    const double distance = largest_of_real_form(form);
    if (distance > result.lower) {
      result.lower = distance;
      result.angle = theta;
    }
    ++result.evaluations;
    return distance;
  };

  // A real matrix's field of values is symmetric about the real axis: half of the angles are enough.
  std::priority_queue<support_wedge> wedges;
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
    const support_wedge wedge = wedges.top();
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

}  // namespace libration::inline LIBRATION_ABI::error::detail

namespace libration::inline LIBRATION_ABI::error {

LIBRATION_DEFINED numerical_radius_result numerical_radius(const Eigen::MatrixXd& matrix,
                                                           const numerical_radius_options& options) {
  return detail::numerical_radius_of<double>(matrix, options);
}

}  // namespace libration::inline LIBRATION_ABI::error
