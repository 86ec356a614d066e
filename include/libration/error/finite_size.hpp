// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The finite-size Lyapunov exponent λ(δ): how fast an error of size δ grows, from infinitesimal to the attractor's own size.

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/status.hpp>
#include <libration/error/growth_curve.hpp>

namespace libration::inline LIBRATION_ABI::error {

/// Options of `finite_size_exponent`; sizes in units of the curve's normaliser.
struct finite_size_options {
  /// From one size to the next, > 1. Smaller: finer in δ, but a map's step may leap over it.
  double ratio = 2.0;
  /// The first δ, > 0; 0: four times the largest error at the start, so that every error has turned into the leading direction a
  /// little, and at least `floor`.
  double smallest = 0.0;
  /// No δ is above this; 0: 1, the attractor's own size.
  double largest = 0.0;
};

/// λ(δ) at sizes δ, δ r, δ r², ...
struct [[nodiscard]] finite_size_result {
  Eigen::VectorXd size;            ///< shape (sizes): geometric mean of the errors followed, in units of the curve's normaliser
  Eigen::VectorXd exponent;        ///< shape (sizes): nats per unit of time (per step where the map has no time step)
  Eigen::VectorXd standard_error;  ///< shape (sizes): over reference stretches; NaN below three of them
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> count;     ///< shape (sizes): errors followed to their end
  Eigen::Matrix<std::int64_t, Eigen::Dynamic, 1> censored;  ///< shape (sizes): whose curve ended before; where these are many,
                                                            ///< the slow ones are missing and the exponent is too large
  std::int64_t jumps = 0;                                   ///< of the curve: pairs that parted at a cut, whose growth is none
  std::vector<undeclared_period> undeclared;                ///< of the curve: where there are any, there are no sizes and exponents
  libration::status status = libration::status::not_run;    ///< the curve's
  double ratio = 0.0;
  double floor = 0.0;  ///< 100 times the curve's rounding: there, rounding changes an error by about 1 % a step
};

/// λ(δ) = ⟨ln(e′/e)⟩ / ⟨τ⟩ over the curves: e is the first error of a curve to reach δ, e′ the first to reach δ r, and τ the time
/// between them. The sizes are those really reached: a map's error leaps from step to step. What one size leaves off with the next
/// begins with, so that growth and time add up to those of the whole: an error that is followed from where it is first caught until
/// it has grown by a factor of its own begins after an unusual growth, and its rate is some per cent off.
///
/// For δ → 0 it is the leading exponent; where it falls off, an error no longer grows like an infinitesimal one.
///
/// \param curve  recorded at every step where the map is fast; windows long enough for errors to saturate
/// \return       no sizes where the curve's coordinates wrap undeclared (status `undeclared_period`): what leaps at a cut is no
/// growth \throws       argument_error where an option is out of range, or the curve holds nothing Accuracy:     standard errors by
/// the delta method for a ratio of means, over independent stretches Source:       Aurell, Boffetta, Crisanti, Paladin, Vulpiani,
/// "Predictability in the large: an extension of the concept of
///               Lyapunov exponent", J. Phys. A 30 (1997) 1; departure: sizes reached in place of thresholds
LIBRATION_DECLARED finite_size_result finite_size_exponent(const growth_curve& curve, const finite_size_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::error

#if !defined(LIBRATION_COMPILED)
#include <libration/error/definitions/finite_size.hpp>
#endif
