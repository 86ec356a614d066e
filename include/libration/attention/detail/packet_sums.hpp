// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shifted sums in the elements of one register: the innermost step of every attention kernel.

#include <limits>

#include <Eigen/Core>

#include <libration/attention/detail/exp_below_zero.hpp>
#include <libration/core/config.hpp>
#include <libration/scalar/packet.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// In each element the sums of `shifted_sums` over the logits below the largest, and the number of those that equal it,
// whose weight is exactly 1. NaN makes the sums NaN.
template <class P>
struct packet_sums {
  P rest{}, first{}, second{}, square{}, ones{};

  /// \param d       distance from the largest logit, exp_floor <= d <= 0, or NaN
  /// \param weight  e^d
  LIBRATION_INLINE void add(const P& d, const P& weight) {
    using libration::detail::multiply_add;
    const P one = d == P{} ? weight : P{};
    const P below = weight - one;
    const P moment = d * below;
    ones = ones + one;
    rest = rest + below;
    first = first + moment;
    second = multiply_add<P>(d, moment, second);
    square = multiply_add<P>(below, below, square);
  }
};

/// \return a base for logits whose largest is `top`: where all are minus infinity, a finite one
template <class P>
LIBRATION_INLINE P finite_base(const P& top) {
  using T = libration::detail::element_t<P>;
  return Eigen::internal::pmax<P>(top, libration::detail::broadcast<P>(std::numeric_limits<T>::lowest()));
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
