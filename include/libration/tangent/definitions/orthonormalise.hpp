// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what tangent/orthonormalise.hpp declares; of double and float in libration::compiled.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/tangent/orthonormalise.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

template <class Scalar>
orthonormaliser<Scalar>::orthonormaliser(Eigen::Index n, Eigen::Index k, const orthonormaliser_options& options)
    : n_(checked(n, k)),
      k_(k),
      width_(std::min<Eigen::Index>(k, 16)),
      tolerance_(options.defect == 0 ? std::sqrt(eps) : options.defect),
      panel_(n, width_),
      upper_(matrix::Zero(k, k)),
      again_(k, width_),
      work_(std::max(n, k)),
      pivot_(k),
      norm_(k),
      least_(k),
      exponent_(k) {
  require(tolerance_ > 0 && tolerance_ < 1, who, "option .defect lies outside (0, 1)");
  unresolved_.reserve(static_cast<std::size_t>(k));
}

template <class Scalar>
const orthonormalisation& orthonormaliser<Scalar>::factor(matrix_span<Scalar> V) {
  require_rows(V.rows(), n_, who, "the block", "as constructed");
  require(V.cols() == k_, who, [&] {
    return "the block has " + number_text(V.cols()) + " columns, expected " + number_text(k_) +
           " (as constructed)";
  });
  found_ = {};
  unresolved_.clear();
  found_.finite = measure(V);
  if (!found_.finite) {
    std::fill_n(pivot_.data(), k_, std::numeric_limits<double>::quiet_NaN());
    return found_;
  }
  double panels_defect = 0;  // of what columns are projected on at once, by itself
  double group_defect = 0;
  for (Eigen::Index first = 0, group = 0; first < k_; first += width_) {
    const Eigen::Index b = std::min(width_, k_ - first), next = first + b;
    double own = orthonormalise(V, first, b);
    for (Eigen::Index j = 0; j < b; ++j)
      for (Eigen::Index i = 0; i <= j; ++i) upper_(first + i, first + j) = panel_.upper(i, j);
    // What is left of the columns before, relative to what is left of the column.
    double lost = (4 * eps + panels_defect) * ratio(first, b);
    if (first > 0 && lost > tolerance_) {
      project_again(V, first, b);
      own = orthonormalise(V, first, b);
      panel_.multiply_triangles([&](Eigen::Index i, Eigen::Index j) { return panel_.upper(i, j); },
                                detail::span_of(upper_, first, first, b, b));
      lost = 4 * eps + panels_defect;
      ++found_.reprojected;
    }
    panels_defect = std::max(panels_defect, own);
    const double defect = first > 0 ? std::max(own, lost) : own;
    group_defect = std::max(group_defect, defect);
    found_.ratio = std::max(found_.ratio, ratio(first, b));
    found_.defect = std::max(found_.defect, defect);
    ++found_.panels;
    const Eigen::Index group_end = std::min(group + panels_in_group * width_, k_);
    if (next < group_end) {
      project(V, first, b, next, group_end);
      continue;
    }
    if (next < k_) {
      if (group_defect <= 0.25 * double(n_) * eps) {
        project(V, group, next - group, next, k_);
        panels_defect = std::max(panels_defect, group_defect);
      } else {
        for (Eigen::Index panel = group; panel < next; panel += width_) project(V, panel, width_, next, k_);
      }
    }
    group = next;
    group_defect = 0;
  }
  finish(V);
  return found_;
}

template <class Scalar>
double orthonormaliser<Scalar>::defect(const matrix_view<Scalar>& Q) {
  const Eigen::Index k = Q.cols();
  matrix G(k, k);
  const auto all = detail::view_of(Q, 0, 0, Q.rows(), k);
  detail::cross_product<Scalar>(all, all, detail::span_of(G, 0, 0, k, k));
  double worst = 0;
  for (Eigen::Index j = 0; j < k; ++j)
    for (Eigen::Index i = 0; i < k; ++i) {
      const double size = std::abs(static_cast<double>(G(i, j)) - (i == j ? 1 : 0));
      if (!(size <= worst)) worst = size;  // NaN stays
    }
  return worst;
}

template <class Scalar>
Eigen::Index orthonormaliser<Scalar>::checked(Eigen::Index n, Eigen::Index k) {
  require(k >= 1 && k <= n, who, [&] {
    return "a block of shape (" + number_text(n) + ", " + number_text(k) + "), expected 1 <= k <= n";
  });
  return n;
}

template <class Scalar>
bool orthonormaliser<Scalar>::measure(matrix_span<Scalar>& V) {
  constexpr bool wide = std::numeric_limits<Scalar>::max_exponent > 200;
  constexpr double low = wide ? 0x1p-600 : 0x1p-60, high = wide ? 0x1p600 : 0x1p60;
  const auto ordinary = [&](double square) { return square >= low && square <= high; };
  bool all_ordinary = true;
  for (Eigen::Index j = 0; j < k_; ++j) {
    exponent_[j] = 0;
    norm_[j] = static_cast<double>(detail::squared_norm(&V(0, j), n_));
    all_ordinary = all_ordinary && ordinary(norm_[j]);
  }
  if (!all_ordinary && !scale_extremes(V, ordinary)) return false;
  for (Eigen::Index j = 0; j < k_; ++j) {
    norm_[j] = std::sqrt(norm_[j]);
    pivot_[j] = 1;
  }
  return true;
}

