// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Finite-time exponents as the recorded ones were computed: Householder QR after every step, nothing discarded.

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "support/dense.hpp"

namespace libration_test {

struct finite_time_run {
  Eigen::VectorXd log_pivots;  ///< sum over the steps of ln |diag R|, shape (k)
  Eigen::VectorXd state;       ///< after the last step, shape (n)
  std::int64_t steps = 0;

  Eigen::VectorXd exponents() const { return log_pivots / static_cast<double>(steps); }
};

/// Runs a network from the zero state.
///
/// \param frame  Q0, shape (n, k)
/// \param input  callable (t, out)
/// \param seen   called as (steps done, run so far) after each step
template <class Map, class Input, class Seen>
finite_time_run run_finite_time(const Map& map, const Eigen::MatrixXd& frame, std::int64_t steps, Input&& input,
                                Seen&& seen) {
  const Eigen::Index n = map.state_size(), k = frame.cols();
  finite_time_run run{Eigen::VectorXd::Zero(k), Eigen::VectorXd::Zero(n)};
  Eigen::VectorXd x(map.input_size()), next(n);
  Eigen::MatrixXd Q = frame, JQ(n, k);
  auto ws = map.make_workspace(k);
  for (std::int64_t t = 0; t < steps; ++t) {
    input(t, x);
    map.step(run.state, x, next, ws);
    map.tangent(Q, JQ, ws);
    run.state.swap(next);
    const qr_factors qr = householder_qr(JQ);
    run.log_pivots.array() += qr.R.diagonal().array().abs().log();
    Q = qr.Q;
    run.steps = t + 1;
    seen(run.steps, run);
  }
  return run;
}

}  // namespace libration_test
