// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Products of a strip of queries, which lie side by side in registers, with keys where they are.

#include <algorithm>
#include <cstddef>

#include <Eigen/Core>

#include <libration/attention/detail/exp_below_zero.hpp>
#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>
#include <libration/scalar/packet_math.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// A strip of queries: three registers of them, which with four keys give twelve sums that stay in registers; fewer queries
// are one register, with eight keys. A query is a lane, so that a row's largest logit and sums need no shuffling.
template <class T>
struct strip {
  using packet = packet_of<T>;
  static constexpr Eigen::Index lanes = static_cast<Eigen::Index>(sizeof(packet) / sizeof(T));
  static constexpr int registers = 3;
  static constexpr Eigen::Index width = registers * lanes;
  static constexpr Eigen::Index tile = 64;  // keys whose logits are in the nearest cache together; a multiple of eight
};

// Loads what is read several times once: GCC 12 folds a load into each use, and the loads then take longer than the sums.
template <class P>
LIBRATION_INLINE void keep_in_register([[maybe_unused]] P& p) {
#if defined(__GNUC__) && defined(EIGEN_VECTORIZE_SSE)
  asm("" : "+x"(p));
#endif
}

/// logits[j·width + q] = sum_i packed[i·width + q] keys[j·stride + i] for the queries of the first `registers` registers.
///
/// \param packed  shape (width, d), the queries, scaled
/// \param keys    `count` vectors of size d, `stride` apart
/// \param logits  room for `count` rounded up to a multiple of eight
///
/// Each sum runs over i in order, whatever the width of the registers. (Eigen's product would copy the keys into its own
/// order once for every strip.)
template <int registers, class T>
void strip_logits(const T* packed, Eigen::Index d, const T* keys, Eigen::Index stride, Eigen::Index count, T* logits) {
  using P = packet_of<T>;
  using Eigen::internal::ploadu, Eigen::internal::pstoreu;
  using libration::detail::unrolled, libration::detail::multiply_add, libration::detail::broadcast;
  constexpr int at_once = registers == 1 ? 8 : 4;
  constexpr auto row = static_cast<std::size_t>(registers);
  constexpr Eigen::Index width = strip<T>::width, lanes = strip<T>::lanes;
  for (Eigen::Index j = 0; j < count; j += at_once) {
    const T* key[std::size_t{at_once}];
    for (int k = 0; k < at_once; ++k) key[k] = keys + std::min(j + k, count - 1) * stride;
    P sum[at_once * row];
    unrolled<at_once * registers>([&](auto n) LIBRATION_INLINE_LAMBDA { sum[n] = P{}; });
    for (Eigen::Index i = 0; i < d; ++i) {
      P query[row];
      unrolled<registers>([&](auto r) LIBRATION_INLINE_LAMBDA {
        query[r] = ploadu<P>(packed + i * width + static_cast<Eigen::Index>(r) * lanes);
        keep_in_register(query[r]);
      });
      unrolled<at_once>([&](auto k) LIBRATION_INLINE_LAMBDA {
        const P component = broadcast<P>(key[k][i]);
        unrolled<registers>([&](auto r) LIBRATION_INLINE_LAMBDA {
          sum[k * row + r] = multiply_add<P>(query[r], component, sum[k * row + r]);
        });
      });
    }
    unrolled<at_once>([&](auto k) LIBRATION_INLINE_LAMBDA {
      unrolled<registers>([&](auto r) LIBRATION_INLINE_LAMBDA {
        pstoreu<T>(logits + (j + static_cast<Eigen::Index>(k)) * width + static_cast<Eigen::Index>(r) * lanes,
                   sum[k * row + r]);
      });
    });
  }
}

/// The same for the first `queries` of a strip. \return the registers that hold them
template <class T>
Eigen::Index strip_logits(Eigen::Index queries, const T* packed, Eigen::Index d, const T* keys, Eigen::Index stride,
                          Eigen::Index count, T* logits) {
  if (queries <= strip<T>::lanes) {
    strip_logits<1>(packed, d, keys, stride, count, logits);
    return 1;
  }
  strip_logits<strip<T>::registers>(packed, d, keys, stride, count, logits);
  return strip<T>::registers;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
