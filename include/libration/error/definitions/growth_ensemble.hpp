// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what error/growth_ensemble.hpp declares.

#include <algorithm>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/error/growth_ensemble.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

LIBRATION_DEFINED void ensemble_record::put(std::int64_t first, std::int64_t size, const group_moments& m) {
  sum.middleCols(first, size) = m.sum;
  squares.middleCols(first, size) = m.squares;
  origin.middleCols(first, size) = m.origin;
  std::copy(m.diverged.begin(), m.diverged.end(), diverged.begin() + first);
  std::copy(m.jumps.begin(), m.jumps.end(), jumps.begin() + first);
  std::fill_n(done.begin() + first, size, char{1});
}

LIBRATION_DEFINED std::vector<Eigen::Index> ensemble_record::drifting(double steps) const {
  std::vector<Eigen::Index> found;
  for (Eigen::Index i = 0; i < sum.rows(); ++i) {
    double means = 0.0, squared = 0.0;
    Eigen::Index up = 0, count = 0;
    for (Eigen::Index j = 0; j < sum.cols(); ++j) {
      if (!kept(j)) continue;
      means += sum(i, j) * sum(i, j);
      squared += steps * squares(i, j);
      up += sum(i, j) > 0.0 ? 1 : 0;
      ++count;
    }
    if (count >= 8 && (up == 0 || up == count) && means > 0.6 * squared && means < 0.9 * squared) found.push_back(i);
  }
  return found;
}

LIBRATION_DEFINED std::pair<Eigen::VectorXd, Eigen::VectorXd> ensemble_record::spread(double steps) const {
  const Eigen::Index n = sum.rows();
  Eigen::ArrayXd mean = Eigen::ArrayXd::Zero(n), variance = mean;
  double count = 0.0;
  for (Eigen::Index j = 0; j < sum.cols(); ++j) {
    if (!kept(j)) continue;
    mean += origin.col(j) + sum.col(j) / steps;
    ++count;
  }
  mean /= std::max(count, 1.0);
  for (Eigen::Index j = 0; j < sum.cols(); ++j) {
    if (!kept(j)) continue;
    const Eigen::ArrayXd shift = origin.col(j) - mean;
    variance += (squares.col(j) + 2.0 * shift * sum.col(j)) / steps + shift.square();
  }
  variance = (variance / std::max(count, 1.0)).max(0.0);
  return {variance.sqrt(), (variance + mean.square()).sqrt()};
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
