// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Orthonormalisation in place of a tangent block, V = Q R: blocked modified Gram-Schmidt that measures what it loses.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/tangent/detail/block_product.hpp>
#include <libration/tangent/panel_factor.hpp>

namespace libration::inline LIBRATION_ABI::tangent {

/// How `orthonormaliser` works.
struct orthonormaliser_options {
  /// Largest max|QᵀQ - I| that is left as it is, in (0, 1); 0: the square root of the scalar's eps, 1.5e-8 in double,
  /// 3.5e-4 in float. Columns that would lose more are projected a second time.
  ///
  /// V - Q R is at rounding whatever Q's defect. Over a run the sum of ln R_ii therefore does not accumulate the
  /// defect: what one call misses, the next one finds.
  double defect = 0;
};

/// What one call of `orthonormaliser::factor` found.
struct orthonormalisation {
  bool finite = false;  ///< every entry was finite; else the block was left alone, and nothing below says anything
  double ratio = 1;   ///< max |v_i| / R_ii over the resolved columns, at least 1: how far columns have become parallel
  double defect = 0;  ///< estimate of max|QᵀQ - I| (`orthonormaliser::defect` computes it)
  std::int64_t unresolved = 0;   ///< columns whose pivot is at most n eps times their norm
  std::int64_t panels = 0;       ///< panels of columns that the block was cut into
  std::int64_t repeated = 0;     ///< panels whose Gram matrix was factored twice
  std::int64_t column_wise = 0;  ///< panels done column by column: narrow ones, and those with nearly dependent columns
  std::int64_t reprojected = 0;  ///< panels projected twice on the columns before them
};

/// Replaces blocks V (n, k) by Q where V = Q R, QᵀQ = I, R upper triangular with a positive diagonal.
///
/// Panels of 16 columns are orthonormalised by way of their Gram matrices (`panel_factor`), and the columns after a panel
/// are projected at once: those of its group of 8 panels, and, where the group is orthonormal to n eps / 4, the others on the
/// whole group. That is modified Gram-Schmidt: R is as accurate as Householder's, Q loses orthogonality like
/// eps times the ratio |v_i| / R_ii, not its square as with the Gram matrix of the whole block; and a panel that would
/// lose more than `defect` is projected a second time. Almost all of the work is in two matrix products a panel.
///
/// A column whose pivot is at most n eps |v| is unresolved: its pivot is 0, its number is listed, its Q column is a
/// unit vector orthogonal to all others, and the columns after it are not projected on that vector.
///
/// Accuracy:  at every ratio R_ii is right to n eps |v_i| (measured 0.15 of that; 7 of it behind an unresolved column),
///            and column j of V = Q R to n eps |v_j| (measured 0.1 of that); QᵀQ - I is 0.02 to 3 times its estimate
///            (tests/tangent/orthonormalise.test.cpp)
/// Cost:      2 n k² + 4 n k b operations for panels of b = 16 columns, in time 1.13 products (n, n) x (n, n) for
///            n = k = 512; n k b more for each panel that is done twice. Nothing is allocated after construction but
///            the packing buffers of Eigen's large products.
/// Source:    Björck, "Solving linear least squares problems by Gram-Schmidt orthogonalization", BIT 7 (1967); in
///            blocks: Jalby, Philippe, "Stability analysis and improvement of the block Gram-Schmidt algorithm", SIAM
///            J. Sci. Stat. Comput. 12 (1991); departures: measurement decides what is done twice, derived here
template <class Scalar>
class orthonormaliser {
 public:
  using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param n, k the blocks' shape, 1 <= k <= n
  /// \throws argument_error where the shape or an option is out of range
  orthonormaliser(Eigen::Index n, Eigen::Index k, const orthonormaliser_options& options = orthonormaliser_options())
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

