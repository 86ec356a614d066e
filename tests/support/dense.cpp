// SPDX-License-Identifier: MIT
#include "support/dense.hpp"

#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>

namespace libration_test {

LIBRATION_TEST_DENSE Eigen::VectorXd singular_values(const Eigen::MatrixXd& A) {
  return Eigen::JacobiSVD<Eigen::MatrixXd, Eigen::NoQRPreconditioner>(A).singularValues();
}
LIBRATION_TEST_DENSE Eigen::VectorXd singular_values(const Eigen::MatrixXcd& A) {
  return Eigen::JacobiSVD<Eigen::MatrixXcd, Eigen::NoQRPreconditioner>(A).singularValues();
}

LIBRATION_TEST_DENSE Eigen::VectorXcd eigenvalues_of(const Eigen::MatrixXd& A) {
  return Eigen::EigenSolver<Eigen::MatrixXd>(A, false).eigenvalues();
}

LIBRATION_TEST_DENSE symmetric_eigenpairs symmetric_eigenpairs_of(const Eigen::MatrixXd& A) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(A);
  return {solver.eigenvalues(), solver.eigenvectors()};
}

LIBRATION_TEST_DENSE Eigen::VectorXd hermitian_eigenvalues(const Eigen::MatrixXcd& A) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd>(A, Eigen::EigenvaluesOnly).eigenvalues();
}

LIBRATION_TEST_DENSE Eigen::VectorXd solve(const Eigen::MatrixXd& A, const Eigen::VectorXd& b) {
  return A.partialPivLu().solve(b);
}

LIBRATION_TEST_DENSE qr_factors householder_qr(const Eigen::MatrixXd& A) {
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(A);
  qr_factors factors{Eigen::MatrixXd::Identity(A.rows(), A.cols()), Eigen::MatrixXd::Zero(A.cols(), A.cols())};
  factors.Q = qr.householderQ() * factors.Q;
  for (Eigen::Index j = 0; j < A.cols(); ++j) factors.R.col(j).head(j + 1) = qr.matrixQR().col(j).head(j + 1);
  return factors;
}

}  // namespace libration_test
