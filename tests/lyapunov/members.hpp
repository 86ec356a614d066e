// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Random options, and the check that what a member of an ensemble gets depends on nothing beside it.

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/lyapunov/options.hpp>
#include <libration/lyapunov/result.hpp>

#include "lyapunov/support.hpp"
#include "support/catch.hpp"
#include "support/family.hpp"

namespace libration_test {

/// Options of a short run; now and then one in which several steps are taken between two orthonormalisations and records.
inline libration::lyapunov::spectrum_options random_options(Eigen::Index n, drawn& draw) {
  libration::lyapunov::spectrum_options options;
  const bool longer = draw.whole(0, 31) == 0;
  options.count = draw.whole(0, 2) == 0 ? draw.whole(1, n) : 0;
  options.steps = longer ? draw.whole(300, 2500) : draw.whole(1, 40);
  options.transient = draw.whole(0, 2) == 0 ? draw.whole(1, 30) : 0;
  const std::int64_t frame = draw.whole(0, 3);
  options.frame_transient = frame < 2 ? draw.whole(1, 70) : frame == 2 ? 0 : libration::lyapunov::automatic;
  options.interval = static_cast<std::int64_t>(draw.one_of({0.0, 1.0, 1.0, 3.0}));
  options.seed = static_cast<std::uint64_t>(draw.whole(0, 3));
  if (draw.whole(0, 3) == 0) {
    options.tolerance = std::exp(draw.uniform(-9.0, 1.0));
    options.max_steps = options.steps + draw.whole(0, 4 * options.steps);
  }
  options.history = draw.whole(0, 7) == 0;
  return options;
}

/// Runs the members `which` of a call; several together, or one of them alone.
///
/// \param run  run(which, threads): the results of the members with these numbers, in their order
template <class Run>
void check_members_alone(int members, std::uint64_t seed, Run&& run) {
  std::vector<int> all;
  for (int i = 0; i < members; ++i) all.push_back(i);
  const auto together = run(all, seed % 2 == 0 ? 1 : 2);
  std::string differs;
  for (int i = 0; i < members; ++i) {
    const auto alone = run(std::vector<int>{i}, 1);
    const std::string field = difference(together[static_cast<std::size_t>(i)], alone[0]);
    if (!field.empty()) differs += " member " + std::to_string(i) + ": " + field;
  }
  INFO("seed " << seed);
  CHECK(differs == "");
}

}  // namespace libration_test
