// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Squared scores and squared residuals of deviations against leading components, one at a time and in blocks.

#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::drift::detail {

/// T² = Σ (u_i·c)²/λ_i and SPE = |c|² - Σ (u_i·c)².
struct component_sum {
  double t_squared = 0.0, spe = 0.0;
};

/// Where the residual is less of |c|² than this, about the cube root of eps, the residual itself is computed in double: the
/// difference of squares has a relative error of eps over the ratio.
template <class Scalar>
inline constexpr double least_difference = std::numeric_limits<Scalar>::digits > 24 ? 6e-6 : 5e-3;

/// \param c       shape (n); overwritten
/// \param scores  shape (r); overwritten
LIBRATION_DECLARED component_sum component_sum_of(const Eigen::MatrixXd& U, const Eigen::VectorXd& variances, vector_span<double> c,
                                                  vector_span<double> scores) {
  component_sum sum;
  scores.noalias() = U.transpose() * c;
  const double all = c.squaredNorm();
  double kept = 0.0;
  for (Eigen::Index i = 0; i < scores.size(); ++i) {
    const double squared = scores[i] * scores[i];
    kept += squared;
    sum.t_squared += squared / variances[i];
  }
  if (U.cols() == U.rows()) return sum;
  sum.spe = all - kept;
  if (!(sum.spe >= least_difference<double> * all)) {
    c.noalias() -= U * scores;
    sum.spe = c.squaredNorm();
  }
  return sum;
}

/// The same of a block of deviations C, shape (n, b), in its own precision.
///
/// \param U_cast  U in that precision
/// \param sums    b of them, written
template <class Scalar>
void component_sums_of(const Eigen::MatrixXd& U, const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& U_cast,
                       const Eigen::VectorXd& variances, const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& C,
                       component_sum* sums) {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Index b = C.cols(), r = U.cols();
  const bool all_kept = r == U.rows();
  const Eigen::VectorXd inverse = variances.cwiseInverse();
  const matrix scores = U_cast.transpose() * C;
  std::vector<Eigen::Index> again;
  for (Eigen::Index j = 0; j < b; ++j) {
    const double all = static_cast<double>(C.col(j).squaredNorm());
    const Scalar* const t = scores.col(j).data();
    double kept = 0.0, weighted = 0.0;
    for (Eigen::Index i = 0; i < r; ++i) {
      const double squared = static_cast<double>(t[i]) * static_cast<double>(t[i]);
      kept += squared;
      weighted += squared * inverse[i];
    }
    sums[j] = {weighted, all_kept ? 0.0 : all - kept};
    if (!all_kept && !(sums[j].spe >= least_difference<Scalar> * all)) again.push_back(j);
  }
  if (again.empty()) return;
  Eigen::MatrixXd kept(U.rows(), static_cast<Eigen::Index>(again.size()));
  for (Eigen::Index k = 0; k < kept.cols(); ++k) kept.col(k) = C.col(again[static_cast<std::size_t>(k)]).template cast<double>();
  const Eigen::MatrixXd exact = U.transpose() * kept;
  kept.noalias() -= U * exact;
  for (Eigen::Index k = 0; k < kept.cols(); ++k) {
    double weighted = 0.0;
    for (Eigen::Index i = 0; i < r; ++i) weighted += exact(i, k) * exact(i, k) * inverse[i];
    sums[again[static_cast<std::size_t>(k)]] = {weighted, kept.col(k).squaredNorm()};
  }
}

}  // namespace libration::inline LIBRATION_ABI::drift::detail
