// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what tangent/careful_gram_schmidt.hpp declares.

#include <cmath>
#include <limits>

#include <libration/core/config.hpp>
#include <libration/tangent/careful_gram_schmidt.hpp>

namespace libration::inline LIBRATION_ABI::tangent::detail {

LIBRATION_DEFINED bool careful_gram_schmidt(double* v, int n, int count, double epsilon, double* pivot, double* squared_norm,
                                            double* squared_pivot) {
  for (int i = 0; i < n * count; ++i)
    if (!std::isfinite(v[i])) return false;
  const auto dot = [n](const double* a, const double* b) {
    double sum = 0;
    for (int i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
  };
  const auto project = [&](double* w, int last, int but) {
    for (int pass = 0; pass < 2; ++pass)
      for (int j = 0; j < last; ++j) {
        if (j == but) continue;
        const double* q = v + j * n;
        const double overlap = dot(q, w);
        for (int i = 0; i < n; ++i) w[i] -= overlap * q[i];
      }
  };
  const auto scale = [n](double* w, double factor) {
    for (int i = 0; i < n; ++i) w[i] *= factor;
  };
  for (int j = 0; j < count; ++j) {
    double* w = v + j * n;
    double largest = 0;
    for (int i = 0; i < n; ++i) largest = std::fmax(largest, std::fabs(w[i]));
    const int exponent = largest > 0 ? std::ilogb(largest) : 0;
    for (int i = 0; i < n; ++i) w[i] = std::ldexp(w[i], -exponent);
    squared_norm[j] = dot(w, w);
    project(w, j, -1);  // columns that are not resolved are zero here
    squared_pivot[j] = dot(w, w);
    const double length = std::sqrt(squared_pivot[j]);
    if (length > n * epsilon * std::sqrt(squared_norm[j])) {
      pivot[j] = std::ldexp(length, exponent);
      scale(w, 1 / length);
    } else {
      pivot[j] = -std::ldexp(n * epsilon * std::sqrt(squared_norm[j]), exponent);
      squared_norm[j] = squared_pivot[j] = 1;
      scale(w, 0);
    }
  }
  // Each starts from the axis that the others cover least: its remainder is at least 1/n.
  for (int j = 0; j < count; ++j) {
    if (pivot[j] > 0) continue;
    int axis = 0;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i < n; ++i) {
      double covered = 0;
      for (int c = 0; c < count; ++c) covered += v[c * n + i] * v[c * n + i];
      if (covered < least) {
        least = covered;
        axis = i;
      }
    }
    double* w = v + j * n;
    w[axis] = 1;
    project(w, count, j);
    scale(w, 1 / std::sqrt(dot(w, w)));
  }
  return true;
}

}  // namespace libration::inline LIBRATION_ABI::tangent::detail
