// SPDX-License-Identifier: MIT
#pragma once
// What a spectrum says, in words: of the open and of the closed loop.

#include <cmath>
#include <string>

#include <fmt/format.h>

#include <libration/lyapunov/result.hpp>

#include "section.hpp"

namespace stability {

inline std::string verdict_sentence(const lyapunov::spectrum_result& r, const char* doing, const std::string& unit) {
  const double rate = r.exponents[0], half = r.half_width[0];
  switch (r.verdict) {
    case libration::verdict::stable:
      return fmt::format(
          "STABLE. {} the network forgets a small disturbance of its state: what is left\n"
          "  of it halves every {} (95 % interval: {:.3g} to {:.3g}).",
          doing, halving(rate, unit), std::log(2.0) / -(rate - half), std::log(2.0) / -(rate + half));
    case libration::verdict::chaotic:
      return fmt::format(
          "CHAOTIC. {} a small disturbance of the network's state grows: it doubles every\n"
          "  {} (95 % interval: {:.3g} to {:.3g}), until the two runs have nothing in common.",
          doing, halving(rate, unit), std::log(2.0) / (rate + half), std::log(2.0) / (rate - half));
    case libration::verdict::neutral:
      return fmt::format(
          "NEUTRAL. {} a small disturbance of the network's state neither fades nor grows: over\n"
          "  {:.0f} {}s it changes by less than a factor of e. The network carries it along, like a memory.",
          doing, 1.0 / r.neutral_margin, unit);
    case libration::verdict::undecided:
      break;
  }
  return std::isnan(half) ? "UNDECIDED. The run was too short for an error bar: no verdict without one."
                          : "UNDECIDED. The error bar reaches across the border between fading and growing (or between either and\n"
                            "  neutral): a longer run (--steps) would tell.";
}

inline bool ran(const lyapunov::spectrum_result& r) {
  return r.status == libration::status::ok || r.status == libration::status::not_converged;
}

}  // namespace stability
