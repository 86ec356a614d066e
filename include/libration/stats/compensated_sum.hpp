// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A sum whose rounding error does not grow with the number of terms, for doubles and SIMD lanes.

#include <libration/core/config.hpp>
#include <libration/scalar/lane_access.hpp>
#include <libration/scalar/select.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// Sum of values of T (double, float, or lanes of them) with a second word for the lost digits.
///
/// Terms may come in any order of size; they may cancel. An infinite sum stays infinite, a NaN stays a NaN.
///
/// Accuracy:  |value() - sum x_i| <= eps |sum x_i| + (n eps)^2 sum |x_i| for n terms
/// Cost:      7 additions a term, no branch
/// Source:    Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974) 39-51;
///            each addition's error by Knuth's branch-free two-sum, which gives the same number as Neumaier's
///            comparison.
template <class T = double>
class compensated_sum {
 public:
  compensated_sum() = default;
  explicit compensated_sum(const T& start) : sum_(start) {}

  void add(const T& x) {
    const T total = sum_ + x;
    const T arrived = total - sum_;
    error_ += (sum_ - (total - arrived)) + (x - arrived);
    sum_ = total;
  }

  /// Adds another sum, its lost digits included.
  void merge(const compensated_sum& other) {
    add(other.sum_);
    error_ += other.error_;
  }

  /// Becomes another sum where the mask holds.
  template <class Mask>
  void replace(const Mask& where, const compensated_sum& other) {
    sum_ = select(where, other.sum_, sum_);
    error_ = select(where, other.error_, error_);
  }

  /// The sum of one SIMD lane.
  compensated_sum<double> lane(int lane) const {
    compensated_sum<double> one;
    one.sum_ = lane_value(sum_, lane);
    one.error_ = lane_value(error_, lane);
    return one;
  }

  /// The sum, rounded once.
  T value() const {
    const T zero = sum_ - sum_;  // NaN where the sum is not finite: there the error term means nothing
    return select(zero == zero, T(sum_ + error_), sum_);
  }

 private:
  template <class>
  friend class compensated_sum;

  T sum_ = T(0.0);
  T error_ = T(0.0);
};

}  // namespace libration::inline LIBRATION_ABI::stats
