// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/shifted_sums.hpp declares.

#include <cmath>
#include <limits>

#include <libration/attention/detail/shifted_sums.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void shifted_sums::lower(double d) {
  d = d < lowest ? lowest : d;
  const double factor = std::exp(d), total = 1.0 + rest;
  square = factor * factor * (1.0 + square);
  second = factor * (second + d * (2.0 * first + d * total));
  first = factor * (first + d * total);
  rest = factor * total;
}

LIBRATION_DEFINED void shifted_sums::add(double s) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (s == -infinity) return;
  if (!(s < infinity)) spoil();
  if (count++ == 0) {
    if (s < infinity) top = s;
  } else if (s > top) {
    lower(top - s);
    top = s;
  } else {
    const double d = s - top < lowest ? lowest : s - top, weight = std::exp(d);
    rest += weight;
    first += d * weight;
    second += d * d * weight;
    square += weight * weight;
  }
}

LIBRATION_DEFINED void shifted_sums::merge(const shifted_sums& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  shifted_sums smaller = other;
  if (other.top > top) {
    smaller = *this;
    *this = other;
  }
  smaller.lower(smaller.top - top);
  rest += smaller.rest;
  first += smaller.first;
  second += smaller.second;
  square += smaller.square;
  count += smaller.count;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
