// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Linear maps with a constant matrix: a formula of fixed size, and vector maps of any size, autonomous and driven.

#include <cstddef>
#include <string>
#include <utility>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/views.hpp>
#include <libration/scalar/state.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The linear map h' = A h of fixed size, as a formula: `basic_linear<2>{{{1, 1}, {0, 1}}}`, row by row.
///
/// Start at 0, which is fixed: the exponents are the same from everywhere, and any other orbit grows or shrinks with
/// them until it leaves the floating-point range.
///
/// \tparam n      size, n >= 1
/// \param matrix  A, shape (n, n), matrix[row][column]
/// Exponents: ln|eigenvalues of A|
template <int n, class P = double>
struct basic_linear {
  static_assert(n >= 1, "maps::basic_linear: n must be at least 1");
  static constexpr int dimension = n;
  P matrix[std::size_t{n}][std::size_t{n}];

  /// \param h   shape (n), any
  template <class T>
  state<T, n> operator()(const state<T, n>& h) const {
    state<T, n> next;
    for (int i = 0; i < n; ++i) {
      next[i] = matrix[i][0] * h[0];
      for (int j = 1; j < n; ++j) next[i] = next[i] + matrix[i][j] * h[j];
    }
    return next;
  }

  static state<double, n> start() {
    state<double, n> h;
    for (int i = 0; i < n; ++i) h[i] = 0.0;
    return h;
  }
};

/// The linear map h' = A h of any size.
///
/// Exponents: ln|eigenvalues of A|; start at 0, see `basic_linear`
/// Cost:      n^2 multiplications a step, n^2 k for a block of k directions; allocates nothing, except that Eigen packs
///            blocks of large products
template <class Scalar = double>
class linear {
 public:
  using scalar_type = Scalar;
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param A   shape (n, n), n >= 1
  /// \throws    argument_error unless A is square and not empty
  explicit linear(matrix_type A) : A_(std::move(A)) {
    require(A_.rows() > 0 && A_.rows() == A_.cols(), "maps::linear", [&] {
      return "A is " + number_text(A_.rows()) + " x " + number_text(A_.cols()) + ", expected a square matrix";
    });
  }

  Eigen::Index state_size() const { return A_.rows(); }
  const matrix_type& matrix() const { return A_; }

  void step(vector_view<Scalar> h, vector_span<Scalar> next) const { next.noalias() = A_ * h; }
  void tangent(vector_view<Scalar>, matrix_view<Scalar> V, matrix_span<Scalar> JV) const { JV.noalias() = A_ * V; }
  void pullback(vector_view<Scalar>, matrix_view<Scalar> W, matrix_span<Scalar> JtW) const {
    JtW.noalias() = A_.transpose() * W;
  }

 private:
  matrix_type A_;
};

/// The driven linear map h' = A h + B x of any size. Its exponents are those of A, whatever the inputs.
///
/// Cost:      as `linear`, and n m multiplications a step for the input
template <class Scalar = double>
class driven_linear {
 public:
  using scalar_type = Scalar;
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param A   shape (n, n), n >= 1
  /// \param B   shape (n, m), m >= 1
  /// \throws    argument_error where the shapes do not fit
  driven_linear(matrix_type A, matrix_type B) : autonomous_(std::move(A)), B_(std::move(B)) {
    require_rows(B_.rows(), state_size(), "maps::driven_linear", "B", "the state's size");
    require(B_.cols() > 0, "maps::driven_linear", "B has no columns, expected one for each input");
  }

  Eigen::Index state_size() const { return autonomous_.state_size(); }
  Eigen::Index input_size() const { return B_.cols(); }
  const matrix_type& matrix() const { return autonomous_.matrix(); }
  const matrix_type& input_matrix() const { return B_; }

  void step(vector_view<Scalar> h, vector_view<Scalar> x, vector_span<Scalar> next) const {
    autonomous_.step(h, next);
    next.noalias() += B_ * x;
  }
  void tangent(vector_view<Scalar> h, vector_view<Scalar>, matrix_view<Scalar> V, matrix_span<Scalar> JV) const {
    autonomous_.tangent(h, V, JV);
  }
  void tangent(vector_view<Scalar> h, vector_view<Scalar>, matrix_view<Scalar> V, matrix_view<Scalar> VX,
               matrix_span<Scalar> JV) const {
    autonomous_.tangent(h, V, JV);
    JV.noalias() += B_ * VX;
  }
  void pullback(vector_view<Scalar> h, vector_view<Scalar>, matrix_view<Scalar> W, matrix_span<Scalar> JtW) const {
    autonomous_.pullback(h, W, JtW);
  }
  void pullback(vector_view<Scalar> h, vector_view<Scalar>, matrix_view<Scalar> W, matrix_span<Scalar> JtW,
                matrix_span<Scalar> BtW) const {
    autonomous_.pullback(h, W, JtW);
    BtW.noalias() = B_.transpose() * W;
  }

 private:
  linear<Scalar> autonomous_;
  matrix_type B_;
};

}  // namespace libration::inline LIBRATION_ABI::maps
