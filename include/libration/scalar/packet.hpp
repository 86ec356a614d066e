// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The register that a group of lanes lives in: Eigen's widest packet that divides the lanes, used by plain operators.

#include <cmath>
#include <cstddef>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::detail {

// GCC's and clang's SIMD types have operators, with the meaning that the scalar's have in each element. Where the
// compiler has none (MSVC), the packet is the scalar itself and the loops over it are left to the compiler.
template <class P>
concept packet_with_operators = requires(P a, P b) {
  (a < b) ? a + b* a / b - a : b;
};

template <class T, int N>
struct packet {
 private:
  using best = typename Eigen::internal::find_best_packet<T, N>::type;
  static constexpr int best_size = Eigen::internal::unpacket_traits<best>::size;
  static constexpr bool fits = N % best_size == 0 && packet_with_operators<best>;

 public:
  using type = std::conditional_t<fits, best, T>;
  using mask = std::remove_cvref_t<decltype(std::declval<type>() < std::declval<type>())>;
  static constexpr int size = fits ? best_size : 1;
  static constexpr int count = N / size;
};

template <class P>
using element_t = typename Eigen::internal::unpacket_traits<P>::type;

template <class P>
LIBRATION_INLINE P broadcast(element_t<P> value) {
  return Eigen::internal::pset1<P>(value);
}

// The logic of masks: bool for a scalar, else a vector of integers that are 0 or -1.
template <class M>
LIBRATION_INLINE M mask_and(const M& a, const M& b) {
  return static_cast<M>(a & b);
}
template <class M>
LIBRATION_INLINE M mask_or(const M& a, const M& b) {
  return static_cast<M>(a | b);
}
template <class M>
LIBRATION_INLINE M mask_not(const M& a) {
  if constexpr (std::is_same_v<M, bool>)
    return !a;
  else
    return ~a;
}
template <class M>
LIBRATION_INLINE M mask_fill(bool value) {
  if constexpr (std::is_same_v<M, bool>)
    return value;
  else
    return value ? ~M{} : M{};
}
template <class M>
LIBRATION_INLINE bool mask_at(const M& a, std::size_t i) {
  if constexpr (std::is_same_v<M, bool>)
    return a;
  else
    return a[i] != 0;
}

// \return whether the condition holds in every element
template <class M>
LIBRATION_INLINE bool mask_all(const M& m) {
  if constexpr (std::is_same_v<M, bool>) {
    return m;
  } else {
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (sizeof(M) == 64) {
      const __m512i words = reinterpret_cast<__m512i>(m);
      return _mm512_test_epi32_mask(words, words) == 0xffff;
    }
#endif
#if defined(EIGEN_VECTORIZE_AVX)
    if constexpr (sizeof(M) == 32) return _mm256_movemask_ps(reinterpret_cast<__m256>(m)) == 0xff;
#endif
#if defined(EIGEN_VECTORIZE_SSE)
    if constexpr (sizeof(M) == 16) return _mm_movemask_ps(reinterpret_cast<__m128>(m)) == 0xf;
#endif
    bool every = true;
    for (std::size_t i = 0; i < sizeof(M) / sizeof(m[0]); ++i) every = every && m[i] != 0;
    return every;
  }
}

// The square root rounded as IEEE 754 has it. (Eigen's own for AVX-512 is an iteration that is off by a unit.)
template <class P>
LIBRATION_INLINE P packet_sqrt(const P& x) {
  if constexpr (std::is_same_v<P, element_t<P>>) {
    return std::sqrt(x);
  } else {
    P root = x;
    for (std::size_t i = 0; i < Eigen::internal::unpacket_traits<P>::size; ++i) root[i] = std::sqrt(x[i]);
    return root;
  }
}
#if defined(EIGEN_VECTORIZE_SSE)
LIBRATION_INLINE __m128d packet_sqrt(const __m128d& x) { return _mm_sqrt_pd(x); }
LIBRATION_INLINE __m128 packet_sqrt(const __m128& x) { return _mm_sqrt_ps(x); }
#endif
#if defined(EIGEN_VECTORIZE_AVX)
LIBRATION_INLINE __m256d packet_sqrt(const __m256d& x) { return _mm256_sqrt_pd(x); }
LIBRATION_INLINE __m256 packet_sqrt(const __m256& x) { return _mm256_sqrt_ps(x); }
#endif
#if defined(EIGEN_VECTORIZE_AVX512)
LIBRATION_INLINE __m512d packet_sqrt(const __m512d& x) { return _mm512_sqrt_pd(x); }
LIBRATION_INLINE __m512 packet_sqrt(const __m512& x) { return _mm512_sqrt_ps(x); }
#endif

// 1 / sqrt(x) for positive normal x, within 1.5 units in the last place.
template <class P>
LIBRATION_INLINE P packet_inverse_sqrt(const P& x) {
  return broadcast<P>(element_t<P>(1)) / packet_sqrt(x);
}
#if defined(EIGEN_VECTORIZE_AVX512)
// From 14 bits: (1 - e)^(-1/2) to third order in e = 1 - x y², 2^-13 at most.
LIBRATION_INLINE __m512d packet_inverse_sqrt(const __m512d& x) {
  const __m512d y = _mm512_rsqrt14_pd(x);
  const __m512d e = _mm512_fnmadd_pd(x * y, y, _mm512_set1_pd(1.0));
  const __m512d higher = _mm512_fmadd_pd(e, _mm512_set1_pd(0.3125), _mm512_set1_pd(0.375));
  return _mm512_fmadd_pd(y * e, _mm512_fmadd_pd(e, higher, _mm512_set1_pd(0.5)), y);
}
#endif

}  // namespace libration::inline LIBRATION_ABI::detail
