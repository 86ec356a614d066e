// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// What the tests of `lyapunov` share: how near an estimate must be to the truth, and when two results are the same.

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/scalar/state.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace libration_test {

inline constexpr double eps = std::numeric_limits<double>::epsilon();
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// What rounding explains of an exponent: eps times the worst condition, and eps times its size.
inline double rounding(const libration::lyapunov::spectrum_result& r) {
  return 4.0 * eps * static_cast<double>(r.exponents.size()) * (r.worst_condition + 16.0);
}

/// Exponent i within four standard errors of `truth`, which is itself known to ± `known`; what rounding explains comes on
/// top. An error bar with 16 degrees of freedom is passed by chance once in 1,000 runs, and once in 160 with 4 (the
/// fewest); the runs are seeded, so that a test that passes once passes always on one compiler.
inline void check_exponent(const libration::lyapunov::spectrum_result& r, Eigen::Index i, double truth, double known = 0.0) {
  REQUIRE(i < r.exponents.size());
  const double error = r.standard_error[i];
  INFO("exponent " << i << ": " << r.exponents[i] << " +- " << error << ", expected " << truth << " +- " << known);
  CHECK(std::abs(r.exponents[i] - truth) <= 4.0 * std::sqrt(error * error + known * known) + rounding(r));
}

/// The same bits, NaN being equal to NaN.
inline bool same(double a, double b) {
  return (a == b && std::signbit(a) == std::signbit(b)) || (std::isnan(a) && std::isnan(b));
}
template <class A, class B>
bool same(const Eigen::DenseBase<A>& a, const Eigen::DenseBase<B>& b) {
  if (a.rows() != b.rows() || a.cols() != b.cols()) return false;
  for (Eigen::Index j = 0; j < a.cols(); ++j)
    for (Eigen::Index i = 0; i < a.rows(); ++i)
      if (!same(static_cast<double>(a(i, j)), static_cast<double>(b(i, j)))) return false;
  return true;
}

/// The same digits in every field. \return the first field that differs; empty where none does
inline std::string difference(const libration::lyapunov::spectrum_result& a, const libration::lyapunov::spectrum_result& b) {
  if (a.status != b.status) return "status";
  if (a.steps != b.steps) return "steps";
  if (a.upper_bound.size() != b.upper_bound.size() || (a.upper_bound != b.upper_bound).any()) return "upper_bound";
  if (!same(a.rounding, b.rounding)) return "rounding";
  if (a.frame_steps != b.frame_steps) return "frame_steps";
  if (!same(a.frame_error, b.frame_error)) return "frame_error";
  if (a.rounding_dominates != b.rounding_dominates) return "rounding_dominates";
  if (!same(a.exponents, b.exponents)) return "exponents";
  if (!same(a.standard_error, b.standard_error)) return "standard_error";
  if (!same(a.half_width, b.half_width)) return "half_width";
  if (!same(a.effective_samples, b.effective_samples)) return "effective_samples";
  if (!same(a.kaplan_yorke_dimension.value, b.kaplan_yorke_dimension.value)) return "kaplan_yorke_dimension";
  if (!same(a.kaplan_yorke_dimension.standard_error, b.kaplan_yorke_dimension.standard_error)) return "dimension's error";
  if (!same(a.entropy_rate.value, b.entropy_rate.value)) return "entropy_rate";
  if (!same(a.entropy_rate.standard_error, b.entropy_rate.standard_error)) return "entropy's error";
  if (a.verdict != b.verdict) return "verdict";
  if (a.failed_at != b.failed_at) return "failed_at";
  if (!same(a.worst_condition, b.worst_condition)) return "worst_condition";
  if (!same(a.worst_defect, b.worst_defect)) return "worst_defect";
  if (a.orthonormalisations != b.orthonormalisations) return "orthonormalisations";
  if (!same(a.mean_interval, b.mean_interval)) return "mean_interval";
  if (a.breakdowns != b.breakdowns) return "breakdowns";
  if (!same(a.sum, b.sum)) return "sum";
  if (!same(a.mean_log_abs_determinant, b.mean_log_abs_determinant)) return "mean_log_abs_determinant";
  if (a.cycle_length != b.cycle_length) return "cycle_length";
  if (!same(a.degrees_of_freedom, b.degrees_of_freedom)) return "degrees_of_freedom";
  if (a.finite_time.window != b.finite_time.window) return "finite_time.window";
  if (!same(a.finite_time.values, b.finite_time.values)) return "finite_time.values";
  if (!same(a.history.steps, b.history.steps)) return "history.steps";
  if (!same(a.history.exponents, b.history.exponents)) return "history";
  if (!same(a.history.half_width, b.history.half_width)) return "history.half_width";
  if (a.dimension_is_lower_bound != b.dimension_is_lower_bound) return "dimension_is_lower_bound";
  if (!same(a.time_step, b.time_step) || a.per_unit_of_time != b.per_unit_of_time) return "time_step";
  if (!same(a.stepper_bias, b.stepper_bias)) return "stepper_bias";
  return {};
}

/// Uniform inputs in (-1, 1), shape (m, T).
inline Eigen::MatrixXd uniform_inputs(Eigen::Index m, Eigen::Index T, std::uint64_t seed) {
  const libration::random_stream numbers(seed, 0x696e7075);
  Eigen::MatrixXd X(m, T);
  for (Eigen::Index i = 0; i < X.size(); ++i) X.data()[i] = 2.0 * numbers.uniform(static_cast<std::uint64_t>(i)) - 1.0;
  return X;
}

/// x' = x + x²: a positive start escapes after about 1/x steps.
struct escaping {
  static constexpr int dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
    return {h[0] + h[0] * h[0]};
  }
};

/// Hénon's map with a small input.
struct driven_henon {
  static constexpr int dimension = 2, input_dimension = 1;
  template <class T>
  libration::state<T, 2> operator()(const libration::state<T, 2>& h, const libration::state<T, 1>& x) const {
    return {1.0 - 1.4 * h[0] * h[0] + h[1] + 1e-3 * x[0], 0.3 * h[0]};
  }
};

}  // namespace libration_test
