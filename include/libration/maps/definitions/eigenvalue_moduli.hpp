// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what maps/eigenvalue_moduli.hpp declares.

#include <algorithm>
#include <functional>
#include <limits>
#include <string_view>

#include <Eigen/Core>
#include <Eigen/Eigenvalues>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/maps/eigenvalue_moduli.hpp>

namespace libration::inline LIBRATION_ABI::maps {

LIBRATION_DEFINED Eigen::VectorXd eigenvalue_moduli(const Eigen::MatrixXd& A) {
  constexpr std::string_view who = "maps::eigenvalue_moduli";
  require(A.rows() == A.cols(), who, [&] {
    return "A is " + number_text(A.rows()) + " x " + number_text(A.cols()) + ", expected a square matrix";
  });
  require(A.allFinite(), who, "A has an entry that is not finite");
  if (A.size() == 0) return {};
  const Eigen::EigenSolver<Eigen::MatrixXd> solver(A, false);
  if (solver.info() != Eigen::Success) return Eigen::VectorXd::Constant(A.rows(), std::numeric_limits<double>::quiet_NaN());
  Eigen::VectorXd moduli = solver.eigenvalues().cwiseAbs();
  std::sort(moduli.data(), moduli.data() + moduli.size(), std::greater<>());
  return moduli;
}

}  // namespace libration::inline LIBRATION_ABI::maps
