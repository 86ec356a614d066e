// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A caller's square matrix, checked.

#include <string_view>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// \throws argument_error where A is empty, not square, or has an entry that is not finite
LIBRATION_DECLARED void require_square(const Eigen::MatrixXd& A, std::string_view who, std::string_view name);

}  // namespace libration::inline LIBRATION_ABI::error::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/detail/square.hpp>
#endif
