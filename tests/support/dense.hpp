// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Eigen's dense decompositions, as independent results for tests. Each takes seconds to compile: the test executables find them
/// compiled once (support/dense.cpp); a file that is compiled by itself has them as a header.

#include <Eigen/Core>

#if defined(LIBRATION_TEST_DENSE_COMPILED)
#define LIBRATION_TEST_DENSE
#else
#define LIBRATION_TEST_DENSE inline
#endif

namespace libration_test {

/// Singular values in descending order, by Jacobi's method: small ones are right to their own digits too.
LIBRATION_TEST_DENSE Eigen::VectorXd singular_values(const Eigen::MatrixXd& A);
LIBRATION_TEST_DENSE Eigen::VectorXd singular_values(const Eigen::MatrixXcd& A);

/// Eigenvalues of a square matrix, in no order.
LIBRATION_TEST_DENSE Eigen::VectorXcd eigenvalues_of(const Eigen::MatrixXd& A);

struct symmetric_eigenpairs {
  Eigen::VectorXd values;   ///< ascending
  Eigen::MatrixXd vectors;  ///< columns
};
LIBRATION_TEST_DENSE symmetric_eigenpairs symmetric_eigenpairs_of(const Eigen::MatrixXd& A);

/// Eigenvalues of a Hermitian matrix, ascending.
LIBRATION_TEST_DENSE Eigen::VectorXd hermitian_eigenvalues(const Eigen::MatrixXcd& A);

/// The solution x of A x = b, by elimination with partial pivoting.
LIBRATION_TEST_DENSE Eigen::VectorXd solve(const Eigen::MatrixXd& A, const Eigen::VectorXd& b);

/// A = Q R by Householder's reflections. Q: shape of A, (n, k); R: shape (k, k), its diagonal of either sign.
struct qr_factors {
  Eigen::MatrixXd Q, R;
};
LIBRATION_TEST_DENSE qr_factors householder_qr(const Eigen::MatrixXd& A);

}  // namespace libration_test

#if !defined(LIBRATION_TEST_DENSE_COMPILED)
#include "support/dense.cpp"
#endif
