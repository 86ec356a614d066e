// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// cᵀ Σ⁻¹ c of the states of a run, in blocks of columns.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/views.hpp>
#include <libration/drift/covariance.hpp>
#include <libration/drift/definitions/detail/component_sums.hpp>

namespace libration::inline LIBRATION_ABI::drift::detail {

/// \return  columns of a block that stays in the cache
template <class Scalar>
Eigen::Index block_columns(Eigen::Index n) {
  constexpr Eigen::Index bytes = 256 * 1024;
  return std::clamp<Eigen::Index>(bytes / static_cast<Eigen::Index>(sizeof(Scalar)) / std::max<Eigen::Index>(n, 1), 32, 512) / 8 *
         8;
}

/// Calls `body(C, from)` for the blocks of a run less its means, C of shape (n, b), from the first column of each.
///
/// \param means  column 0, or columns first, first + 1, ... where `advance`
template <class Scalar, class Body>
void for_deviations(const matrix_view<Scalar>& run, const Eigen::MatrixXd& means, Eigen::Index first, bool advance, int threads,
                    const Body& body) {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;
  const Eigen::Index n = run.rows(), T = run.cols(), width = block_columns<Scalar>(n);
  const vector fixed = advance ? vector() : vector(means.col(first).template cast<Scalar>());
  parallel_for((T + width - 1) / width, threads, [&](std::int64_t block) {
    const Eigen::Index from = static_cast<Eigen::Index>(block) * width, b = std::min(width, T - from);
    matrix C(n, b);
    for (Eigen::Index j = 0; j < b; ++j) {
      if (advance)
        C.col(j) = run.col(from + j) - means.col(first + from + j).template cast<Scalar>();
      else
        C.col(j) = run.col(from + j) - fixed;
    }
    body(C, from);
  });
}

/// \param out  shape (T), written
template <class Scalar>
void squared_norms_along(const factored_covariance& sigma, const matrix_view<Scalar>& run, const Eigen::MatrixXd& means,
                         Eigen::Index first, bool advance, int threads, Eigen::VectorXd& out) {
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  if (sigma.status() != libration::status::ok) {
    out.setConstant(std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const matrix U = sigma.full() ? matrix() : matrix(sigma.factor().template cast<Scalar>());
  const double over = sigma.rank() < sigma.size() && !sigma.full() ? 1.0 / sigma.residual_variance() : 0.0;
  for_deviations<Scalar>(run, means, first, advance, threads, [&](const matrix& C, Eigen::Index from) {
    if (sigma.full()) {
      Eigen::MatrixXd whitened = C.template cast<double>();
      sigma.factor().triangularView<Eigen::Lower>().solveInPlace(whitened);
      for (Eigen::Index j = 0; j < C.cols(); ++j) out[from + j] = whitened.col(j).squaredNorm();
    } else {
      std::vector<component_sum> sums(static_cast<std::size_t>(C.cols()));
      component_sums_of<Scalar>(sigma.factor(), U, sigma.variances(), C, sums.data());
      for (Eigen::Index j = 0; j < C.cols(); ++j) {
        const component_sum& s = sums[static_cast<std::size_t>(j)];
        out[from + j] = over > 0.0 ? s.t_squared + s.spe * over : s.t_squared;
      }
    }
    // What is not finite may be the state, which has no distance, or a distance beyond the range.
    for (Eigen::Index j = 0; j < C.cols(); ++j)
      if (!std::isfinite(out[from + j]) && !run.col(from + j).allFinite()) out[from + j] = std::numeric_limits<double>::quiet_NaN();
  });
}

}  // namespace libration::inline LIBRATION_ABI::drift::detail
