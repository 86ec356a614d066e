// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The shifted sums of a block of logits that lie one after another, and the mean distance of what they weigh.

#include <cstddef>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/attention/detail/by_registers.hpp>
#include <libration/attention/detail/exp_below_zero.hpp>
#include <libration/attention/detail/packet_sums.hpp>
#include <libration/attention/detail/shifted_sums.hpp>
#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// \return the largest of n numbers, NaN passed over; minus infinity where there is none
template <class T>
T largest_of(const T* values, Eigen::Index n) {
  using P = packet_of<T>;
  constexpr auto size = static_cast<Eigen::Index>(sizeof(P) / sizeof(T));
  constexpr T infinity = std::numeric_limits<T>::infinity();
  P tops[4];
  for (P& top : tops) top = libration::detail::broadcast<P>(-infinity);
  Eigen::Index i = 0;
  for (; i + 4 * size <= n; i += 4 * size)
    for (Eigen::Index k = 0; k < 4; ++k)
      tops[k] = Eigen::internal::pmax<P>(tops[k], Eigen::internal::ploadu<P>(values + i + k * size));
  for (; i + size <= n; i += size) tops[0] = Eigen::internal::pmax<P>(tops[0], Eigen::internal::ploadu<P>(values + i));
  using Eigen::internal::pmax;
  T top = Eigen::internal::predux_max(pmax<P>(pmax<P>(tops[0], tops[1]), pmax<P>(tops[2], tops[3])));
  for (; i < n; ++i) top = values[i] > top ? values[i] : top;
  return top;
}

/// \return the smallest of n numbers but for minus infinity, NaN passed over; plus infinity where there is none
template <class T>
T smallest_above_infinity(const T* values, Eigen::Index n) {
  using P = packet_of<T>;
  constexpr auto size = static_cast<Eigen::Index>(sizeof(P) / sizeof(T));
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const P high = libration::detail::broadcast<P>(infinity), low = libration::detail::broadcast<P>(-infinity);
  P least[4] = {high, high, high, high};
  const auto take = [&](P& part, Eigen::Index at) LIBRATION_INLINE_LAMBDA {
    const P value = Eigen::internal::ploadu<P>(values + at);
    part = Eigen::internal::pmin<P>(part, value == low ? high : value);
  };
  Eigen::Index i = 0;
  for (; i + 4 * size <= n; i += 4 * size)
    for (Eigen::Index k = 0; k < 4; ++k) take(least[k], i + k * size);
  for (; i + size <= n; i += size) take(least[0], i);
  using Eigen::internal::pmin;
  T smallest = Eigen::internal::predux_min(pmin<P>(pmin<P>(least[0], least[1]), pmin<P>(least[2], least[3])));
  for (; i < n; ++i) smallest = values[i] < smallest && values[i] > -infinity ? values[i] : smallest;
  return smallest;
}

/// Adds a part's sums, element by element, and starts the next.
///
/// \param ones  so far, of weights that are exactly 1
template <class P>
LIBRATION_INLINE void fold(packet_sums<P>& part, shifted_sums& sums, double& ones) {
  using Eigen::internal::predux;
  sums.rest += static_cast<double>(predux(part.rest));
  sums.first += static_cast<double>(predux(part.first));
  sums.second += static_cast<double>(predux(part.second));
  sums.square += static_cast<double>(predux(part.square));
  ones += static_cast<double>(predux(part.ones));
  part = {};
}

/// Leaves one of the largest out, or spoils sums that have met NaN or +inf.
LIBRATION_DECLARED void close(shifted_sums& sums, double top, double ones);

/// The shifted sums of n logits; minus infinity is passed over, NaN and +inf make them NaN.
///
/// Cost: about 20 operations a register
template <class T>
shifted_sums block_sums(const T* logits, Eigen::Index n) {
  using P = packet_of<T>;
  using libration::detail::broadcast, libration::detail::unrolled;
  constexpr T infinity = std::numeric_limits<T>::infinity();
  const T top = largest_of(logits, n);
  const P base = finite_base<P>(broadcast<P>(top));

  shifted_sums sums;
  double ones = 0.0, visible = 0.0;
  packet_sums<P> part;
  P seen{};
  by_registers(
      logits, n, -infinity,
      [&]<std::size_t k>(const P(&s)[k], Eigen::Index) LIBRATION_INLINE_LAMBDA {
        P d[k], weight[k];
        unrolled<static_cast<int>(k)>([&](auto m) LIBRATION_INLINE_LAMBDA { d[m] = above_exp_floor<P>(s[m] - base); });
        exp_below_zero<P>(d, weight);
        unrolled<static_cast<int>(k)>([&](auto m) LIBRATION_INLINE_LAMBDA {
          part.add(d[m], weight[m]);
          seen = seen + (s[m] == broadcast<P>(-infinity) ? P{} : broadcast<P>(T(1)));
        });
      },
      [&] {
        fold(part, sums, ones);
        visible += static_cast<double>(Eigen::internal::predux(seen));
        seen = P{};
      });
  sums.count = static_cast<std::int64_t>(visible);
  if (sums.count == 0) return {};
  close(sums, static_cast<double>(top), ones);
  return sums;
}

/// \return sum |ahead - i| e^(logits[i] - top) for i = 0 .. n - 1
///
/// \param top  the largest of them, finite
template <class T>
double distance_sum(const T* logits, Eigen::Index n, Eigen::Index ahead, T top) {
  using P = packet_of<T>;
  using libration::detail::broadcast, libration::detail::unrolled;
  constexpr auto size = static_cast<Eigen::Index>(sizeof(P) / sizeof(T));
  double sum = 0.0;
  P part{};
  by_registers(
      logits, n, -std::numeric_limits<T>::infinity(),
      [&]<std::size_t k>(const P(&s)[k], Eigen::Index i) LIBRATION_INLINE_LAMBDA {
        unrolled<static_cast<int>(k)>([&](auto m) LIBRATION_INLINE_LAMBDA {
          const P distance = Eigen::internal::plset<P>(static_cast<T>(i + static_cast<Eigen::Index>(m) * size - ahead));
          const P weight = exp_below_zero<P>(above_exp_floor<P>(s[m] - broadcast<P>(top)));
          part = libration::detail::multiply_add<P>(Eigen::internal::pabs<P>(distance), weight, part);
        });
      },
      [&] {
        sum += static_cast<double>(Eigen::internal::predux(part));
        part = P{};
      });
  return sum;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/block_sums.hpp>
#endif
