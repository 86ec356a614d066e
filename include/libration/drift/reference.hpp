// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `drift::reference`: what states usually are, fitted on runs, by position and by class; and Mahalanobis distances from it.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/drift/covariance.hpp>

namespace libration::inline LIBRATION_ABI::drift {

class reference_parts;

/// Options of `drift::reference`, declared in the order in which designated initialisers name them.
struct reference_options {
  /// A mean for each position (column of a run), and not one for all: what is usual at token 500 is not what is usual at token 5.
  bool by_position = false;
  /// Neighbouring positions on either side whose states are pooled into a position's mean, >= 0. Each position needs 2 states at
  /// least: so many runs, or a window. A wide one blurs a mean that moves, and its motion is then taken for variance.
  Eigen::Index position_window = 0;
  /// Positions of the reference, >= 0, later ones are left out; 0: as many as the longest run has.
  Eigen::Index positions = 0;
  /// By position: a covariance for each position too, of the states that its mean is of. Otherwise one is shared by all positions,
  /// pooled over the deviations from their means, which needs far fewer runs.
  bool covariance_by_position = false;
  /// Classes 0, 1, ... of the states, one a state (run after run), or one a run; empty: none. Not with `.by_position`.
  std::vector<int> labels = {};
  /// Weight of the multiple of the identity in the covariance, in [0, 1]; nothing: that of Ledoit and Wolf; 0: no shrinkage.
  std::optional<double> shrinkage = std::nullopt;
  /// Added to every variance, >= 0, in squared units of the states.
  double ridge = 0.0;
  /// Leading components of the covariance that are kept, >= 0; 0: all, in full form, of n² numbers. See `factored_covariance`.
  Eigen::Index rank = 0;
  /// Divide by the degrees of freedom, states less means fitted to them, and not by the number of states as Ledoit and Wolf do. By
  /// position it is always so: of two runs the other would be half the variance.
  bool unbiased = false;
};

/// The distribution of states that are usual: means and a covariance, fitted on recorded runs.
///
/// The distances are squared Mahalanobis distances d² = (h - m)ᵀ Σ⁻¹ (h - m): around n for usual states in n components; a new
/// state also meets the error of the fitted mean and covariance, and is further away. States of one run remember each other, so
/// that N of them hold less than N independent ones, and a run of large distances is likelier than their number says.
///
/// Queries are const and may be made from several threads, each with its workspace.
class reference {
 public:
  using workspace = factored_covariance::workspace;

  /// Of one run, or of states without order.
  ///
  /// \param states  columns are states, shape (n, T), T >= 2; column t is position t
  /// \throws argument_error  for shapes, options out of range, a value that is not finite (run and column are named), a position
  ///                         with fewer than 2 states, a class without any
  /// Cost:      that of `factored_covariance::of`, and 2 n N numbers of memory
  template <class States>
  explicit reference(const Eigen::MatrixBase<States>& states, const reference_options& options = {}) {
    const Eigen::MatrixXd run = states.template cast<double>();
    fit({&run, 1}, options);
  }

  /// Of several runs.
  ///
  /// \param runs  each of shape (n, T) with its own T >= 1
  LIBRATION_DECLARED explicit reference(std::span<const Eigen::MatrixXd> runs, const reference_options& options = {});
  LIBRATION_DECLARED explicit reference(std::span<const Eigen::MatrixXf> runs, const reference_options& options = {});
  LIBRATION_DECLARED explicit reference(const std::vector<Eigen::MatrixXd>& runs, const reference_options& options = {});
  LIBRATION_DECLARED explicit reference(const std::vector<Eigen::MatrixXf>& runs, const reference_options& options = {});

  /// \return  `ok`; `not_resolved`: a covariance is singular to rounding, as that of fewer states than components without
  ///          shrinkage, and its distances are NaN; `diverged`: it leaves the range of double, likewise
  LIBRATION_DECLARED libration::status status() const;

  Eigen::Index size() const noexcept { return means_.rows(); }
  /// \return  states that it was fitted on
  std::int64_t states() const noexcept { return states_; }
  /// \return  positions that it is of; 0: the same reference for all
  Eigen::Index positions() const noexcept { return by_position_ ? means_.cols() : 0; }
  /// \return  classes; 0 without labels
  Eigen::Index classes() const noexcept { return by_class() ? means_.cols() : 0; }
  bool by_position() const noexcept { return by_position_; }
  bool by_class() const noexcept { return background_.size() > 0; }

