// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/detail/square.hpp declares.

#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/error/detail/square.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED void require_square(const Eigen::MatrixXd& A, std::string_view who, std::string_view name) {
  require(A.rows() > 0 && A.rows() == A.cols() && A.allFinite(), who, [&] {
    return std::string(name) + " is " + number_text(A.rows()) + " x " + number_text(A.cols()) +
           ", expected a square matrix of finite numbers";
  });
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
