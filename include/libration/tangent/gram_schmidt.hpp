// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Orthonormalisation of a small frame, V = Q R, in place: Gram-Schmidt twice, on numbers or on SIMD lanes.

#include <cmath>
#include <cstddef>
#include <type_traits>

#include <libration/core/config.hpp>
#include <libration/scalar/inline.hpp>
#include <libration/scalar/select.hpp>
#include <libration/scalar/state.hpp>
#include <libration/scalar/traits.hpp>
#include <libration/tangent/careful_gram_schmidt.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// What `gram_schmidt` found, in each lane by itself.
template <class T, int k>
struct small_triangle {
  /// R_ii: positive; where the column is unresolved, minus its upper bound n eps |v_i|: 0 where the column was zero; NaN in every
  /// column where an entry of the frame is not finite; 1 beyond the columns in use
  T pivot[std::size_t{k}];

  /// The squares behind `ratio`: of the columns' norms, and of the pivots, in units of the column's own.
  T squared_norm[std::size_t{k}], squared_pivot[std::size_t{k}];

  /// max |v_i| / R_ii over the resolved columns: how far the columns have become parallel, at least 1; NaN where a
  /// pivot is. Costs k divisions and a square root.
  T ratio() const {
    using std::sqrt;
    T worst(1.0);
    for (int j = 1; j < k; ++j) {
      const T square = squared_norm[j] / squared_pivot[j];
      worst = select(square < worst, worst, square);
    }
    return sqrt(worst);
  }
  /// |v_j| / R_jj; 1 where column j is unresolved.
  T ratio(int j) const {
    using std::sqrt;
    return sqrt(squared_norm[j] / squared_pivot[j]);
  }

  /// Where column j has a pivot of at most n eps |v_j|.
  typename scalar_traits<T>::mask unresolved(int j) const { return pivot[j] <= T(0.0); }
};

