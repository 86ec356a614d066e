// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How far a computed number is from the true one, in units in the last place of the true one.

#include <algorithm>
#include <cmath>
#include <limits>

namespace libration_test {

/// \return |computed - exact| in units in the last place (T's spacing at `exact`, the denormals' below the normal
/// range);
///         0 where both are NaN or the same infinity, infinity where only one is
template <class T>
double ulps(T computed, long double exact) {
  const T rounded = static_cast<T>(exact);
  if (std::isnan(exact) || std::isinf(rounded)) {
    const bool same = std::isnan(exact) ? std::isnan(computed) : computed == rounded;
    return same ? 0.0 : std::numeric_limits<double>::infinity();
  }
  int exponent = std::numeric_limits<T>::min_exponent;
  if (rounded != T(0)) {
    int own = 0;
    std::frexp(rounded, &own);
    exponent = std::max(exponent, own);
  }
  const long double unit = std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::fabs(static_cast<long double>(computed) - exact) / unit);
}

}  // namespace libration_test