  /// \param k  a position, or a class; without both it does not matter
  /// \return   the mean, shape (n)
  /// \throws argument_error  for a position or class that the reference does not have; so do all below
  LIBRATION_DECLARED Eigen::VectorXd mean(Eigen::Index k = 0) const;
  /// \return  states that this mean is of
  LIBRATION_DECLARED double states_of_mean(Eigen::Index k = 0) const;
  /// \return  the covariance about it
  LIBRATION_DECLARED const factored_covariance& covariance(Eigen::Index k = 0) const;
  bool covariance_by_position() const noexcept { return covariances_.size() > 1; }
  /// \return  what sums of squares were divided by, and the degrees of freedom that they have: states less means
  double divisor() const noexcept { return divisor_; }
  double degrees_of_freedom() const noexcept { return degrees_of_freedom_; }

  LIBRATION_DECLARED workspace make_workspace() const;

  /// d² of a state; by class the least over the classes, with the covariance within classes.
  ///
  /// \param h         shape (n)
  /// \param position  of a reference by position: 0 to positions() - 1
  /// \return          NaN where h is not finite, or the covariance's status is not `ok`
  /// \throws argument_error  for a shape or a position that the reference does not have
  /// Accuracy:  eps times the condition of the covariance
  /// Cost:      n² operations, low rank 2 n r, for each class. With a workspace, nothing is allocated
  LIBRATION_DECLARED double squared_mahalanobis(vector_view<double> h, Eigen::Index position, workspace& ws) const;
  LIBRATION_DECLARED double squared_mahalanobis(vector_view<float> h, Eigen::Index position, workspace& ws) const;
  LIBRATION_DECLARED double squared_mahalanobis(vector_view<double> h, Eigen::Index position = -1) const;
  LIBRATION_DECLARED double squared_mahalanobis(vector_view<float> h, Eigen::Index position = -1) const;

  /// d² of every state of a run.
  ///
  /// \param run      shape (n, T); floats against a low-rank reference are multiplied as floats
  /// \param first    position of its first column, >= 0
  /// \param threads  0: one per hardware thread. The digits do not depend on it
  /// \return         shape (T)
  /// Accuracy:  that of the form for one state; of floats against a low-rank reference about 1e-3 of d² at most,
  ///            usually 1e-5
  /// Cost:      one product of U (of Cholesky's factor, solved) with the run, in blocks; measured 1.0 to 1.2 times that product
  ///            alone (benchmarks/reference.bench.cpp). With a covariance by position one state at a time
  LIBRATION_DECLARED Eigen::VectorXd squared_mahalanobis_along(matrix_view<double> run, Eigen::Index first = 0,
                                                               int threads = 1) const;
  LIBRATION_DECLARED Eigen::VectorXd squared_mahalanobis_along(matrix_view<float> run, Eigen::Index first = 0,
                                                               int threads = 1) const;

  /// d² of the mean of a window of states, of the mean deviation from their means by position. Of w independent usual states it is
  /// around n/w; of states that remember each other larger.
  ///
  /// \param window  shape (n, w), w >= 1
  LIBRATION_DECLARED double squared_mahalanobis_of_mean(matrix_view<double> window, Eigen::Index first = 0) const;

  /// Relative Mahalanobis distance: d² of the nearest class, less d² from the normal distribution of all states together. What is
  /// far from everything is not counted as far from the classes. Negative for states that a class makes likelier.
  ///
  /// \throws argument_error  for a reference without classes
  /// Source:  J. Ren et al., "A simple fix to Mahalanobis distance for improving near-OOD detection", 2021. Both covariances are
  ///          means over the states: a background that is a sum has distances near 0 and leaves the plain distance
  LIBRATION_DECLARED double relative_mahalanobis(vector_view<double> h, workspace& ws) const;
  LIBRATION_DECLARED double relative_mahalanobis(vector_view<double> h) const;
  LIBRATION_DECLARED Eigen::VectorXd relative_mahalanobis_along(matrix_view<double> run, int threads = 1) const;

 private:
  friend class reference_parts;  // reads and writes: reference_file.hpp
  reference() = default;

  LIBRATION_DECLARED void fit(std::span<const Eigen::MatrixXd> runs, const reference_options& options);
  template <class Scalar>
  Eigen::VectorXd along(const matrix_view<Scalar>& run, Eigen::Index first, int threads) const;
  LIBRATION_DECLARED Eigen::Index mean_index(Eigen::Index k) const;
  LIBRATION_DECLARED void check_state(Eigen::Index rows) const;
  LIBRATION_DECLARED void check_run(Eigen::Index rows, Eigen::Index columns, Eigen::Index first) const;

  Eigen::MatrixXd means_;  // (n, positions), (n, classes) or (n, 1)
  Eigen::VectorXd states_of_mean_;
  std::vector<factored_covariance> covariances_;  // one, or one a position
  bool by_position_ = false;
  std::int64_t states_ = 0;
  double divisor_ = 0.0, degrees_of_freedom_ = 0.0;
  // With classes: the normal distribution of all states together.
  Eigen::VectorXd background_mean_;
  factored_covariance background_;
};

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/reference.hpp>
#endif