  /// Replaces V by Q.
  ///
  /// \param V shape (n, k)
  /// \return what was found; a block with an infinity or a NaN is left alone: `finite` is false and the pivots are NaN
  /// \throws argument_error where V has another shape
  const orthonormalisation& factor(matrix_span<Scalar> V) {
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

  /// R_ii of the last call, shape (k): positive, 0 where unresolved
  const Eigen::VectorXd& pivots() const noexcept { return pivot_; }

  /// |v_i| / R_ii of the last call; 1 where unresolved
  double ratio(Eigen::Index i) const noexcept {
    return pivot_[i] > 0 ? norm_[i] / std::ldexp(pivot_[i], -exponent_[i]) : 1.0;
  }

  /// Where column i was unresolved: an upper bound of R_ii, n eps |v_i|; 0 where the column was zero
  double unresolved_bound(Eigen::Index i) const noexcept { return std::ldexp(double(n_) * eps * norm_[i], exponent_[i]); }

  /// R of the last call, shape (k, k), zero below the diagonal
  const matrix& upper() const noexcept { return upper_; }

  /// The columns that the last call could not resolve, ascending
  std::span<const Eigen::Index> unresolved() const noexcept { return unresolved_; }

  /// max|QᵀQ - I|, computed, in 2 n k² operations. Allocates.
  ///
  /// \param Q shape (n, k)
  static double defect(const matrix_view<Scalar>& Q) {
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

 private:
  static constexpr double eps = std::numeric_limits<Scalar>::epsilon();
  static constexpr std::string_view who = "tangent::orthonormaliser";
  // Narrow panels cost little beside the products, wide groups make these fast; measured.
  static constexpr Eigen::Index panels_in_group = 8;

  static Eigen::Index checked(Eigen::Index n, Eigen::Index k) {
    require(k >= 1 && k <= n, who, [&] {
      return "a block of shape (" + number_text(n) + ", " + number_text(k) + "), expected 1 <= k <= n";
    });
    return n;
  }

  // The columns' norms; columns whose squares might leave the range are scaled by a power of two.
  bool measure(matrix_span<Scalar>& V) {
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

  // \return false where an entry is not finite, and V as it was
  template <class Ordinary>
  bool scale_extremes(matrix_span<Scalar>& V, const Ordinary& ordinary) {
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

  // The panel's pivots so far, 1 at first, take the factors of its new triangle.
  double orthonormalise(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b) {
    for (Eigen::Index j = first; j < first + b; ++j)
      least_[j] = double(n_) * eps * norm_[j] / pivot_[j];  // infinite where already unresolved
    const double own = panel_.compute(detail::span_of(V, 0, first, n_, b), least_.data() + first);
    for (Eigen::Index j = 0; j < b; ++j) pivot_[first + j] *= static_cast<double>(panel_.upper(j, j));
    found_.repeated += panel_.repeated();
    found_.column_wise += panel_.column_wise();
    return own;
  }

  // max |v_i| / R_ii over the panel's resolved columns
  double ratio(Eigen::Index first, Eigen::Index b) const {
    double worst = 1;
    for (Eigen::Index j = first; j < first + b; ++j)
      if (pivot_[j] > 0) worst = std::max(worst, norm_[j] / pivot_[j]);
    return worst;
  }

  // The columns from `begin` to `end` on the b columns from `first` on.
  void project(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b, Eigen::Index begin, Eigen::Index end) {
    const auto W = detail::view_of(V, 0, first, n_, b);
    const Eigen::Index rest = end - begin;
    detail::cross_product<Scalar>(W, detail::view_of(V, 0, begin, n_, rest), detail::span_of(upper_, first, begin, b, rest));
    detail::add_product<Scalar>(Scalar(-1), W, detail::view_of(upper_, first, begin, b, rest),
                                detail::span_of(V, 0, begin, n_, rest));
  }

  void project_again(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b) {
    const auto before = detail::view_of(V, 0, 0, n_, first);
    const auto S = detail::view_of(again_, 0, 0, first, b);
    detail::cross_product<Scalar>(before, detail::view_of(V, 0, first, n_, b), detail::span_of(again_, 0, 0, first, b));
    detail::add_product<Scalar>(Scalar(-1), before, S, detail::span_of(V, 0, first, n_, b));
    detail::add_product<Scalar>(Scalar(1), S, detail::view_of(upper_, first, first, b, b),
                                detail::span_of(upper_, 0, first, first, b));
  }

  // Undoes the scaling, and replaces the unresolved columns, zero so far, by unit vectors orthogonal to all others:
  // each starts from the axis that these cover least, of which at least 1/n remains.
  void finish(matrix_span<Scalar>& V) {
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

  Eigen::Index n_, k_, width_;
  double tolerance_;
  panel_factor<Scalar> panel_;
  matrix upper_, again_;
  Eigen::Matrix<Scalar, Eigen::Dynamic, 1> work_;
  Eigen::VectorXd pivot_, norm_, least_;
  Eigen::VectorXi exponent_;
  std::vector<Eigen::Index> unresolved_;
  orthonormalisation found_;
};

}  // namespace libration::inline LIBRATION_ABI::tangent
