// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// exp, log, sin, cos, tan and tanh of one register of doubles or floats, in SIMD.
///
/// Eigen 3.4 has no sin, cos and tanh for double, and its exp, log and tanh return wrong numbers for denormals, are off
/// by 4 to 7 ulp in float, or differ between instruction sets; hence these. Each is the classical scheme: reduce the
/// argument, evaluate a polynomial, undo the reduction. The polynomials are Chebyshev interpolants on the reduced
/// interval, derived here, rounded to the type. Infinities, NaN, signed zeros and denormals are treated as by the
/// standard library. Accuracy: see `lanes_math.hpp`.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/packet.hpp>

namespace libration::inline LIBRATION_ABI::detail {

// The constants of the schemes, by type. `half_pi` and `ln2` are sums of parts whose first ones have so many trailing
// zeros that their product with the whole number they are multiplied with is exact.
template <class T>
struct math_constants;

template <>
struct math_constants<double> {
  using bits = std::uint64_t;
  static constexpr double rounder = 0x1.8p52;  // adding and subtracting it rounds to the nearest whole number
  static constexpr double half_pi[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69, 0x1.b839a252049c1p-104};
  static constexpr double ln2[] = {0x1.62e42fefa2p-1, 0x1.9ef35793c7673p-41};
  static constexpr double sin_limit = 0x1p20;  // beyond, the quotient by π/2 has more bits than half_pi leaves room for
  static constexpr double exp_lowest = -746, exp_highest = 710;  // beyond, exp is 0 and infinity
  // (sin √z / √z - 1) / z and (cos √z - 1 + z/2) / z² for √z ≤ π/4; (tanh √z / √z - 1) / z for √z ≤ 0.55
  static constexpr double sin[] = {-0.16666666666666666,   0.0083333333333333315,   -0.00019841269841265041,
                                   2.7557319219320579e-06, -2.5052106225994401e-08, 1.6058530596645953e-10,
                                   -7.5866368828251592e-13};
  static constexpr double cos[] = {0.041666666666666664,    -0.0013888888888887389, 2.48015872987544e-05,
                                   -2.7557317265878082e-07, 2.0876145049413178e-09, -1.138254464534925e-11};
  static constexpr double tanh[] = {-0.33333333333333331,   0.13333333333332714,    -0.053968253967434016,
                                    0.021869488493666944,   -0.0088632343978143555, 0.0035921103786890241,
                                    -0.0014556618301007161, 0.00058893605200740573, -0.0002346347410887237,
                                    8.5113136855776721e-05, -2.060276537636634e-05};
  // (exp r - 1 - r) / r² for |r| ≤ ln(2) / 2; 2 (artanh √z / √z - 1) / z for √z ≤ (√2 - 1) / (√2 + 1)
  static constexpr double exp[] = {0.5,
                                   0.16666666666666671,
                                   0.041666666666666671,
                                   0.0083333333333260248,
                                   0.001388888888888367,
                                   0.00019841269875205077,
                                   2.4801587325822283e-05,
                                   2.7557254913486701e-06,
                                   2.7557273295539724e-07,
                                   2.5105419192016337e-08,
                                   2.091483135138041e-09};
  static constexpr double log[] = {0.66666666666666663, 0.40000000000000885, 0.28571428570799784, 0.22222222392581045,
                                   0.18181795547521137, 0.15386244737621665, 0.13268638369266825, 0.13088034850927555};
};

template <>
struct math_constants<float> {
  using bits = std::uint32_t;
  static constexpr float rounder = 0x1.8p23f;
  static constexpr float half_pi[] = {0x1.92p+0f, 0x1.fb4p-12f, 0x1.444p-24f, 0x1.68c234p-39f};
  static constexpr float ln2[] = {0x1.62e4p-1f, 0x1.7f7d1cp-20f};
  static constexpr float sin_limit = 0x1p13f;
  static constexpr float exp_lowest = -104, exp_highest = 89;
  static constexpr float sin[] = {-0.166666672f, 0.00833333191f, -0.000198400841f, 2.72496209e-06f};
  static constexpr float cos[] = {0.0416666642f, -0.00138883013f, 2.45476895e-05f};
  static constexpr float tanh[] = {-0.333333313f, 0.133331135f, -0.0539094284f, 0.0213093888f, -0.00661022775f};
  static constexpr float exp[] = {0.5f, 0.166665763f, 0.0416665524f, 0.00836329255f, 0.00139263261f};
  static constexpr float log[] = {0.666666687f, 0.400001228f, 0.285507798f, 0.233316138f};
};

// The register as unsigned integers of the same width.
template <class P>
struct packet_bits {
  typedef typename math_constants<element_t<P>>::bits type [[gnu::vector_size(sizeof(P))]];
};
template <class P>
using packet_bits_t = typename packet_bits<P>::type;

template <class P>
LIBRATION_INLINE packet_bits_t<P> to_bits(const P& x) {
  return reinterpret_cast<packet_bits_t<P>>(x);
}
template <class P>
LIBRATION_INLINE P from_bits(const packet_bits_t<P>& bits) {
  return reinterpret_cast<P>(bits);
}
template <class P>
LIBRATION_INLINE packet_bits_t<P> same_bits(element_t<P> x) {
  return packet_bits_t<P>{} + std::bit_cast<typename math_constants<element_t<P>>::bits>(x);
}

/// \return a b + c, in one rounding where the machine has that
template <class P>
LIBRATION_INLINE P multiply_add(const P& a, const P& b, const P& c) {
  return Eigen::internal::pmadd<P>(a, b, c);
}

/// \return c[0] + c[1] z + c[2] z² + ..., even and odd powers apart: half the latency of Horner's rule
template <class P, class T, std::size_t n>
LIBRATION_INLINE P polynomial(const P& z, const T (&c)[n]) {
  const P square = z * z;
  P even = broadcast<P>(c[(n - 1) / 2 * 2]), odd = broadcast<P>(c[n / 2 * 2 - 1]);
  unrolled<static_cast<int>((n - 1) / 2)>([&](auto i) LIBRATION_INLINE_LAMBDA {
    even = multiply_add<P>(even, square, broadcast<P>(c[(n - 1) / 2 * 2 - 2 - 2 * i]));
  });
  unrolled<static_cast<int>(n / 2 - 1)>([&](auto i) LIBRATION_INLINE_LAMBDA {
    odd = multiply_add<P>(odd, square, broadcast<P>(c[n / 2 * 2 - 3 - 2 * i]));
  });
  return multiply_add<P>(odd, z, even);
}

template <class P>
LIBRATION_INLINE packet_bits_t<P> sign_of(const P& x) {
  return to_bits(x) & same_bits<P>(element_t<P>(-0.0));
}
/// \return x, negated where y is negative
template <class P>
LIBRATION_INLINE P times_sign(const P& x, const P& y) {
  return from_bits<P>(to_bits(x) ^ sign_of(y));
}
template <class P>
LIBRATION_INLINE P absolute(const P& x) {
  return from_bits<P>(to_bits(x) & ~same_bits<P>(element_t<P>(-0.0)));
}

/// exp x = 2^n exp r with x = n ln 2 + r. The power is applied in two halves: it can leave the range where exp does
/// not.
template <class P>
LIBRATION_INLINE P packet_exp(const P& x) {
  using T = element_t<P>;
  using c = math_constants<T>;
  const P lowest = broadcast<P>(c::exp_lowest), highest = broadcast<P>(c::exp_highest);
  const P above = x < lowest ? lowest : x;
  const P inside = above > highest ? highest : above;
  const P rounder = broadcast<P>(c::rounder);
  const P n = multiply_add<P>(inside, broadcast<P>(T(1.4426950408889634)), rounder) - rounder;
  const P r = multiply_add<P>(-n, broadcast<P>(c::ln2[1]), multiply_add<P>(-n, broadcast<P>(c::ln2[0]), inside));
  const P exp_r = T(1) + multiply_add<P>(r * r, polynomial(r, c::exp), r);
  const auto power = [](const P& rounded) LIBRATION_INLINE_LAMBDA {
    return from_bits<P>((to_bits(rounded) << (std::numeric_limits<T>::digits - 1)) + same_bits<P>(T(1)));
  };
  const P half = multiply_add<P>(n, broadcast<P>(T(0.5)), rounder);
  const P rest = (n - (half - rounder)) + rounder;
  return exp_r * power(half) * power(rest);
}

/// log x = e ln 2 + log m with x = 2^e m, √½ ≤ m < √2, and log m = 2 artanh(s), s = (m-1)/(m+1).
/// Source: the arrangement of the sum is that of fdlibm's e_log.c (Sun Microsystems, 1993).
template <class P>
LIBRATION_INLINE P packet_log(const P& x) {
  using T = element_t<P>;
  using c = math_constants<T>;
  constexpr int fraction = std::numeric_limits<T>::digits - 1;
  constexpr T scale = T(typename c::bits{1} << fraction);
  const auto is_denormal = x < std::numeric_limits<T>::min();
  const P normal = is_denormal ? x * scale : x;
  const P shift = is_denormal ? broadcast<P>(T(fraction)) : broadcast<P>(T(0));
  // The exponent counted from √½, so that what is left lies around 1; biased by 1 to stay positive, it is read as the
  // low bits of a float above 2^fraction.
  const packet_bits_t<P> from_root = to_bits(normal) - same_bits<P>(T(0.70710678118654752)) + same_bits<P>(T(1));
  const packet_bits_t<P> exponent = from_root >> fraction;
  const P e = from_bits<P>(exponent | same_bits<P>(scale)) -
              (scale + T(std::bit_cast<typename c::bits>(T(1)) >> fraction)) - shift;
  const P m = from_bits<P>(to_bits(normal) - (exponent << fraction) + same_bits<P>(T(1)));
  const P f = m - T(1);
  const P s = f / (m + T(1));
  const P z = s * s;
  const P half_square = T(0.5) * f * f;
  const P r = z * polynomial(z, c::log);
  const P low = multiply_add<P>(s, half_square + r, e * c::ln2[1]);
  const P result = e * c::ln2[0] - ((half_square - low) - f);
  const P infinity = broadcast<P>(std::numeric_limits<T>::infinity());
  const P nan = broadcast<P>(std::numeric_limits<T>::quiet_NaN());
  const P at_edges = x == T(0) ? -infinity : (x == infinity ? x : nan);
  return x > T(0) && x < infinity ? result : at_edges;
}

/// size = n π/2 + r + rest with |r| ≤ π/4, and the sine and cosine of r + rest.
/// Source: the correction by the rest is that of fdlibm's k_sin.c and k_cos.c (Sun Microsystems, 1993).
template <class P>
struct quadrant {
  using T = element_t<P>;
  using c = math_constants<T>;
  P sine, cosine;
  packet_bits_t<P> n;

