// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/frame_rounding.hpp declares.

#include <Eigen/Core>

#include <libration/lyapunov/frame_rounding.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_FUNC frame_rounding::frame_rounding(Eigen::Index columns, double eps, std::uint64_t seed)
    : limit_(1.0 / eps), signs_(seed, 0x726f756e) {  // a stream of its own: "roun"
  const Eigen::Index k = columns > 1 ? columns : 0;  // a single column has nothing to turn to
  turned_ = next_ = scaled_ = Eigen::MatrixXd::Zero(k, k);
  norm_ = sum_ = Eigen::VectorXd::Zero(k);
  most_ = Eigen::VectorXd::Zero(columns);
}

LIBRATION_DEFINED double frame_rounding::within(double x, double limit) {
  if (!(x <= limit)) return limit;  // NaN too
  return x < -limit ? -limit : x;
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
