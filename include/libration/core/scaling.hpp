// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Squares that stay in range: scaling by powers of two, which is exact, and norms that use it.

#include <cmath>
#include <span>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// The exponent e for which `largest` 2^-e lies in [1, 2); 0 where `largest` is 0, infinite or NaN.
inline int binary_exponent(double largest) { return largest > 0.0 && std::isfinite(largest) ? std::ilogb(largest) : 0; }

/// The exponent that brings the largest entry of X into [1, 2); 0 for an empty matrix, one of zeros, and one that is not finite.
template <class Derived>
int binary_exponent(const Eigen::MatrixBase<Derived>& X) {
  return X.size() > 0 ? binary_exponent(static_cast<double>(X.cwiseAbs().maxCoeff())) : 0;
}

inline int binary_exponent(std::span<const double> values) {
  return binary_exponent(Eigen::Map<const Eigen::VectorXd>(values.data(), static_cast<Eigen::Index>(values.size())));
}

/// Multiplies X by 2^e: exact for every entry that stays a normal number.
template <class Derived>
void scale_by_power_of_two(Eigen::MatrixBase<Derived>& X, int e) {
  if (e == 0) return;
  using real = typename Eigen::NumTraits<typename Derived::Scalar>::Real;
  // In two steps: the power of two itself may be out of range.
  X *= static_cast<real>(std::ldexp(1.0, e / 2));
  X *= static_cast<real>(std::ldexp(1.0, e - e / 2));
}

/// √Σ d(i)² of n numbers d(0) ... d(n - 1), whatever their size. NaN where one of them is, else infinite where one of them is or
/// the norm itself leaves the range.
///
/// \param d  a callable; called twice for each i where the squares leave the range
/// Accuracy: n eps
template <class Difference>
double euclidean_norm(Eigen::Index n, const Difference& d) {
  double sum = 0.0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double x = d(i);
    sum += x * x;
  }
  // Squares that were lost below this are less than eps of it.
  if (sum > 1e-280 && sum < 1e300) [[likely]]
    return std::sqrt(sum);
  double largest = 0.0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double size = std::abs(d(i));
    if (size > largest || std::isnan(size)) largest = size;  // a NaN stays
  }
  if (!(largest > 0.0) || !std::isfinite(largest)) return largest;
  const int e = binary_exponent(largest);
  sum = 0.0;
  for (Eigen::Index i = 0; i < n; ++i) {
    const double x = std::ldexp(d(i), -e);
    sum += x * x;
  }
  return std::ldexp(std::sqrt(sum), e);
}

}  // namespace libration::inline LIBRATION_ABI
