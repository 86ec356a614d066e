// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shifted sums of a row whose weights are known instead of its logits.

#include <cmath>
#include <cstddef>
#include <limits>
#include <type_traits>

#include <Eigen/Core>

#include <libration/attention/detail/block_sums.hpp>
#include <libration/attention/detail/by_registers.hpp>
#include <libration/attention/detail/exp_below_zero.hpp>
#include <libration/attention/detail/packet_sums.hpp>
#include <libration/attention/detail/shifted_sums.hpp>
#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

struct weight_check {
  double sum = 0.0;      // NaN where a weight is
  bool negative = false;  // a weight is below 0
};

template <class T>
weight_check check_weights(const T* weights, Eigen::Index n) {
  using P = packet_of<T>;
  weight_check found;
  P part{}, smallest{};
  by_registers(
      weights, n, T(0),
      [&]<std::size_t k>(const P(&w)[k], Eigen::Index) LIBRATION_INLINE_LAMBDA {
        libration::detail::unrolled<static_cast<int>(k)>([&](auto m) LIBRATION_INLINE_LAMBDA {
          part = part + w[m];
          smallest = Eigen::internal::pmin<P>(smallest, w[m]);
        });
      },
      [&] {
        found.sum += static_cast<double>(Eigen::internal::predux(part));
        part = P{};
      });
  found.negative = Eigen::internal::predux_min(smallest) < T(0);
  return found;
}

/// The sums of ln(w) for logits, and their distances from the largest from the quotients of the weights: what a largest weight
/// near 1 has lost by rounding is in the others.
///
/// \param weights  n of them, >= 0, one of them positive
template <class T>
shifted_sums weight_sums(const T* weights, Eigen::Index n) {
  using P = packet_of<T>;
  const T top = largest_of(weights, n);
  const P base = libration::detail::broadcast<P>(top);
  shifted_sums sums;
  double ones = 0.0;
  packet_sums<P> part;
  by_registers(
      weights, n, T(0),
      [&]<std::size_t k>(const P(&w)[k], Eigen::Index) LIBRATION_INLINE_LAMBDA {
        libration::detail::unrolled<static_cast<int>(k)>([&](auto m) LIBRATION_INLINE_LAMBDA {
          const P weight = w[m] / base;
          P d;
          if constexpr (std::is_same_v<P, T>)
            d = std::log(weight);
          else
            d = libration::detail::packet_log<P>(weight);
          part.add(above_exp_floor<P>(d), weight);
        });
      },
      [&] { fold(part, sums, ones); });
  sums.count = n;
  close(sums, std::log(static_cast<double>(top)), ones);
  return sums;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
