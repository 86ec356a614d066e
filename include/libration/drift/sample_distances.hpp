// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Distances between the distributions of two samples of states: Wasserstein, sliced Wasserstein, energy distance, maximum mean
/// discrepancy.

#include <cstdint>
#include <limits>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Options of `drift::maximum_mean_discrepancy`, declared in the order in which designated initialisers name them.
struct discrepancy_options {
  /// Of the Gaussian kernel e^{-d²/(2 h²)}, > 0; 0: the median distance between the states of both samples.
  double bandwidth = 0.0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
};

/// What `drift::maximum_mean_discrepancy` returns.
struct [[nodiscard]] discrepancy_result {
  /// MMD², unbiased: around 0, and often below it, for two samples of one distribution.
  double squared = std::numeric_limits<double>::quiet_NaN();
  double bandwidth = std::numeric_limits<double>::quiet_NaN();  ///< that was used
};

/// Options of `drift::sliced_wasserstein`, declared in the order in which designated initialisers name them.
struct slicing_options {
  /// Random directions, >= 2.
  std::int64_t slices = 100;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
};

/// What `drift::sliced_wasserstein` returns.
struct [[nodiscard]] sliced_result {
  /// Mean over directions of W₂² between the projections; of one distribution's samples above 0, as each W₂ is.
  double squared = std::numeric_limits<double>::quiet_NaN();
  double standard_error = std::numeric_limits<double>::quiet_NaN();  ///< over the directions; the samples are given
  std::int64_t slices = 0;
  std::uint64_t seed = 0;
};

namespace detail {

LIBRATION_DECLARED double wasserstein_power(Eigen::MatrixXd x, Eigen::MatrixXd y, int order);
LIBRATION_DECLARED double energy_distance_of(Eigen::MatrixXd X, Eigen::MatrixXd Y, int threads);
LIBRATION_DECLARED discrepancy_result discrepancy_of(Eigen::MatrixXd X, Eigen::MatrixXd Y, const discrepancy_options& options);
LIBRATION_DECLARED sliced_result sliced_wasserstein_of(Eigen::MatrixXd X, Eigen::MatrixXd Y, const slicing_options& options);

}  // namespace detail

/// ∫₀¹ |F⁻¹(u) - G⁻¹(u)|^p du, F⁻¹ and G⁻¹ the quantile functions of two samples of one number: W₁ for p = 1, W₂² for p = 2.
///
/// \param x, y   shapes (n), (m), n, m >= 1, of any sizes
/// \param order  p, 1 or 2
/// \throws argument_error  for an empty sample, a value that is not finite, another order
/// Accuracy:  a few epsilon times (n + m); infinite where p = 2 leaves the range of double
/// Cost:      two sorts
/// Source:    the form of Wasserstein's distance on the line
template <class X, class Y>
double wasserstein(const Eigen::DenseBase<X>& x, const Eigen::DenseBase<Y>& y, int order = 1) {
  static_assert(X::IsVectorAtCompileTime && Y::IsVectorAtCompileTime,
                "libration: wasserstein is of samples of one number each; of states see sliced_wasserstein");
  Eigen::MatrixXd a(1, x.size()), b(1, y.size());
  for (Eigen::Index i = 0; i < a.size(); ++i) a(i) = static_cast<double>(x.derived().coeff(i));
  for (Eigen::Index i = 0; i < b.size(); ++i) b(i) = static_cast<double>(y.derived().coeff(i));
  return detail::wasserstein_power(std::move(a), std::move(b), order);
}

/// The mean of W₂² between projections of two samples on random directions.
///
/// \param X, Y  columns are states, shapes (d, n), (d, m)
/// \throws argument_error  for shapes, empty samples, values that are not finite, options out of range
/// Accuracy:  `standard_error` is that of the directions. It says nothing of the samples: of n states of one distribution the value
///            is of order 1/n times the variance
/// Cost:      for each direction (n + m) d operations and two sorts
/// Source:    N. Bonneel et al., "Sliced and Radon Wasserstein barycenters of measures", 2015
template <class A, class B>
sliced_result sliced_wasserstein(const Eigen::MatrixBase<A>& X, const Eigen::MatrixBase<B>& Y,
                                 const slicing_options& options = {}) {
  return detail::sliced_wasserstein_of(X.template cast<double>(), Y.template cast<double>(), options);
}

/// 2 E|X - Y| - E|X - X'| - E|Y - Y'| with Euclidean norms, unbiased: pairs of a state with itself are left out. 0 where the two
/// distributions are the same, else above; an estimate may be below 0.
///
/// \param X, Y     columns are states, shapes (d, n), (d, m), n, m >= 2
/// \param threads  0: one per hardware thread. The digits do not depend on it
/// \throws argument_error  for shapes, fewer than 2 states, values that are not finite
/// Accuracy:  a few epsilon of the distances
/// Cost:      (n + m)² d operations
/// Source:    G. J. Székely, M. L. Rizzo, "Energy statistics", 2013. It is the square of what SciPy's energy_distance returns, but
///            for the pairs that are left out
template <class A, class B>
double energy_distance(const Eigen::MatrixBase<A>& X, const Eigen::MatrixBase<B>& Y, int threads = 1) {
  return detail::energy_distance_of(X.template cast<double>(), Y.template cast<double>(), threads);
}

/// E k(X, X') + E k(Y, Y') - 2 E k(X, Y) with a Gaussian kernel, unbiased.
///
/// \param X, Y  columns are states, shapes (d, n), (d, m), n, m >= 2
/// \throws argument_error  for shapes, fewer than 2 states, values that are not finite, options out of range, and states that are
///                         all alike where the bandwidth is their median distance
/// Accuracy:  a few epsilon
/// Cost:      (n + m)² (d + 20) operations; for the median bandwidth (n + m)² numbers of memory
/// Source:    A. Gretton et al., "A kernel two-sample test", 2012, lemma 6
template <class A, class B>
discrepancy_result maximum_mean_discrepancy(const Eigen::MatrixBase<A>& X, const Eigen::MatrixBase<B>& Y,
                                            const discrepancy_options& options = {}) {
  return detail::discrepancy_of(X.template cast<double>(), Y.template cast<double>(), options);
}

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/sample_distances.hpp>
#endif
