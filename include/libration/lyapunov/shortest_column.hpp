// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The size of the shortest column of a frame, cheaply.

#include <cmath>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/scalar/select.hpp>
#include <libration/tangent/formula_system.hpp>
#include <libration/tangent/frame.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// \return the smallest, over the columns, of a column's largest |component|, in each lane; anything where one is not finite
/// Cost:   2 n k operations
template <class T, int n, int K>
tangent::growth_type<T> shortest_column(const tangent::small_frame<T, n, K>& frame) {
  using std::abs;
  T shortest(0.0);
  for (int j = 0; j < frame.count; ++j) {
    T size = abs(frame.column[j][0]);
    for (int i = 1; i < n; ++i) {
      const T other = abs(frame.column[j][i]);
      size = select(size < other, other, size);
    }
    shortest = j == 0 ? size : select(size < shortest, size, shortest);
  }
  return tangent::to_growth(shortest);
}
template <class Scalar>
double shortest_column(const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& frame) {
  return static_cast<double>(frame.cwiseAbs().colwise().maxCoeff().minCoeff());
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
