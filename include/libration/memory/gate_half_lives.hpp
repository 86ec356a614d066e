// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How long units with gates keep what they hold: half-lives from recorded gates, or from exponents.

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/views.hpp>

namespace libration::inline LIBRATION_ABI::memory {

/// \param exponent  of what decays, a step (or a unit of time)
/// \return          ln 2 / -exponent, in the same unit; infinite from 0 on, 0 at minus infinity, NaN stays NaN
inline double half_life(double exponent) {
  return exponent >= 0.0 ? std::numeric_limits<double>::infinity() : std::numbers::ln2 / -exponent;
}

/// What `gate_half_lives` returns; shapes (units).
struct [[nodiscard]] gate_half_lives_result {
  Eigen::VectorXd half_life;       ///< steps; 0 of a unit whose gate was closed once, infinite of one that was always open
  Eigen::VectorXd lower, upper;    ///< its interval of probability `level`; NaN where the error is not known (fewer than 16 steps)
  Eigen::VectorXd mean_log;        ///< mean of ln gate, nats a step: the unit's exponent along these inputs
  Eigen::VectorXd standard_error;  ///< of `mean_log`, autocorrelation accounted for
  std::int64_t steps = 0;
  double level = 0.0;
};

/// Half-lives of units of which each keeps the share g_t of its state in step t: ln 2 / -mean ln g. Of an LSTM g is the forget
/// gate, of a minGRU 1 - z, of a Mamba e^{ΔA}; of a GRU z, which is not all that it keeps: its candidate reads the state too.
///
/// \param gates  shape (units, steps), g >= 0
/// \param level  of the intervals, in (0, 1)
/// \throws argument_error  for no units or steps, a gate that is negative or not finite, or another level
/// Accuracy:  that of `stats::mean_error`
/// Source:    derived here: what is left of a unit's content after n steps is the product of its gates
LIBRATION_DECLARED gate_half_lives_result gate_half_lives(const Eigen::MatrixXd& gates, double level = 0.95);

}  // namespace libration::inline LIBRATION_ABI::memory

#if !defined(LIBRATION_COMPILED)
#include <libration/memory/definitions/gate_half_lives.hpp>
#endif
