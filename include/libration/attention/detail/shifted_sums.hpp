// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The sums that a row of attention is measured with, shifted by its largest logit, whose own term is left out.

#include <cmath>
#include <cstdint>
#include <limits>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// With d = s - top over all visible logits s but one that equals top: `rest` = sum e^d, `first` = sum d e^d,
// `second` = sum d² e^d, `square` = sum e^2d. The sum of weights is Z = 1 + rest; a collapsed row's rest may be far below
// 1's rounding. A row that has seen NaN or +inf is NaN in every sum, and stays so.
struct shifted_sums {
  static constexpr double lowest = -1000.0;  // e^d is 0 there, and d e^d still a number

  double top = -std::numeric_limits<double>::infinity();
  double rest = 0.0, first = 0.0, second = 0.0, square = 0.0;
  std::int64_t count = 0;

  /// Makes every sum NaN.
  void spoil() { top = rest = first = second = square = std::numeric_limits<double>::quiet_NaN(); }

  /// Moves the sums to a new shift, `top` - d, and adds the left-out term: then all of the weights are in the sums.
  ///
  /// \param d  <= 0
  void lower(double d) {
    d = d < lowest ? lowest : d;
    const double factor = std::exp(d), total = 1.0 + rest;
    square = factor * factor * (1.0 + square);
    second = factor * (second + d * (2.0 * first + d * total));
    first = factor * (first + d * total);
    rest = factor * total;
  }

  void add(double s) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (s == -infinity) return;
    if (!(s < infinity)) spoil();
    if (count++ == 0) {
      if (s < infinity) top = s;
    } else if (s > top) {
      lower(top - s);
      top = s;
    } else {
      const double d = s - top < lowest ? lowest : s - top, weight = std::exp(d);
      rest += weight;
      first += d * weight;
      second += d * d * weight;
      square += weight * weight;
    }
  }

  void merge(const shifted_sums& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    shifted_sums smaller = other;
    if (other.top > top) {
      smaller = *this;
      *this = other;
    }
    smaller.lower(smaller.top - top);
    rest += smaller.rest;
    first += smaller.first;
    second += smaller.second;
    square += smaller.square;
    count += smaller.count;
  }
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail
