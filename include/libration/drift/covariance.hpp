// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Covariances of states, shrunk as Ledoit and Wolf do and factored once: in full, or as leading components and one variance for
/// all other directions.

#include <cstdint>
#include <limits>
#include <optional>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::drift {

class reference_parts;

/// What `drift::ledoit_wolf` returns, in the letters of its source.
struct [[nodiscard]] ledoit_wolf_result {
  /// `ok`; `not_resolved`: the states are all alike; `diverged`: the covariance leaves the range of double.
  libration::status status = libration::status::not_run;
  Eigen::VectorXd mean;                                  ///< of the states, shape (n)
  Eigen::MatrixXd covariance;                            ///< (1 - weight) S + weight μ I, shape (n, n)
  double mu = std::numeric_limits<double>::quiet_NaN();  ///< μ = tr S/n, the mean variance of a component
  double d_squared =
      std::numeric_limits<double>::quiet_NaN();  ///< d² = ‖S - μI‖²_F/n: how far S is from a multiple of the identity
  double b_squared = std::numeric_limits<double>::quiet_NaN();  ///< b² <= d²: the estimated error of S, in the same norm
  double weight = std::numeric_limits<double>::quiet_NaN();  ///< b²/d² of the multiple of the identity, in [0, 1]; 0 where d² is
};

/// The covariance of states by linear shrinkage: (1 - b²/d²) S + (b²/d²) μ I with S = (1/N) Σ c cᵀ, c the states less their mean.
/// It is well conditioned for any number of states, and the weight minimises the expected squared error asymptotically.
///
/// \param states  columns are states, shape (n, N), N >= 2
/// \throws argument_error  for fewer than 2 states, states without components, a value that is not finite (its column is named)
/// Accuracy:  a few N eps. The weight assumes independent states: those of one run remember each other, and it is then too small
/// Cost:      n² N operations
/// Source:    O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", J. Multivariate
///            Analysis 88 (2004) 365
LIBRATION_DECLARED ledoit_wolf_result ledoit_wolf(const Eigen::Ref<const Eigen::MatrixXd>& states);

/// Options of `factored_covariance::of`, declared in the order in which designated initialisers name them.
struct covariance_options {
  /// Weight of the multiple of the identity, in [0, 1]; nothing: that of Ledoit and Wolf; 0: no shrinkage.
  std::optional<double> shrinkage = std::nullopt;
  /// Added to every variance, >= 0, in squared units of the states.
  double ridge = 0.0;
  /// Leading components that are kept, >= 0; 0: all, in full form.
  Eigen::Index rank = 0;
  /// What the sum of c cᵀ is divided by, > 0; 0: the number of columns.
  double divisor = 0.0;
};

/// A covariance Σ with the factors by which cᵀ Σ⁻¹ c is computed: in full form Cholesky's L, Σ = L Lᵀ; in low-rank form
/// Σ = U diag(λ - σ²) Uᵀ + σ² I, U the r leading eigenvectors, λ their variances and σ² the mean variance of the other n - r
/// directions (probabilistic principal components).
class factored_covariance {
 public:
  /// What a distance needs beside the covariance, for one thread.
  struct workspace {
    Eigen::VectorXd deviation;  ///< shape (n); overwritten
    Eigen::VectorXd scores;     ///< shape (rank)
  };

  factored_covariance() = default;

  /// Of deviations from a mean. In low-rank form the Gram matrix of the deviations is used where there are fewer than n of them;
  /// nothing of size (n, n) is then made.
  ///
  /// \param deviations  columns, shape (n, N), n, N >= 1; overwritten
  /// \return  `ok`; `not_resolved`: Σ is singular to rounding, and there is no distance; `diverged`: it leaves the range of double
  /// \throws argument_error  for shapes, values that are not finite, options out of range
  /// Accuracy:  n eps times the condition of Σ, scaled to unit variances in full form
  /// Cost:      full: n² N + n³/3 operations; low rank: m² max(n, N) + 9 m³ with m = min(n, N)
  LIBRATION_DECLARED static factored_covariance of(Eigen::MatrixXd deviations, const covariance_options& options = {});

  /// Of Cholesky's factor.
  ///
  /// \param factor  shape (n, n), lower triangular with a positive diagonal, finite; what is above the diagonal must be 0
  /// \throws argument_error  where it is not so
  LIBRATION_DECLARED static factored_covariance from_factor(Eigen::MatrixXd factor);

  /// Of leading components.
  ///
  /// \param vectors            shape (n, r), 1 <= r <= n, orthonormal columns
  /// \param variances          shape (r), > 0
  /// \param residual_variance  > 0 (where r = n: not used)
  /// \throws argument_error  where it is not so
  LIBRATION_DECLARED static factored_covariance from_components(Eigen::MatrixXd vectors, Eigen::VectorXd variances,
                                                                double residual_variance);

  libration::status status() const noexcept { return status_; }
  Eigen::Index size() const noexcept { return factor_.rows(); }
  /// \return  components kept: fewer than asked for where the states vary in fewer directions; 0 in full form
  Eigen::Index rank() const noexcept { return variances_.size(); }
  bool full() const noexcept { return variances_.size() == 0; }
  /// \return  weight of the multiple of the identity that was used; NaN where the factors were given
  double shrinkage() const noexcept { return shrinkage_; }

  /// \return  full form: L, shape (n, n); low-rank form: U, shape (n, rank)
  const Eigen::MatrixXd& factor() const noexcept { return factor_; }
  /// \return  low-rank form: λ, shape (rank), descending; full form: empty
  const Eigen::VectorXd& variances() const noexcept { return variances_; }
  /// \return  low-rank form: σ²; full form: 0
  double residual_variance() const noexcept { return residual_variance_; }
  /// \return  Σ, shape (n, n)
  LIBRATION_DECLARED Eigen::MatrixXd matrix() const;

  workspace make_workspace() const { return {Eigen::VectorXd::Zero(size()), Eigen::VectorXd::Zero(rank())}; }

  /// cᵀ Σ⁻¹ c of the deviation in the workspace, which is overwritten.
  ///
  /// \return  NaN where the status is not `ok`, or a component of c is not finite
  /// Cost:    full: n² operations; low rank: 2 n r, and 4 n r where c lies nearly in the span of U. Nothing is allocated
  LIBRATION_DECLARED double squared_norm(workspace& ws) const;

 private:
  friend class reference_parts;  // reads and writes: reference_file.hpp
  LIBRATION_DECLARED void factor_in_full(Eigen::MatrixXd S, int exponent);
  LIBRATION_DECLARED void keep_components(Eigen::MatrixXd vectors, const Eigen::VectorXd& values, double scale, double shift,
                                          Eigen::Index rank, int exponent);

  libration::status status_ = libration::status::not_run;
  Eigen::MatrixXd factor_;
  Eigen::VectorXd variances_;
  double residual_variance_ = 0.0;
  double shrinkage_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/covariance.hpp>
#endif
