// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// cᵀ Σ⁻¹ c of the states of a run, in blocks of columns.

#include <algorithm>
#include <cmath>
#include <cstddef>
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
/// \tparam Work  of C
template <class Work, class Scalar, class Body>
void for_deviations(const matrix_view<Scalar>& run, const Eigen::MatrixXd& means, Eigen::Index first, bool advance, int threads,
                    const Body& body) {
  using matrix = Eigen::Matrix<Work, Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Index n = run.rows(), T = run.cols(), width = block_columns<Work>(n);
  parallel_for((T + width - 1) / width, threads, [&](std::int64_t block) {
    const Eigen::Index from = static_cast<Eigen::Index>(block) * width, b = std::min(width, T - from);
    matrix C(n, b);
    for (Eigen::Index j = 0; j < b; ++j) {
      // In double: a mean that is rounded to float would move all states of a large mean alike.
      const Scalar* const h = run.col(from + j).data();
      const double* const mean = means.col(advance ? first + from + j : first).data();
      Work* const c = C.col(j).data();
      for (Eigen::Index i = 0; i < n; ++i) c[i] = static_cast<Work>(static_cast<double>(h[i]) - mean[i]);
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
  // What is not finite may be the state, which has no distance, or a distance beyond the range.
  const auto put = [&](Eigen::Index t, double squared) {
    out[t] = std::isfinite(squared) || run.col(t).allFinite() ? squared : std::numeric_limits<double>::quiet_NaN();
  };
  if (sigma.full()) {
    for_deviations<double, Scalar>(run, means, first, advance, threads, [&](Eigen::MatrixXd& C, Eigen::Index from) {
      sigma.factor().triangularView<Eigen::Lower>().solveInPlace(C);
      for (Eigen::Index j = 0; j < C.cols(); ++j) put(from + j, C.col(j).squaredNorm());
    });
    return;
  }
  const matrix U = sigma.factor().template cast<Scalar>();
  const double over = sigma.rank() < sigma.size() ? 1.0 / sigma.residual_variance() : 0.0;
  for_deviations<Scalar, Scalar>(run, means, first, advance, threads, [&](const matrix& C, Eigen::Index from) {
    std::vector<component_sum> sums(static_cast<std::size_t>(C.cols()));
    component_sums_of<Scalar>(sigma.factor(), U, sigma.variances(), C, sums.data());
    for (Eigen::Index j = 0; j < C.cols(); ++j) {
      const component_sum& s = sums[static_cast<std::size_t>(j)];
      put(from + j, over > 0.0 ? s.t_squared + s.spe * over : s.t_squared);
    }
  });
}

}  // namespace libration::inline LIBRATION_ABI::drift::detail