template <class Scalar>
template <class Ordinary>
bool orthonormaliser<Scalar>::scale_extremes(matrix_span<Scalar>& V, const Ordinary& ordinary) {
  for (Eigen::Index j = 0; j < k_; ++j)
    for (Eigen::Index i = 0; i < n_; ++i)
      if (!std::isfinite(V(i, j))) return false;
  for (Eigen::Index j = 0; j < k_; ++j) {
    Scalar* v = &V(0, j);
    Scalar largest = 0;
    for (Eigen::Index i = 0; i < n_; ++i) largest = std::max(largest, std::abs(v[i]));
    if (ordinary(norm_[j]) || largest == Scalar(0)) continue;
    const int e = std::ilogb(largest);
    // In two steps: the power of two itself may be out of range.
    detail::scale(std::ldexp(Scalar(1), -(e / 2)), v, n_);
    detail::scale(std::ldexp(Scalar(1), -(e - e / 2)), v, n_);
    norm_[j] = static_cast<double>(detail::squared_norm(v, n_));
    exponent_[j] = e;
  }
  return true;
}

template <class Scalar>
double orthonormaliser<Scalar>::orthonormalise(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b) {
  for (Eigen::Index j = first; j < first + b; ++j)
    least_[j] = double(n_) * eps * norm_[j] / pivot_[j];  // infinite where already unresolved
  const double own = panel_.compute(detail::span_of(V, 0, first, n_, b), least_.data() + first);
  for (Eigen::Index j = 0; j < b; ++j) pivot_[first + j] *= static_cast<double>(panel_.upper(j, j));
  found_.repeated += panel_.repeated();
  found_.column_wise += panel_.column_wise();
  return own;
}

template <class Scalar>
double orthonormaliser<Scalar>::ratio(Eigen::Index first, Eigen::Index b) const {
  double worst = 1;
  for (Eigen::Index j = first; j < first + b; ++j)
    if (pivot_[j] > 0) worst = std::max(worst, norm_[j] / pivot_[j]);
  return worst;
}

template <class Scalar>
void orthonormaliser<Scalar>::project(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b, Eigen::Index begin,
                                      Eigen::Index end) {
  const auto W = detail::view_of(V, 0, first, n_, b);
  const Eigen::Index rest = end - begin;
  detail::cross_product<Scalar>(W, detail::view_of(V, 0, begin, n_, rest), detail::span_of(upper_, first, begin, b, rest));
  detail::add_product<Scalar>(Scalar(-1), W, detail::view_of(upper_, first, begin, b, rest),
                              detail::span_of(V, 0, begin, n_, rest));
}

template <class Scalar>
void orthonormaliser<Scalar>::project_again(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b) {
  const auto before = detail::view_of(V, 0, 0, n_, first);
  const auto S = detail::view_of(again_, 0, 0, first, b);
  detail::cross_product<Scalar>(before, detail::view_of(V, 0, first, n_, b), detail::span_of(again_, 0, 0, first, b));
  detail::add_product<Scalar>(Scalar(-1), before, S, detail::span_of(V, 0, first, n_, b));
  detail::add_product<Scalar>(Scalar(1), S, detail::view_of(upper_, first, first, b, b),
                              detail::span_of(upper_, 0, first, first, b));
}

template <class Scalar>
void orthonormaliser<Scalar>::finish(matrix_span<Scalar>& V) {
  for (Eigen::Index j = 0; j < k_; ++j) {
    if (pivot_[j] == 0) unresolved_.push_back(j);
    if (exponent_[j] == 0) continue;
    pivot_[j] = std::ldexp(pivot_[j], exponent_[j]);
    for (Eigen::Index i = 0; i <= j; ++i) upper_(i, j) = std::ldexp(upper_(i, j), exponent_[j]);
  }
  found_.unresolved = static_cast<std::int64_t>(unresolved_.size());
  for (const Eigen::Index j : unresolved_) {
    std::fill_n(work_.data(), n_, Scalar(0));
    for (Eigen::Index c = 0; c < k_; ++c)
      for (Eigen::Index i = 0; i < n_; ++i) work_[i] += V(i, c) * V(i, c);
    const auto axis = std::min_element(work_.data(), work_.data() + n_) - work_.data();
    Scalar* v = &V(0, j);
    std::fill_n(v, n_, Scalar(0));
    v[axis] = 1;
    for (int pass = 0; pass < 2; ++pass) {
      detail::cross_product<Scalar>(detail::view_of(V, 0, 0, n_, k_), detail::view_of(V, 0, j, n_, 1),
                                    detail::span_of(work_, 0, 0, k_, 1));
      for (Eigen::Index i = 0; i < k_; ++i)
        if (i != j) detail::add_multiple(-work_[i], &V(0, i), v, n_);
    }
    detail::scale(Scalar(1) / std::sqrt(detail::squared_norm(v, n_)), v, n_);
  }
}

#if defined(LIBRATION_COMPILED)
template class orthonormaliser<double>;
template class orthonormaliser<float>;
#endif

}  // namespace libration::inline LIBRATION_ABI::tangent
