// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Nonlinear least squares with few parameters: Levenberg-Marquardt on residuals whose noise carries over from point to point.

#include <algorithm>
#include <cmath>
#include <limits>

#include <Eigen/Core>
#include <Eigen/QR>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::error::detail {

/// The noise of a curve's points, a first-order antedependent one: what is left of residual i after `carry[i]` times the one
/// before is independent of all before it, with deviation `deviation[i]`. carry = 0 is independent noise, a random walk has
/// carry = 1, and any Gaussian Markov process has this form.
struct curve_noise {
  Eigen::VectorXd carry;      ///< shape (n); the first is not looked at
  Eigen::VectorXd deviation;  ///< shape (n), > 0
  bool known = false;         ///< the deviations are in the curve's own units; else only their ratios mean anything

  /// Residuals, or columns of their derivatives, to independent ones of deviation 1; in place.
  template <class Block>
  void whiten(Block&& block) const {
    for (Eigen::Index i = block.rows() - 1; i > 0; --i) block.row(i) = (block.row(i) - carry[i] * block.row(i - 1)) / deviation[i];
    block.row(0) /= deviation[0];
  }
};

struct least_squares_result {
  Eigen::VectorXd parameters;  ///< shape (p)
  double squares = std::numeric_limits<double>::infinity();
  bool converged = false;
};

/// Minimises |r(θ)|² by Levenberg and Marquardt's method.
///
/// \param evaluate  called as evaluate(θ, r, J): writes the residuals, shape (n), and their derivatives, shape (n, p); false where
///                  θ is not allowed
/// \param start     shape (p)
/// \param enough    below which a sum of squares is rounding, and nothing is gained
/// Source: Marquardt, "An algorithm for least-squares estimation of nonlinear parameters", SIAM Journal on Applied Mathematics 11
///         (1963) 431-441. Steps by an orthogonal factorisation of the damped problem: normal equations would halve the digits,
///         and curves without noise are fitted to their last ones
template <class Evaluate>
least_squares_result minimise(const Evaluate& evaluate, const Eigen::VectorXd& start, Eigen::Index rows, double enough) {
  constexpr int most_steps = 200;
  const Eigen::Index p = start.size();
  least_squares_result best{start};
  Eigen::VectorXd r(rows), trial_r(rows), scale = Eigen::VectorXd::Zero(p);
  Eigen::MatrixXd J(rows, p), trial_J(rows, p), damped(rows + p, p);
  Eigen::VectorXd right(rows + p), delta(p), trial(p);
  Eigen::HouseholderQR<Eigen::MatrixXd> qr(rows + p, p);
  const auto squares_at = [&](const Eigen::VectorXd& theta, Eigen::VectorXd& residuals, Eigen::MatrixXd& jacobian) {
    if (!theta.allFinite() || !evaluate(theta, residuals, jacobian)) return std::numeric_limits<double>::infinity();
    const double sum = residuals.squaredNorm() + 0.0 * jacobian.sum();
    return std::isfinite(sum) ? sum : std::numeric_limits<double>::infinity();
  };
  best.squares = squares_at(start, r, J);
  double damping = 1e-3, raise = 2.0;
  for (int step = 0; step < most_steps && std::isfinite(best.squares); ++step) {
    if (best.squares <= enough) {
      best.converged = true;
      break;
    }
    for (Eigen::Index j = 0; j < p; ++j) scale[j] = std::max(scale[j], J.col(j).norm());
    damped.topRows(rows) = J;
    damped.bottomRows(p).setZero();
    for (Eigen::Index j = 0; j < p; ++j)  // a parameter without any effect stays where it is
      damped(rows + j, j) = std::sqrt(damping) * (scale[j] > 0.0 ? scale[j] : 1.0);
    right.head(rows) = -r;
    right.tail(p).setZero();
    delta = qr.compute(damped).solve(right);
    right.head(rows) = r;
    right.head(rows).noalias() += J * delta;
    const double predicted = best.squares - right.head(rows).squaredNorm();
    trial = best.parameters + delta;
    const double squares = squares_at(trial, trial_r, trial_J);
    if (squares < best.squares) {
      const double gain = best.squares - squares;
      const double agreement = std::min(gain / std::max(predicted, 1e-300), 2.0);
      best.parameters = trial;
      best.squares = squares;
      r.swap(trial_r);
      J.swap(trial_J);
      // Nielsen's smooth rule: a step that did what was predicted relaxes the damping by at most three.
      damping *= std::max(1.0 / 3.0, 1.0 - std::pow(2.0 * agreement - 1.0, 3.0));
      raise = 2.0;
      if (gain <= 1e-15 * squares && predicted <= 1e-15 * squares) best.converged = true;
    } else {
      damping *= raise;
      raise *= 2.0;
      if (!(predicted > 1e-15 * best.squares)) best.converged = true;
    }
    if (best.converged) break;
    if (!(damping < 1e30)) break;
  }
  return best;
}

}  // namespace libration::inline LIBRATION_ABI::error::detail
