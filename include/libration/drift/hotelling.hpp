// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `drift::hotelling`: Hotelling's T² of the leading components of a reference, the squared error of what they leave, and the
/// limits of both for new states.

#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/core/views.hpp>
#include <libration/drift/reference.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// The limit that T² of k components of a new, independent normal state exceeds with probability 1 - level, mean and covariance
/// fitted on n states: k (n² - 1)/(n (n - k)) F_level(k, n - k). The χ² quantile, which takes both for known, alarms too often.
///
/// \param components  k, 1 <= k < states
/// \param states      n, whose scatter is divided by n - 1
/// \param level       in (0, 1)
/// \throws argument_error  where it is not so
/// Accuracy:  relative 1e-11; exact in distribution where k is all components, or components chosen beforehand
/// Source:    H. Hotelling, "The generalization of Student's ratio", 1931; the form for a new state has the variance 1 + 1/n
LIBRATION_DECLARED double hotelling_limit(Eigen::Index components, Eigen::Index states, double level = 0.95);

/// The limit that the squared error Σ t_i² of independent normal scores t_i exceeds with probability 1 - level, approximately: of
/// variances 1, 1/2, 1/4 at 0.95 the true probability is 0.0472, of a single variance the limit is 3.7468 where 3.8415 is exact.
///
/// \param variances  of the scores, shape (m), m >= 1, > 0
/// \param level      in (0, 1)
/// \return           NaN where the approximation has no value, as far in the lower tail
/// \throws argument_error  where it is not so
/// Source:  J. E. Jackson, G. S. Mudholkar, "Control procedures for residuals associated with principal component analysis", 1979
LIBRATION_DECLARED double spe_limit(const Eigen::Ref<const Eigen::VectorXd>& variances, double level = 0.95);

/// Options of `drift::hotelling`, declared in the order in which designated initialisers name them.
struct hotelling_options {
  /// Leading components k of the covariance, >= 1, below the number of states; of a low-rank reference at most its rank.
  Eigen::Index components = 1;
  /// Share of usual states below each limit, in (0, 1). Both limits together have about twice the alarms of one.
  double level = 0.95;
};

/// A state, or the states of a run, against both.
struct [[nodiscard]] hotelling_value {
  double t_squared = std::numeric_limits<double>::quiet_NaN();  ///< Σ t_i²/λ_i over the k leading components
  double spe = std::numeric_limits<double>::quiet_NaN();        ///< Σ t_i² over the others, in squared units of the states
};
struct [[nodiscard]] hotelling_values {
  Eigen::VectorXd t_squared, spe;  ///< shapes (T)
};

/// The leading principal components of a reference: how far a state is from usual within them (T²), and how far outside (SPE).
///
/// Of all components T² is the squared Mahalanobis distance and SPE is 0. Queries are const, with a workspace for each thread.
class hotelling {
 public:
  using workspace = factored_covariance::workspace;

  /// \param usual  pooled or by position, with one covariance for all positions
  /// \throws argument_error  for a reference by class or with a covariance by position, options out of range
  /// Cost:  of a reference in full form 9 n³ operations
  LIBRATION_DECLARED explicit hotelling(const reference& usual, const hotelling_options& options = {});

  /// \return  that of the reference; there is no value where it is not `ok`
  libration::status status() const noexcept { return status_; }
  Eigen::Index components() const noexcept { return variances_.size(); }
  /// \return  λ of the k components, descending, and of all others, shapes (k), (n - k)
  const Eigen::VectorXd& variances() const noexcept { return variances_; }
  const Eigen::VectorXd& residual_variances() const noexcept { return rest_; }

  /// The limit of T² for a new state: with dof degrees of freedom of a covariance that was divided by d, and a mean of m states,
  /// (1 + 1/m) k d/(dof - k + 1) F_level(k, dof - k + 1), which is `hotelling_limit` where d = dof = m - 1.
  ///
  /// \return  NaN where the status is not `ok`
  /// Accuracy:  exact in distribution for independent normal states, k = n and no shrinkage. Shrinkage makes the leading variances
  ///            smaller and the others larger: fit the reference without (`.shrinkage = 0`) where the limits matter
  LIBRATION_DECLARED double t_squared_limit(Eigen::Index position = 0) const;
  /// \return  `drift::spe_limit` of the other variances, times 1 + 1/m; 0 where there are none, NaN where the status is not `ok`
  LIBRATION_DECLARED double spe_limit(Eigen::Index position = 0) const;

  workspace make_workspace() const { return {Eigen::VectorXd::Zero(means_.rows()), Eigen::VectorXd::Zero(components())}; }

  /// \param h         shape (n)
  /// \param position  of a reference by position: 0 to positions() - 1
  /// \return          NaN where h is not finite
  /// \throws argument_error  for a shape or a position that the reference does not have
  /// Cost:      2 n k operations; nothing is allocated
  LIBRATION_DECLARED hotelling_value value(vector_view<double> h, Eigen::Index position, workspace& ws) const;
  LIBRATION_DECLARED hotelling_value value(vector_view<double> h, Eigen::Index position = -1) const;

  /// Of every state of a run.
  ///
  /// \param run      shape (n, T)
  /// \param first    position of its first column
  /// \param threads  0: one per hardware thread. The digits do not depend on it
  LIBRATION_DECLARED hotelling_values values_along(matrix_view<double> run, Eigen::Index first = 0, int threads = 1) const;

 private:
  LIBRATION_DECLARED Eigen::Index mean_index(Eigen::Index position) const;

  libration::status status_ = libration::status::not_run;
  bool by_position_ = false;
  double level_ = 0.0, divisor_ = 0.0, degrees_of_freedom_ = 0.0;
  Eigen::MatrixXd means_, vectors_;
  Eigen::VectorXd states_of_mean_, variances_, rest_;
};

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/hotelling.hpp>
#endif
