// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// An autoregressive process fitted to reference scores, its simulation, and the standardisation that it gives.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/random.hpp>
#include <libration/core/status.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Highest order of a fitted process.
inline constexpr int largest_order = 8;

/// Options of `drift::fit_scores`, declared in the order in which designated initialisers name them.
struct score_process_options {
  /// Of the autoregression, 0 to 8; -1: that of Schwarz's criterion.
  int order = -1;
  /// Innovations of simulated runs are normal; otherwise they are drawn from the residuals of the fit.
  bool normal = false;
};

/// y_t = Σ_k coefficients[k - 1] y_{t-k} + e_t, y = score - mean: the process that reference scores are taken for.
struct [[nodiscard]] score_process {
  /// ok; not_resolved: the scores are all alike, there is nothing to standardise by; diverged: the fitted autoregression is not
  /// stationary (|φ̂| >= 1 at order 1), or remembers for more than 100,000 steps: there is neither whitening nor calibration.
  libration::status status = libration::status::not_run;
  double mean = std::numeric_limits<double>::quiet_NaN();
  double deviation = std::numeric_limits<double>::quiet_NaN();  ///< standard deviation of a score
  Eigen::VectorXd coefficients;                                 ///< shape (order)
  double innovation_deviation = std::numeric_limits<double>::quiet_NaN();
  /// φ̂ of the autoregression of order 1, whatever the order: correlation of neighbouring scores. Of scores with few independent
  /// values among them it is too small: its bias is about `phi_bias`.
  double phi = std::numeric_limits<double>::quiet_NaN();
  double phi_error = std::numeric_limits<double>::quiet_NaN();  ///< standard error, √((1 - φ̂²)/n); 0: φ was given
  double phi_bias = std::numeric_limits<double>::quiet_NaN();   ///< -(1 + 3 φ̂)/n; 0: φ was given
  std::int64_t count = 0;                                       ///< reference scores; 0: the process was given
  Eigen::VectorXd residuals;                                    ///< that innovations are drawn from; empty: they are normal
  Eigen::VectorXd scores;         ///< centred, that independent values are drawn from; empty: they are normal
  std::int64_t memory_steps = 0;  ///< after which an innovation has died away; simulated runs leave out as many

  int order() const noexcept { return static_cast<int>(coefficients.size()); }
  /// \return  whether φ̂ is further from 0 than two standard errors, or was given other than 0: what is derived for exchangeable
  ///          scores does not hold then
  bool autocorrelated() const noexcept { return std::abs(phi) > 2.0 * phi_error || order() > 1; }
};

namespace detail {

LIBRATION_DECLARED score_process fit_scores_of(const Eigen::MatrixXd& runs, const score_process_options& options);

}  // namespace detail

/// Fits the process by least squares.
///
/// \param scores  of one run in time order, or a matrix whose columns are runs of one length; at least 20 in all, and in a run more
///                than ten times the order
/// \return  of scores that are all alike, or not stationary: a status, and no process
/// \throws argument_error  for fewer scores, one that is not finite, options out of range
/// Accuracy:  of an estimate of φ from n scores, see `phi_error` and `phi_bias`: at φ = 0.9 and n = 200 a threshold that is
///            calibrated on it makes half of such monitors alarm in half the wanted time
/// Cost:      n times the square of the order
/// Source:    G. Schwarz, "Estimating the dimension of a model", Annals of Statistics 6 (1978) 461-464; the bias: M. G. Kendall,
///            "Note on bias in the estimation of autocorrelation", Biometrika 41 (1954) 403-404
template <class Derived>
score_process fit_scores(const Eigen::MatrixBase<Derived>& scores, const score_process_options& options = {}) {
  if constexpr (Derived::RowsAtCompileTime == 1)
    return detail::fit_scores_of(scores.transpose().template cast<double>(), options);
  else
    return detail::fit_scores_of(scores.template cast<double>(), options);
}

/// The process with known φ and normal innovations.
///
/// \param phi        in (-1, 1); beyond 0.9999 or so the status is `diverged`
/// \param deviation  of a score, > 0
/// \throws argument_error  for other arguments
LIBRATION_DECLARED score_process autoregressive_scores(double phi, double mean = 0.0, double deviation = 1.0);

/// Runs of a process, from its stationary distribution: a pure function of seed and stream.
///
/// Cost:  half a Philox block a score and `order` operations; no allocation after construction
class score_simulator {
 public:
  /// \param independent  without memory: independent scores of the same distribution
  /// \throws argument_error  for a process without the status ok
  LIBRATION_FUNC score_simulator(const score_process& process, std::uint64_t seed, std::uint64_t stream, bool independent = false);

  double next() noexcept {
    double y = 0.0;
    for (int k = 0; k < order_; ++k) y += coefficients_[static_cast<std::size_t>(k)] * lags_[static_cast<std::size_t>(k)];
    if (used_ == block) fill();
    y += drawn_[used_++];
    for (int k = order_ - 1; k > 0; --k) lags_[static_cast<std::size_t>(k)] = lags_[static_cast<std::size_t>(k - 1)];
    lags_[0] = y;
    return mean_ + y;
  }

 private:
  static constexpr Eigen::Index block = 64;

  LIBRATION_DECLARED void fill() noexcept;

  const Eigen::VectorXd* from_;  // null: normal
  random_stream random_;
  double mean_, scale_;
  int order_;
  std::array<double, largest_order> coefficients_{}, lags_{};
  Eigen::Array<double, block, 1> drawn_;
  Eigen::Index used_ = block;
};

/// Standardises scores: z = (score - mean)/deviation; whitened: z = (y_t - Σ_k coefficients[k - 1] y_{t-k})/innovation deviation.
/// Whitened scores of the process are independent; the first `order` of them are only standardised, for want of their past. |z| is
/// at most 1e100: what is larger counts as that.
class score_filter {
 public:
  /// Scores are standardised already.
  score_filter() = default;
  score_filter(const score_process& process, bool whiten) noexcept
      : mean_(process.mean), scale_(1.0 / process.deviation), whitened_scale_(1.0 / process.innovation_deviation) {
    if (!whiten || process.order() > largest_order) return;
    order_ = process.order();
    for (int k = 0; k < order_; ++k) coefficients_[static_cast<std::size_t>(k)] = process.coefficients[k];
  }

  /// \param score  finite
  double next(double score) noexcept {
    constexpr double largest = 1e100;
    double y = score - mean_;
    if (order_ == 0) return std::clamp(scale_ * y, -largest, largest);
    double z = scale_ * y;
    if (known_ == order_) {
      double rest = y;
      for (int k = 0; k < order_; ++k) rest -= coefficients_[static_cast<std::size_t>(k)] * lags_[static_cast<std::size_t>(k)];
      z = whitened_scale_ * rest;
    } else {
      ++known_;
    }
    for (int k = order_ - 1; k > 0; --k) lags_[static_cast<std::size_t>(k)] = lags_[static_cast<std::size_t>(k - 1)];
    lags_[0] = std::clamp(y, -largest / scale_, largest / scale_);
    return std::clamp(z, -largest, largest);
  }
  void reset() noexcept { known_ = 0; }

 private:
  double mean_ = 0.0, scale_ = 1.0, whitened_scale_ = 1.0;
  int order_ = 0, known_ = 0;
  std::array<double, largest_order> coefficients_{}, lags_{};
};

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/score_process.hpp>
#endif
