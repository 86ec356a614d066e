// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Views of contiguous vectors and of blocks of columns, as a map's `step` and `tangent` take them.

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// A vector that is read, shape (n), contiguous. Binds to vectors, columns and maps without a copy.
template <class Scalar>
using vector_view = Eigen::Ref<const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>;

/// A vector that is written, shape (n), contiguous.
template <class Scalar>
using vector_span = Eigen::Ref<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>;

/// A block of columns that is read, shape (n, k), column-major; columns may lie apart.
template <class Scalar>
using matrix_view = Eigen::Ref<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;

/// A block of columns that is written, shape (n, k), column-major; columns may lie apart.
template <class Scalar>
using matrix_span = Eigen::Ref<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>>;

}  // namespace libration::inline LIBRATION_ABI
