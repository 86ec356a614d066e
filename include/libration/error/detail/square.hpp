// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A caller's square matrix, checked.

#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// \throws argument_error where A is empty, not square, or has an entry that is not finite
inline void require_square(const Eigen::MatrixXd& A, std::string_view who, std::string_view name) {
  require(A.rows() > 0 && A.rows() == A.cols() && A.allFinite(), who, [&] {
    return std::string(name) + " is " + number_text(A.rows()) + " x " + number_text(A.cols()) +
           ", expected a square matrix of finite numbers";
  });
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
