// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The tangent of a prepared map on a block of directions in double precision.

#include <cmath>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/scaling.hpp>
#include <libration/scalar/traits.hpp>
#include <libration/tangent/first_frame.hpp>
#include <libration/tangent/formula_system.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

template <class T, int n, int K>
void read_frame(const tangent::small_frame<T, n, K>& frame, Eigen::Ref<Eigen::MatrixXd> V) {
  for (int j = 0; j < static_cast<int>(V.cols()); ++j)
    for (int i = 0; i < n; ++i) V(i, j) = static_cast<double>(frame.column[j][i]);
}
template <class S>
void read_frame(const Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>& frame, Eigen::Ref<Eigen::MatrixXd> V) {
  V = frame.template cast<double>();
}

/// Replaces V, shape (n, k), by J V, J being the Jacobian at the system's last `advance`.
///
/// The block goes through the system's own scalar at a size near 1, so that a map in single precision has the range of double.
///
/// \param frame  the system's, of k columns
template <class System>
void apply_tangent(System& system, typename System::frame_type& frame, Eigen::MatrixXd& V) {
  static_assert(System::width == 1);
  const double largest = V.size() > 0 ? V.cwiseAbs().maxCoeff() : 0.0;
  if (!(largest > 0.0)) return;  // J 0 = 0; a NaN stays
  const int exponent = binary_exponent(largest);
  scale_by_power_of_two(V, -exponent);
  tangent::write_frame(V, frame);
  system.tangent(frame);
  read_frame(frame, V);
  scale_by_power_of_two(V, exponent);
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