namespace detail {

// Loops up to this length are written out.
inline constexpr int written_out = 8;

template <int count, class Body>
LIBRATION_INLINE void each(const Body& body) {
  if constexpr (count <= written_out)
    libration::detail::unrolled<count>(
        [&](auto i) LIBRATION_INLINE_LAMBDA { body(std::integral_constant<int, static_cast<int>(i)>{}); });
  else
    for (int i = 0; i < count; ++i) body(i);
}

template <int count, class Body>
LIBRATION_INLINE void each_before(std::integral_constant<int, count>, const Body& body) {
  each<count>(body);
}
template <class Body>
LIBRATION_INLINE void each_before(int count, const Body& body) {
  for (int i = 0; i < count; ++i) body(i);
}

template <class T, int n>
LIBRATION_INLINE T dot(const state<T, n>& a, const state<T, n>& b) {
  T sum = a[0] * b[0];
  each<n - 1>([&](auto i) LIBRATION_INLINE_LAMBDA { sum += a[i + 1] * b[i + 1]; });
  return sum;
}

template <class T, int n>
LIBRATION_INLINE void subtract(state<T, n>& v, const T& factor, const state<T, n>& q) {
  each<n>([&](auto i) LIBRATION_INLINE_LAMBDA { v[i] -= factor * q[i]; });
}

// Whether column j is the last of a square frame and cheaper had from the others.
template <int n, int k, class J>
inline constexpr bool completes = false;
template <int n, int j>
inline constexpr bool completes<n, n, std::integral_constant<int, j>> = (n == 2 || n == 3) && j == n - 1;

// The unit vector orthogonal to the columns before the last, as far as these are orthonormal.
template <class T, class Last>
LIBRATION_INLINE state<T, 2> complement(const state<T, 2> (&q)[2], Last /*column*/) {
  return {-q[0][1], q[0][0]};
}
template <class T, class Last>
LIBRATION_INLINE state<T, 3> complement(const state<T, 3> (&q)[3], Last /*column*/) {
  const auto &a = q[0], &b = q[1];
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

// x with its sign changed where `side` is negative.
template <class T>
LIBRATION_INLINE T turned(const T& x, const T& side) {
  return select(side < T(0.0), -x, x);
}
template <class T, int N>
LIBRATION_INLINE lanes<T, N> turned(const lanes<T, N>& x, const lanes<T, N>& side) {
  using packet = typename lanes<T, N>::packet;
  if constexpr (std::is_same_v<packet, T>)
    return select(side < T(0), -x, x);
  else
    return lanes<T, N>::map(
        [](const packet& a, const packet& b) LIBRATION_INLINE_LAMBDA {
          return Eigen::internal::pxor(a, Eigen::internal::pand(b, Eigen::internal::pset1<packet>(-T(0))));
        },
        x, side);
}

// Q and R of a frame in which nothing is out of the ordinary; elsewhere, anything. `exact`: square roots and divisions as IEEE
// 754 has them, the same digits in lanes of any width.
template <bool exact, class T, int n, std::size_t columns>
LIBRATION_INLINE void factor_ordinary(const state<T, n> (&v)[columns], int count, state<T, n> (&q)[columns],
                                      small_triangle<T, static_cast<int>(columns)>& r) {
  using std::sqrt;
  constexpr int k = static_cast<int>(columns);
  // j: a number known at compile time where the loops are written out
  const auto column = [&](auto j) LIBRATION_INLINE_LAMBDA {
    r.squared_norm[j] = dot(v[j], v[j]);
    if constexpr (completes<n, k, decltype(j)>) {
      const state<T, n> w = complement(q, j);
      const T overlap = dot(w, v[j]);
      using std::abs;
      r.pivot[j] = abs(overlap);
      r.squared_pivot[j] = overlap * overlap;
      each<n>([&](auto i) LIBRATION_INLINE_LAMBDA { q[j][i] = turned(w[i], overlap); });
    } else {
      state<T, n> w = v[j];
      for (int pass = 0; pass < 2; ++pass) {
        T overlap[columns];
        each_before(j, [&](auto i) LIBRATION_INLINE_LAMBDA { overlap[i] = dot(q[i], w); });
        each_before(j, [&](auto i) LIBRATION_INLINE_LAMBDA { subtract(w, overlap[i], q[i]); });
      }
      r.squared_pivot[j] = dot(w, w);
      T inverse;
      if constexpr (exact || !requires { inverse_sqrt(r.squared_pivot[j]); }) {
        r.pivot[j] = sqrt(r.squared_pivot[j]);
        inverse = T(1.0) / r.pivot[j];
      } else {
        inverse = inverse_sqrt(r.squared_pivot[j]);
        r.pivot[j] = r.squared_pivot[j] * inverse;
      }
      each<n>([&](auto i) LIBRATION_INLINE_LAMBDA { q[j][i] = w[i] * inverse; });
    }
  };
  constexpr bool few = k <= 4;
  if (few && count == k) {
    if constexpr (few) each<k>(column);
  } else {
    for (int j = 0; j < count; ++j) column(j);
    for (int j = count; j < k; ++j) r.pivot[j] = r.squared_norm[j] = r.squared_pivot[j] = T(1.0);
  }
}

}  // namespace detail

/// Replaces the columns v of a frame by Q where V = Q R, QᵀQ = I, R upper triangular with a positive diagonal.
///
/// A column whose pivot is at most n eps |v| is unresolved: its pivot is not positive, its Q column is a unit vector orthogonal to
/// all others, and the columns after it are not projected on that vector. A lane with an infinity or a NaN is left
/// alone. What happens in one lane depends on nothing in the others, and is what happens to plain numbers, bit by bit
/// where the compiler does not contract products and sums.
///
/// \param v     columns of n components, k <= n; a frame whose first `count` columns are in use, 1 <= count <= k
/// Accuracy:  QᵀQ - I is below 4 n eps, R_ii right to 2 n k eps |v_i| (tests/tangent/gram_schmidt.test.cpp)
/// Cost:      4 n k² operations, a square root and a division a column; full frames of n = 2 and 3 get their last
///            column from the others, in n operations. With eight lanes 1 ns a frame of n = 2, 2.5 ns of n = 3. Lanes
///            out of the ordinary (an unresolved column, squares that would overflow) are redone one by one.
/// Source:    Giraud, Langou, Rozložník, van den Eshof, "Rounding error analysis of the classical Gram-Schmidt
///            orthogonalization process", Numer. Math. 101 (2005): why the second pass is enough, and why products with
///            columns that are orthonormal to rounding may be taken all at once
template <class T, int n, std::size_t columns>
LIBRATION_INLINE small_triangle<T, static_cast<int>(columns)> gram_schmidt(state<T, n> (&v)[columns],
                                                                           int count = static_cast<int>(columns)) {
  constexpr int k = static_cast<int>(columns);
  static_assert(k <= n, "libration::tangent::gram_schmidt: more columns than components");
  using base = typename scalar_traits<T>::base;
  constexpr detail::careful_range<base> range{};
  constexpr double least = double(n) * n * double(range.epsilon) * double(range.epsilon);

  small_triangle<T, k> r;
  state<T, n> q[columns];
  detail::factor_ordinary<true>(v, count, q, r);
  bool ordinary = true;
  for (int j = 0; j < count; ++j)
    ordinary = ordinary && all(r.squared_norm[j] >= T(range.low)) && all(r.squared_norm[j] <= T(range.high)) &&
               all(r.squared_pivot[j] > T(least) * r.squared_norm[j]);
  if (!ordinary) [[unlikely]]
    detail::redo_careful(v, q, r, count);
  for (int j = 0; j < count; ++j) v[j] = q[j];
  return r;
}

/// The same where the caller makes sure, before or afterwards, that no column is unresolved and that the squares of the
/// columns' norms stay in range: what it returns elsewhere means nothing. The inverse square roots of lanes may be a unit in
/// the last place off (`inverse_sqrt`), and then have other digits than those of plain numbers.
template <class T, int n, std::size_t columns>
LIBRATION_INLINE small_triangle<T, static_cast<int>(columns)> ordinary_gram_schmidt(state<T, n> (&v)[columns]) {
  small_triangle<T, static_cast<int>(columns)> r;
  state<T, n> q[columns];
  detail::factor_ordinary<false>(v, static_cast<int>(columns), q, r);
  detail::each<static_cast<int>(columns)>([&](auto j) LIBRATION_INLINE_LAMBDA { v[j] = q[j]; });
  return r;
}

}  // namespace libration::inline LIBRATION_ABI::tangent