  explicit LIBRATION_INLINE quadrant(const P& size) {
    const P rounded = multiply_add<P>(size, broadcast<P>(T(0.63661977236758138)), broadcast<P>(c::rounder));
    n = to_bits(rounded);
    const P minus_n = c::rounder - rounded;
    const auto plus_part = [&](int i, const P& y) LIBRATION_INLINE_LAMBDA {
      return multiply_add<P>(minus_n, broadcast<P>(c::half_pi[i]), y);
    };
    // Near a multiple of π/2 the leading parts cancel, exactly; elsewhere what rounding loses is kept.
    const P first = plus_part(0, size);
    const P second = plus_part(1, first);
    const P third = plus_part(2, second);
    const P lost = plus_part(1, first - second) + plus_part(2, second - third);
    const P tail = plus_part(3, lost);
    const P r = third + tail;
    const P rest = (third - r) + tail;
    const P z = r * r, half = T(0.5) * z, rough = T(1) - half;
    sine = r + multiply_add<P>(r * z, polynomial(z, c::sin), multiply_add<P>(-half, rest, rest));
    cosine = rough + multiply_add<P>(z * z, polynomial(z, c::cos), multiply_add<P>(-r, rest, (T(1) - rough) - half));
  }

  // Where n + first is odd, and the sign bit where n + first is 2 or 3 modulo 4.
  LIBRATION_INLINE auto odd(unsigned first) const { return ((n + first) & 1) != 0; }
  LIBRATION_INLINE packet_bits_t<P> negative(unsigned first) const {
    return ((n + first) & 2) << (8 * sizeof(T) - 2);
  }
};

// Replaces, element by element, what the SIMD form does not cover: |x| beyond the limit, infinity and NaN.
template <class P, class F>
[[gnu::noinline, gnu::cold]] P replace_beyond(element_t<P> limit, const P& x, P result, F f) {
  for (std::size_t i = 0; i < sizeof(P) / sizeof(element_t<P>); ++i)
    if (!(std::abs(x[i]) < limit)) result[i] = f(x[i]);
  return result;
}

template <class P>
LIBRATION_INLINE P packet_sin(const P& x) {
  using T = element_t<P>;
  constexpr T limit = math_constants<T>::sin_limit;
  const P size = absolute(x);
  const quadrant<P> q(size);
  const P result = from_bits<P>(to_bits(q.odd(0) ? q.cosine : q.sine) ^ q.negative(0) ^ sign_of(x));
  if (mask_all(size < limit)) [[likely]]
    return result;
  return replace_beyond<P>(limit, x, result, [](T s) { return std::sin(s); });
}

template <class P>
LIBRATION_INLINE P packet_cos(const P& x) {
  using T = element_t<P>;
  constexpr T limit = math_constants<T>::sin_limit;
  const P size = absolute(x);
  const quadrant<P> q(size);
  const P result = from_bits<P>(to_bits(q.odd(1) ? q.cosine : q.sine) ^ q.negative(1));
  if (mask_all(size < limit)) [[likely]]
    return result;
  return replace_beyond<P>(limit, x, result, [](T s) { return std::cos(s); });
}

template <class P>
LIBRATION_INLINE P packet_tan(const P& x) {
  using T = element_t<P>;
  constexpr T limit = math_constants<T>::sin_limit;
  const P size = absolute(x);
  const quadrant<P> q(size);
  const auto odd = q.odd(0);
  const P result = times_sign<P>((odd ? -q.cosine : q.sine) / (odd ? q.sine : q.cosine), x);
  if (mask_all(size < limit)) [[likely]]
    return result;
  return replace_beyond<P>(limit, x, result, [](T s) { return std::tan(s); });
}

/// A polynomial for |x| < 0.55, beyond it 1 - 2 / (exp 2|x| + 1), whose terms lose nothing there.
template <class P>
LIBRATION_INLINE P packet_tanh(const P& x) {
  using T = element_t<P>;
  const P size = absolute(x), z = x * x;
  const P near_zero = multiply_add<P>(size * z, polynomial(z, math_constants<T>::tanh), size);
  const P beyond = T(1) - T(2) / (packet_exp<P>(size + size) + T(1));
  return times_sign<P>(size < T(0.55) ? near_zero : beyond, x);
}

}  // namespace libration::inline LIBRATION_ABI::detail
