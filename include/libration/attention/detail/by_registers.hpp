// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A loop over numbers that lie one after another, register by register, in runs that are short enough for sums in T.

#include <algorithm>
#include <cstddef>
#include <type_traits>

#include <Eigen/Core>

#include <libration/attention/detail/exp_below_zero.hpp>
#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// Calls `take(registers, index)` for the n numbers, an array of four registers or of one, `index` that of the first number,
/// and after every 64 registers and at the end `fold()`. Sums of 64 terms in T, and from there on in double, are right to 64
/// roundings for any n. Four registers at a time do not wait for each other's exponentials.
///
/// \param padding  fills the last register
template <class T, class Take, class Fold>
LIBRATION_INLINE void by_registers(const T* values, Eigen::Index n, T padding, const Take& take, const Fold& fold) {
  using P = packet_of<T>;
  constexpr auto size = static_cast<Eigen::Index>(sizeof(P) / sizeof(T));
  for (Eigen::Index begin = 0; begin < n; begin += 64 * size) {
    const Eigen::Index end = std::min(n, begin + 64 * size), whole = begin + (end - begin) / size * size;
    Eigen::Index i = begin;
    const auto load = [&](auto together) LIBRATION_INLINE_LAMBDA {
      P registers[together];
      libration::detail::unrolled<together>([&](auto k) LIBRATION_INLINE_LAMBDA {
        registers[k] = Eigen::internal::ploadu<P>(values + i + static_cast<Eigen::Index>(k) * size);
      });
      take(registers, i);
      i += static_cast<Eigen::Index>(together) * size;
    };
    while (i + 4 * size <= whole) load(std::integral_constant<std::size_t, 4>{});
    while (i < whole) load(std::integral_constant<std::size_t, 1>{});
    if (whole < end) {
      EIGEN_ALIGN_MAX T rest[sizeof(P) / sizeof(T)];
      std::fill(std::copy(values + whole, values + end, rest), rest + size, padding);
      const P last[1] = {Eigen::internal::ploadu<P>(rest)};
      take(last, whole);
    }
    fold();
  }
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
