// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Products of blocks of columns, compiled for one type of block a scalar.

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::tangent::detail {

/// A block of columns that is read, and one that is written, wherever it lies.
///
/// Eigen compiles a product for every combination of types that are multiplied, at half a second and more each: here there is
/// one type a scalar.
template <class Scalar>
using block_view = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>, 0, Eigen::OuterStride<>>;
template <class Scalar>
using block_span = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>, 0, Eigen::OuterStride<>>;

/// The block of shape (rows, cols) from (row, col) on of a column-major matrix.
template <class Matrix>
block_view<typename Matrix::Scalar> view_of(const Matrix& A, Eigen::Index row, Eigen::Index col, Eigen::Index rows,
                                            Eigen::Index cols) {
  return {A.data() + col * A.outerStride() + row, rows, cols, Eigen::OuterStride<>(A.outerStride())};
}
template <class Matrix>
block_span<typename Matrix::Scalar> span_of(Matrix& A, Eigen::Index row, Eigen::Index col, Eigen::Index rows, Eigen::Index cols) {
  return {A.data() + col * A.outerStride() + row, rows, cols, Eigen::OuterStride<>(A.outerStride())};
}

template <class Left, class Scalar>
void add_multiple_of_product(Scalar alpha, const Left& A, const block_view<Scalar>& B, block_span<Scalar>& C) {
  // What `C.noalias() += alpha * A * B` comes to, without the branch for tiny products, which is most of what that compiles.
  Eigen::internal::generic_product_impl<Left, block_view<Scalar>, Eigen::DenseShape, Eigen::DenseShape,
                                        Eigen::GemmProduct>::scaleAndAddTo(C, A, B, alpha);
}

/// C += alpha A B.
template <class Scalar>
void add_product(Scalar alpha, const block_view<Scalar>& A, const block_view<Scalar>& B, block_span<Scalar> C) {
  add_multiple_of_product(alpha, A, B, C);
}

/// C = AᵀB.
template <class Scalar>
void cross_product(const block_view<Scalar>& A, const block_view<Scalar>& B, block_span<Scalar> C) {
  for (Eigen::Index j = 0; j < C.cols(); ++j)
    for (Eigen::Index i = 0; i < C.rows(); ++i) C(i, j) = Scalar(0);
  add_multiple_of_product(Scalar(1), Eigen::Transpose<const block_view<Scalar>>(A), B, C);
}

/// n numbers in a row.
template <class Scalar>
using numbers_view = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>;
template <class Scalar>
using numbers_span = Eigen::Map<Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>;

/// |v|².
template <class Scalar>
Scalar squared_norm(const Scalar* v, Eigen::Index n) {
  return numbers_view<Scalar>(v, n).squaredNorm();
}

/// v <- v + factor u.
template <class Scalar>
void add_multiple(Scalar factor, const Scalar* u, Scalar* v, Eigen::Index n) {
  numbers_span<Scalar>(v, n) += factor * numbers_view<Scalar>(u, n);
}

/// v <- u.
template <class Scalar>
void copy(const Scalar* u, Scalar* v, Eigen::Index n) {
  numbers_span<Scalar>(v, n) = numbers_view<Scalar>(u, n);
}

/// v <- factor v.
template <class Scalar>
void scale(Scalar factor, Scalar* v, Eigen::Index n) {
  numbers_span<Scalar>(v, n) *= factor;
}

}  // namespace libration::inline LIBRATION_ABI::tangent::detail
