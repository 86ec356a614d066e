// SPDX-License-Identifier: MIT
/// \file
/// Rounding to equidistant levels: exact, ties to even, the largest value kept.

#include <libration/maps/level_grid.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>
#include <libration/maps/number_format.hpp>

#include "support/catch.hpp"

namespace {

namespace maps = libration::maps;
using maps::nearest_level;

// The same in whole numbers: x and largest are numerators of one denominator.
std::int64_t by_whole_numbers(std::int64_t x, std::int64_t largest, std::int64_t levels) {
  // floor of x levels / largest, then the remainder against one half.
  const std::int64_t product = x * levels;
  std::int64_t level = product / largest, rest = product % largest;
  if (rest < 0) level -= 1, rest += largest;
  if (2 * rest > largest || (2 * rest == largest && level % 2 != 0)) ++level;
  return level;
}

}  // namespace

TEST_CASE("maps::nearest_level: against whole numbers", "[oracle]") {
  const libration::random_stream numbers(11, 0);
  std::uint64_t next = 0;
  int ties = 0;
  for (const int bits : {2, 3, 4, 8, 11, 16, 24}) {
    const std::int64_t levels = (std::int64_t{1} << (bits - 1)) - 1;
    for (int k = 0; k < 2000; ++k) {
      // Every other largest value is a multiple of 2 levels, so that every value halfway between two levels is a whole number.
      std::int64_t largest = 1 + static_cast<std::int64_t>(numbers.uniform(next++) * 0x1p34);
      if (k % 2 == 0) largest = 2 * levels * (1 + largest % 1000);
      std::int64_t x = static_cast<std::int64_t>((2.0 * numbers.uniform(next++) - 1.0) * static_cast<double>(largest));
      if (k % 4 == 0) {
        const auto level = static_cast<std::int64_t>(numbers.uniform(next++) * static_cast<double>(levels));
        x = (2 * level + 1) * (largest / (2 * levels)) * (k % 8 == 0 ? 1 : -1);
        ++ties;
      }
      // At the ends of the range of doubles too.
      for (const int exponent : {0, -200, 960, -1074}) {
        const double at = std::ldexp(static_cast<double>(x), exponent), most = std::ldexp(static_cast<double>(largest), exponent);
        const double level = nearest_level(at, most, static_cast<double>(levels));
        if (level != static_cast<double>(by_whole_numbers(x, largest, levels))) {
          INFO("x " << x << ", largest " << largest << ", levels " << levels << ", exponent " << exponent);
          CHECK(level == static_cast<double>(by_whole_numbers(x, largest, levels)));
        }
      }
    }
  }
  CHECK(ties == 7 * 500);
}

TEST_CASE("maps::number_format: ties of a dynamic grid go to even at every scale, and the largest component is kept", "[oracle]") {
  const libration::random_stream numbers(12, 0);
  int odd = 0, moved = 0, seen = 0;
  for (int k = 0; k < 2000; ++k) {
    const int bits = 2 + k % 9;
    const double levels = std::exp2(bits - 1) - 1.0;
    // A scale of so few digits that every tie is a double.
    const double scale = static_cast<double>(static_cast<float>(numbers.uniform(static_cast<std::uint64_t>(k)))) + 0x1p-20;
    for (double level = 0.0; level < levels; level += 1.0) {
      Eigen::VectorXd h(3);
      h << levels * scale, (level + 0.5) * scale, -(level + 0.5) * scale;
      const Eigen::VectorXd before = h;
      maps::number_format::dynamic(bits).round(h);
      const double even = 2.0 * std::floor((level + 1.0) / 2.0);
      ++seen;
      if (std::round(h[1] / scale) != even || h[2] != -h[1]) ++odd;
      if (h[0] != before[0]) ++moved;
    }
    // A largest component of all digits is kept as well.
    Eigen::VectorXd h = Eigen::VectorXd::Constant(1, numbers.uniform(static_cast<std::uint64_t>(100'000 + k)));
    const double before = h[0];
    maps::number_format::dynamic(bits).round(h);
    if (h[0] != before) ++moved;
  }
  CHECK(seen > 100'000);
  CHECK(odd == 0);
  CHECK(moved == 0);
}

TEST_CASE("maps::number_format: ties of a fixed grid go to even, both ends are kept", "[oracle]") {
  const libration::random_stream numbers(13, 0);
  int odd = 0, moved = 0;
  for (int k = 0; k < 500; ++k) {
    const int bits = 2 + k % 7;
    const double intervals = std::exp2(bits) - 1.0;
    const double scale = static_cast<double>(static_cast<float>(numbers.uniform(static_cast<std::uint64_t>(k)))) + 0x1p-20;
    const auto format = maps::number_format::uniform(bits, 0.0, intervals * scale);
    for (double level = 0.0; level < intervals; level += 1.0) {
      Eigen::VectorXd h = Eigen::Vector3d((level + 0.5) * scale, 0.0, intervals * scale);
      format.round(h);
      if (std::round(h[0] / scale) != 2.0 * std::floor((level + 1.0) / 2.0)) ++odd;
      if (h[1] != 0.0 || h[2] != intervals * scale) ++moved;
    }
  }
  CHECK(odd == 0);
  CHECK(moved == 0);
}

TEST_CASE("maps::number_format: a dynamic grid of the smallest and of the largest numbers", "[edge]") {
  constexpr double tiny = std::numeric_limits<double>::denorm_min(), huge = std::numeric_limits<double>::max();
  Eigen::VectorXd h = Eigen::Vector3d(100.0 * tiny, 37.0 * tiny, -100.0 * tiny);
  maps::number_format::dynamic(2).round(h);
  CHECK(h == Eigen::Vector3d(100.0 * tiny, 0.0, -100.0 * tiny));
  h = Eigen::Vector3d(huge, 0.6 * huge, -0.2 * huge);
  maps::number_format::dynamic(3).round(h);
  CHECK(h[0] == huge);
  CHECK(std::abs(h[1] / huge - 2.0 / 3.0) < 1e-15);
  CHECK(std::abs(h[2] / huge + 1.0 / 3.0) < 1e-15);
}
