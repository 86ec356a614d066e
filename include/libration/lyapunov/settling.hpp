// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How far a frame's columns have reached their directions: how much of a run's beginning is discarded, and what is left.

#include <cstdint>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/stats/mean_error.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

/// What `settle` found.
struct settled_frame {
  Eigen::Index discarded = 0;  ///< windows at the beginning that are left out
  Eigen::VectorXd left;        ///< shape (count): nats that the turning may still add to the rest of the run
};

/// The same of a single exponent, of which no gap is known: how many of the first windows are left out so that the standard error
/// of the mean of the others, as if they were independent, is smallest; at most half of them.
///
/// What a chaotic orbit's growth does by chance changes that error little: only where it falls to half, the windows before have
/// belonged to the turning (or to the orbit's own way to its attractor, which looks the same). They are left out where their
/// growth errs to one side, and no more than a quarter of the run; what the others have beyond the later mean is what is left.
///
/// \param growth   shape (1, windows): nats in each window
/// \param discard  whether windows may be left out
/// Accuracy:  tests/lyapunov/largest.test.cpp, settling.test.cpp
/// Source:    White, "An effective truncation heuristic for bias reduction in simulation output", Simulation 69 (1997) 323-334 (the
///            marginal standard error rule); departures: what it has to gain, and the limits, are chosen here
LIBRATION_DECLARED settled_frame settle_alone(const Eigen::MatrixXd& growth, bool discard);

/// How many of a run's first windows are left out, so that what the frame's turning and the shorter run together claim of error is
/// smallest (the sum of the exponents' variances, each in units of its own); at most half of them. Where exponents are well apart,
/// what is left of the turning is then below a tenth of the standard error.
///
/// Column i turns to its direction as exp(-N g_i) in N steps, g_i the distance of its exponent from the nearest other one that is
/// counted (the one after the last counted is not known). Until then its growth is another's in part: 4 exp(-N g_i) nats in all are
/// taken as the bound of what follows after N steps. It is lowered to the larger of two others: the gap for the rest of the run, by
/// which a mixture of two columns can be wrong at most, and the farthest that the growth summed up parts from a straight line.
/// Exponents that are equal are right in whatever direction the columns stand.
///
/// The gaps and the errors are those of the run's second half, which the turning has disturbed least.
///
/// \param growth    shape (count, windows): nats in each window
/// \param window    steps in a window, >= 1
/// \param before    steps that have turned the frame before the first window
/// \param rounding  shape (count): nats that rounding may have added in all; empty: none
/// \param discard   whether windows may be left out
/// Accuracy:  tests/lyapunov/coverage.test.cpp: what the intervals hold of limit cycles and of chaotic flows
/// Source:    derived here
LIBRATION_DECLARED settled_frame settle(const Eigen::MatrixXd& growth, std::int64_t window, std::int64_t before,
                                        const Eigen::VectorXd& rounding,
                                        bool discard);

}  // namespace libration::inline LIBRATION_ABI::lyapunov

#if !defined(LIBRATION_COMPILED)
#include <libration/lyapunov/definitions/settling.hpp>
#endif
