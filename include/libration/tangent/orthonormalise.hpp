// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Orthonormalisation in place of a tangent block, V = Q R: blocked modified Gram-Schmidt that measures what it loses.

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
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
  orthonormaliser(Eigen::Index n, Eigen::Index k, const orthonormaliser_options& options = orthonormaliser_options());

  /// Replaces V by Q.
  ///
  /// \param V shape (n, k)
  /// \return what was found; a block with an infinity or a NaN is left alone: `finite` is false and the pivots are NaN
  /// \throws argument_error where V has another shape
  const orthonormalisation& factor(matrix_span<Scalar> V);

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
  static double defect(const matrix_view<Scalar>& Q);

 private:
  static constexpr double eps = std::numeric_limits<Scalar>::epsilon();
  static constexpr std::string_view who = "tangent::orthonormaliser";
  // Narrow panels cost little beside the products, wide groups make these fast; measured.
  static constexpr Eigen::Index panels_in_group = 8;

  static Eigen::Index checked(Eigen::Index n, Eigen::Index k);

  // The columns' norms; columns whose squares might leave the range are scaled by a power of two.
  bool measure(matrix_span<Scalar>& V);

  // \return false where an entry is not finite, and V as it was
  template <class Ordinary>
  bool scale_extremes(matrix_span<Scalar>& V, const Ordinary& ordinary);

  // The panel's pivots so far, 1 at first, take the factors of its new triangle.
  double orthonormalise(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b);

  // max |v_i| / R_ii over the panel's resolved columns
  double ratio(Eigen::Index first, Eigen::Index b) const;

  // The columns from `begin` to `end` on the b columns from `first` on.
  void project(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b, Eigen::Index begin, Eigen::Index end);

  void project_again(matrix_span<Scalar>& V, Eigen::Index first, Eigen::Index b);

  // Undoes the scaling, and replaces the unresolved columns, zero so far, by unit vectors orthogonal to all others:
  // each starts from the axis that these cover least, of which at least 1/n remains.
  void finish(matrix_span<Scalar>& V);

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

#if defined(LIBRATION_COMPILED)
extern template class orthonormaliser<double>;
extern template class orthonormaliser<float>;
#endif

}  // namespace libration::inline LIBRATION_ABI::tangent

#if !defined(LIBRATION_COMPILED)
#include <libration/tangent/definitions/orthonormalise.hpp>
#endif
