// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The sums that a row of attention is measured with, shifted by its largest logit, whose own term is left out.

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
  LIBRATION_DECLARED void lower(double d);

  LIBRATION_DECLARED void add(double s);

  LIBRATION_DECLARED void merge(const shifted_sums& other);
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/shifted_sums.hpp>
#endif
