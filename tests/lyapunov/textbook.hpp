// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Exponents of one random map against a textbook's loops.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/lyapunov/largest.hpp>
#include <libration/lyapunov/spectrum.hpp>
#include <libration/tangent/first_frame.hpp>

#include "support/catch.hpp"
#include "support/random_maps.hpp"

namespace libration_test {

/// How many of the runs could be compared, and how many of their exponents are the textbook's up to what rounding does in a step.
struct tally {
  int ok = 0, all = 0, exact = 0, exponents = 0;
  void count(bool equal) {
    ++exponents;
    if (equal) ++exact;
  }
};

/// A random run of `spectrum` and one of `largest` against the textbook's. Orbit and first directions are the same in both, number
/// for number, so that what differs is the arithmetic of the tangent.
///
/// \tparam Number  that a formula runs in: double or `single`; of a vector map: double, and not used
/// \param m        components of an input
/// \param unit_rounding  eps of the map's scalar
/// \param last_column    whether the last column of a partial frame is judged: what it turns to is not known (`frame_rounding`)
template <class Number, class Map, class Start>
void compare_with_textbook(draws& d, std::uint64_t number, const Map& map, const Start& start, Eigen::Index m,
                           double unit_rounding, tally& spectra, tally& pairs, bool last_column = true) {
  namespace lyapunov = libration::lyapunov;
  using libration::status;
  const std::int64_t transient = 20, turning = 60, steps = 100 + d.below(150), last = transient + turning + steps;
  const Eigen::MatrixXd inputs = random_inputs(d, m, last);
  const textbook_orbit orbit(map, inputs, last);
  const Eigen::Index n = orbit.states[0].size(), count = d.one_in(2) ? n : 1 + d.below(static_cast<int>(n));
  const bool given = d.one_in(2);
  const lyapunov::spectrum_options options{.count = count,
                                           .steps = steps,
                                           .transient = transient,
                                           .frame_transient = turning,
                                           .interval = d.one_in(2) ? 0 : 1 + d.below(6),
                                           .frame = given ? lyapunov::frame_choice(lyapunov::identity) : lyapunov::random,
                                           .seed = number};
  Eigen::MatrixXd frame = Eigen::MatrixXd::Identity(n, count);
  if (!given) frame = libration::tangent::random_frame(n, count, number);
  const textbook_spectrum truth(orbit, frame, transient, transient + turning, last);
  const auto run = [&](const auto& measure, const auto& o) {
    if constexpr (libration::maps::driven<Map>)
      return measure(map, start, inputs, o);
    else
      return measure(map, start, o);
  };
  const auto r = run([](const auto&... a) { return lyapunov::spectrum<Number>(a...); }, options);
  ++spectra.all;
  if (r.status == status::ok) {
    ++spectra.ok;
    for (Eigen::Index i = 0; i < count; ++i) {
      const double wanted = truth.exponents[static_cast<std::size_t>(i)];
      INFO("case " << number << ", dimension " << n << ", exponent " << i << " of " << count << ": " << r.exponents[i] << " +- "
                   << r.standard_error[i] << ", by the textbook " << wanted << ", interval " << options.interval << ", frame "
                   << (given ? "given" : "random"));
      if (r.exponents[i] == -std::numeric_limits<double>::infinity()) {
        CHECK(truth.singular);
        break;
      }
      if (!last_column && count < n && i + 1 == count) continue;
      if (r.unresolved(i) || !std::isfinite(r.standard_error[i])) continue;
      // A product with a step's Jacobian is right to about n eps of the column's norm.
      const auto at = static_cast<std::size_t>(i);
      const double rounding =
          unit_rounding * (8.0 * static_cast<double>(n) * truth.ratios[at] + truth.rounded[at]) + 2.0 * r.rounding[i];
      const double apart = std::abs(r.exponents[i] - wanted);
      spectra.count(apart <= rounding);
      if (!(apart <= 5.0 * r.standard_error[i] + rounding)) FAIL_CHECK("beyond five errors");
    }
  }

  const lyapunov::largest_options two{.steps = steps,
                                      .transient = transient,
                                      .frame_transient = turning,
                                      .interval = d.one_in(2) ? 0 : 1 + d.below(30),
                                      .separation = d.one_in(3) ? 1e-4 : 0.0,
                                      .seed = number};
  const auto pair = run([](const auto&... a) { return lyapunov::largest<Number>(a...); }, two);
  Eigen::MatrixXd direction(n, 1);
  libration::random_stream(number, 0x70616972).fill_normal(direction);  // the neighbour's own first one
  const double condition = direction_condition(orbit, direction, transient, transient + turning, last);
  ++pairs.all;
  if (pair.status == status::ok && std::isfinite(pair.standard_error[0]) && std::isfinite(condition)) {
    ++pairs.ok;
    const double wanted = textbook_spectrum(orbit, direction, transient, transient + turning, last).exponents[0];
    INFO("case " << number << ", dimension " << n << ": two trajectories " << pair.exponents[0] << " +- " << pair.standard_error[0]
                 << " and rounding " << pair.rounding[0] << ", by the textbook " << wanted << ", condition " << condition
                 << ", merged " << pair.merged_pairs << ", jumps " << pair.jumps);
    // Where the direction has not turned yet, the error of each step weighs by the condition.
    const double turned = std::log1p(condition * pair.rounding[0]);
    const double apart = std::abs(pair.exponents[0] - wanted);
    pairs.count(apart <= 2.0 * pair.rounding[0]);
    if (!(apart <= 5.0 * pair.standard_error[0] + turned)) FAIL_CHECK("beyond five errors");
  }
}

/// Nearly all runs have ended as `ok`, and nearly all exponents are right to rounding: five standard errors of a short run are
/// wide.
inline void check_tallies(const tally& spectra, const tally& pairs) {
  if (spectra.all < 100) return;  // chosen cases
  CHECK(spectra.ok > 0.8 * spectra.all);
  CHECK(spectra.exact > 0.9 * spectra.exponents);
  CHECK(pairs.ok > 0.9 * pairs.all);
  CHECK(pairs.exact > 0.9 * pairs.exponents);
}

}  // namespace libration_test
