// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what models/reservoir.hpp declares.

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/models/reservoir.hpp>

namespace libration::inline LIBRATION_ABI::models::detail {

LIBRATION_DEFINED double spectral_radius(const Eigen::MatrixXd& W) {
  return Eigen::EigenSolver<Eigen::MatrixXd>(W, false).eigenvalues().cwiseAbs().maxCoeff();
}

}  // namespace libration::inline LIBRATION_ABI::models::detail
