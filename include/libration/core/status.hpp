// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// How a measurement ended (`status`) and what an exponent says of stability (`verdict`).

#include <cstdint>
#include <string_view>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// How a measurement ended. The numbers beside any status but `not_run` are those of the steps that were done.
enum class status : std::uint8_t {
  not_run,        ///< nothing was computed: the default
  ok,             ///< ran to its end
  not_converged,  ///< the tolerance was not reached in the largest number of steps, or cannot be: rounding alone is above it
  lost_frame,     ///< a forced interval between orthonormalisations is too long: columns, or most of their digits, are lost
  collapsed,      ///< an autonomous orbit repeats in floating point although its exponent is positive
  diverged,       ///< a state or a tangent stopped being finite
  cancelled,      ///< stopped by the caller's stop token
  not_resolved,   ///< below what rounding lets the run show: an exponent is an upper bound, a perturbation no longer one
  undeclared_period  ///< a coordinate wraps, but the map declares no period of it: distances across the cut are wrong
};

/// What the leading exponent and its 95 % interval say: below -margin, inside, above +margin; else undecided.
enum class verdict : std::uint8_t { undecided, stable, neutral, chaotic };

/// \return the enumerator's name
constexpr std::string_view to_string(status s) noexcept {
  constexpr std::string_view names[] = {"not_run",   "ok",       "not_converged", "lost_frame",
                                        "collapsed", "diverged", "cancelled",     "not_resolved",
                                        "undeclared_period"};
  return names[static_cast<std::uint8_t>(s)];
}

/// \return the enumerator's name
constexpr std::string_view to_string(verdict v) noexcept {
  constexpr std::string_view names[] = {"undecided", "stable", "neutral", "chaotic"};
  return names[static_cast<std::uint8_t>(v)];
}

}  // namespace libration::inline LIBRATION_ABI
