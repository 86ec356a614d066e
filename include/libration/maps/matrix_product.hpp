// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Products of matrices as linear maps that depend on time: a given list, repeated, and random Gaussian matrices.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/number_text.hpp>
#include <libration/core/views.hpp>
#include <libration/maps/structured_spectrum.hpp>

namespace libration::inline LIBRATION_ABI::maps {

/// The linear map h' = A_t h with A_t = list[t mod size]: the first matrix of the list acts first.
///
/// Start at 0, which is fixed: the exponents are the same from everywhere, and any other orbit grows or shrinks with
/// them until it leaves the floating-point range.
///
/// Exponents: ln|eigenvalues of A_{p-1} ... A_1 A_0| / p, p the number of matrices
/// Cost:      n^2 multiplications a step, n^2 k for a block of k directions
template <class Scalar = double>
class matrix_product {
 public:
  using scalar_type = Scalar;
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  /// \param list  at least one matrix, each of shape (n, n), n >= 1
  /// \throws      argument_error where the list is empty, or a matrix has another shape
  explicit matrix_product(std::vector<matrix_type> list) : list_(std::move(list)) {
    require(!list_.empty() && list_[0].rows() > 0, "maps::matrix_product", "no matrix, or an empty one");
    for (std::size_t i = 0; i < list_.size(); ++i) {
      require(list_[i].rows() == state_size() && list_[i].cols() == state_size(), "maps::matrix_product", [&] {
        return "matrix " + number_text(i) + " is " + number_text(list_[i].rows()) + " x " +
               number_text(list_[i].cols()) + ", expected " + number_text(state_size()) + " x " +
               number_text(state_size()) + " (the first one's rows)";
      });
    }
  }

  Eigen::Index state_size() const { return list_[0].rows(); }

  /// The matrix of step t >= 0.
  const matrix_type& matrix(std::int64_t t) const { return list_[static_cast<std::size_t>(t) % list_.size()]; }

  void step(std::int64_t t, vector_view<Scalar> h, vector_span<Scalar> next) const { next.noalias() = matrix(t) * h; }
  void tangent(std::int64_t t, vector_view<Scalar>, matrix_view<Scalar> V, matrix_span<Scalar> JV) const {
    JV.noalias() = matrix(t) * V;
  }
  void pullback(std::int64_t t, vector_view<Scalar>, matrix_view<Scalar> W, matrix_span<Scalar> JtW) const {
    JtW.noalias() = matrix(t).transpose() * W;
  }

 private:
  std::vector<matrix_type> list_;
};

/// The same of lower triangular matrices, as causal attention's are: row i mixes what stands at 0 to i. Its exponents are the means
/// of ln|A_t(i, i)|, exactly (`structured_spectrum`).
template <class Scalar = double>
class causal_product : public matrix_product<Scalar> {
 public:
  using typename matrix_product<Scalar>::matrix_type;

  /// \throws argument_error  as `matrix_product`, and where an entry above a diagonal is not zero
  explicit causal_product(std::vector<matrix_type> list) : matrix_product<Scalar>(require_causal(std::move(list))) {}

  gate_structure structured_spectrum() const {
    const Eigen::Index n = this->state_size();
    return {n, Eigen::Matrix<Eigen::Index, Eigen::Dynamic, 1>::LinSpaced(n, 0, n - 1), Eigen::VectorXd::Ones(n)};
  }
  /// ln|A_t(i, i)|, shape (n)
  void gates(std::int64_t t, vector_span<double> out) const {
    const auto& A = this->matrix(t);
    for (Eigen::Index i = 0; i < A.rows(); ++i) out[i] = std::log(std::abs(static_cast<double>(A(i, i))));
  }

 private:
  static std::vector<matrix_type> require_causal(std::vector<matrix_type> list) {
    for (std::size_t k = 0; k < list.size(); ++k)
      for (Eigen::Index j = 0; j < list[k].cols(); ++j)
        for (Eigen::Index i = 0; i < std::min(j, list[k].rows()); ++i)
          require(list[k](i, j) == Scalar(0), "maps::causal_product", [&] {
            return "matrix " + number_text(k) + " has " + number_text(static_cast<double>(list[k](i, j)), 6) + " at row " +
                   number_text(i) + ", column " + number_text(j) + ", expected 0 above the diagonal";
          });
    return list;
  }
};

/// The linear map h' = A_t h with independent Gaussian matrices, A_t(i, j) ~ N(0, sigma^2), each a function of
/// (seed, t).
///
/// Start at 0, as with `matrix_product`. In single precision the matrices are those of double precision, rounded.
///
/// Exponents: ln sigma + (1/2) [ln 2 + psi((n - i + 1) / 2)], i = 1 .. n, psi the digamma function; the variance of one
///            step's ln R_ii is (1/4) psi'((n - i + 1) / 2)
/// Cost:      n^2 normal variates and n^2 multiplications a step, n^2 k for a block of k directions
/// Source:    Newman, "The distribution of Lyapunov exponents: exact results for random matrices", Commun. Math. Phys.
///            103 (1986) 121
template <class Scalar = double>
class gaussian_product {
 public:
  using scalar_type = Scalar;
  using matrix_type = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic>;

  struct workspace {
    matrix_type matrix;  // of the last step
  };

  /// \param n      size, n >= 1
  /// \param seed   every seed is another sequence of matrices
  /// \param sigma  standard deviation of an entry, finite and > 0
  /// \throws       argument_error for another n or sigma
  explicit gaussian_product(Eigen::Index n, std::uint64_t seed = 0, double sigma = 1.0)
      : n_(n), stream_(seed, stream_number), sigma_(sigma) {
    require(n > 0, "maps::gaussian_product", [&] { return "n is " + number_text(n) + ", expected at least 1"; });
    require(std::isfinite(sigma) && sigma > 0, "maps::gaussian_product",
            [&] { return "sigma is " + number_text(sigma) + ", expected a finite number > 0"; });
  }

  Eigen::Index state_size() const { return n_; }
  workspace make_workspace(Eigen::Index) const { return {matrix_type::Zero(n_, n_)}; }

  void step(std::int64_t t, vector_view<Scalar> h, vector_span<Scalar> next, workspace& ws) const {
    fill(t, ws.matrix);
    next.noalias() = ws.matrix * h;
  }
  void tangent(matrix_view<Scalar> V, matrix_span<Scalar> JV, workspace& ws) const { JV.noalias() = ws.matrix * V; }
  void pullback(matrix_view<Scalar> W, matrix_span<Scalar> JtW, workspace& ws) const {
    JtW.noalias() = ws.matrix.transpose() * W;
  }

  /// Writes the matrix of step t >= 0, shape (n, n).
  void fill(std::int64_t t, matrix_span<Scalar> A) const {
    stream_.fill_normal(A, static_cast<std::uint64_t>(t) * static_cast<std::uint64_t>(n_ * n_));
    if (sigma_ != 1.0) A *= static_cast<Scalar>(sigma_);
  }

 private:
  // Keeps these matrices apart from what else is drawn from the user's seed.
  static constexpr std::uint64_t stream_number = 0x6d617472'69636573;

  Eigen::Index n_;
  random_stream stream_;
  double sigma_;
};

}  // namespace libration::inline LIBRATION_ABI::maps
