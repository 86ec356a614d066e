// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/frame_rounding.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/lyapunov/frame_rounding.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_DEFINED frame_rounding::frame_rounding(Eigen::Index columns, double eps, std::uint64_t seed)
    : limit_(1.0 / eps), signs_(seed, 0x726f756e) {  // a stream of its own: "roun"
  const Eigen::Index k = columns > 1 ? columns : 0;  // a single column has nothing to turn to
  turned_ = next_ = scaled_ = Eigen::MatrixXd::Zero(k, k);
  norm_ = sum_ = Eigen::VectorXd::Zero(k);
  most_ = Eigen::VectorXd::Zero(columns);
}

LIBRATION_DEFINED double frame_rounding::within(double x, double limit) {
  if (!(x <= limit)) return limit;  // NaN too
  return x < -limit ? -limit : x;
}

template <class Scalar>
void frame_rounding::add(const Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>& R, bool counted) {
  const Eigen::Index k = turned_.cols();
  counted_ += counted ? 1 : 0;
  if (k > large && (!counted || followed_ == followed_of_large)) return;
  followed_ += counted ? 1 : 0;
  for (Eigen::Index j = 0; j < k; ++j) {
    auto column = scaled_.col(j).head(j + 1);
    column = R.col(j).head(j + 1).template cast<double>();
    norm_[j] = column.stableNorm();
    if (!(norm_[j] > 0.0)) norm_[j] = 1.0;
    column /= norm_[j];
    if (!(column[j] > 0.0)) column[j] = 1.0;
  }
  // In units of the columns' norms: X becomes the lower part of (R D X D⁻¹ + N) R⁻¹, D = diag |v_j|.
  for (Eigen::Index j = 0; j < k; ++j)
    for (Eigen::Index i = j + 1; i < k; ++i)
      if (turned_(i, j) != 0.0) turned_(i, j) = within(turned_(i, j) * (norm_[i] / norm_[j]), std::numeric_limits<double>::max());
  for (Eigen::Index first = 0; first < k; first += panel) {
    const Eigen::Index b = std::min(panel, k - first), rest = k - first;
    auto lower = next_.block(first, first, rest, b);
    lower.noalias() = scaled_.block(first, first, rest, rest) * turned_.block(first, first, rest, b);
    for (Eigen::Index j = first; j < first + b; ++j) {
      std::uint64_t bits = 0;
      for (Eigen::Index i = j; i < k; ++i) {
        if ((i - j) % 64 == 0) bits = signs_.next_bits();
        next_(i, j) += (bits >> ((i - j) % 64) & 1) != 0 ? 1.0 : -1.0;
      }
    }
    if (first > 0) lower.noalias() -= next_.block(first, 0, rest, first) * scaled_.block(0, first, first, b);
    for (Eigen::Index j = first; j < first + b; ++j) {
      auto column = next_.col(j).tail(k - j);
      for (Eigen::Index l = first; l < j; ++l) column -= scaled_(l, j) * next_.col(l).tail(k - j);
      column /= scaled_(j, j);
    }
  }
  for (Eigen::Index j = 0; j < k; ++j) {
    if (counted) {
      sum_[j] += within(next_(j, j), limit_);
      most_[j] = std::max(most_[j], std::abs(sum_[j]));
    }
    for (Eigen::Index i = j + 1; i < k; ++i) turned_(i, j) = within(next_(i, j), limit_);
  }
}

#if defined(LIBRATION_COMPILED)
template void frame_rounding::add(const Eigen::MatrixXd& R, bool counted);
template void frame_rounding::add(const Eigen::MatrixXf& R, bool counted);
#endif

}  // namespace libration::inline LIBRATION_ABI::lyapunov
