// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>

#include "lyapunov/textbook.hpp"
#include "support/catch.hpp"
#include "support/random_maps.hpp"

using namespace libration_test;

namespace {

template <class Scalar, bool driven>
void compare(std::uint64_t seed, std::uint64_t number, tally& spectra, tally& pairs) {
  draws d(seed, number);
  const random_map<Scalar, driven> map(d);
  compare_with_textbook<double>(d, number, map, map.start, map.U.cols(), std::numeric_limits<Scalar>::epsilon(), spectra, pairs);
}

void compare_all(const case_range& cases) {
  tally spectra, pairs;
  for (std::uint64_t k = cases.first; k < cases.last; ++k) {
    if (k % 3 == 0) compare<double, false>(cases.seed, k, spectra, pairs);
    if (k % 3 == 1) compare<double, true>(cases.seed, k, spectra, pairs);
    if (k % 3 == 2) compare<float, true>(cases.seed, k, spectra, pairs);
  }
  check_tallies(spectra, pairs);
}

// h' = (C + A W) h, triangular with entries below the diagonal that are no smaller: far from normal.
template <class Scalar>
void compare_triangular(std::uint64_t seed, std::uint64_t number, tally& spectra, tally& pairs) {
  draws d(seed, number);
  random_map<Scalar, false> map(d, 12 + d.below(13), 1);
  map.kind = 0;
  for (Eigen::Index j = 0; j < map.W.cols(); ++j) map.W.col(j).head(j).setZero();
  compare_with_textbook<double>(d, number, map, map.start, 1, std::numeric_limits<Scalar>::epsilon(), spectra, pairs, false);
}

void compare_all_triangular(const case_range& cases) {
  tally spectra, pairs;
  for (std::uint64_t k = cases.first; k < cases.last; ++k) {
    if (k % 2 == 0) compare_triangular<double>(cases.seed, k, spectra, pairs);
    if (k % 2 == 1) compare_triangular<float>(cases.seed, k, spectra, pairs);
  }
}

}  // namespace

TEST_CASE("lyapunov: spectra and leading exponents of random maps are a textbook's", "[differential][heavy]") {
  compare_all({1, 1500});
}
TEST_CASE("lyapunov: spectra and leading exponents of many random maps are a textbook's", "[.slow][differential]") {
  compare_all({2, 60'000});
}
TEST_CASE("lyapunov: what rounding leaves of the exponents of non-normal maps", "[differential][heavy]") {
  compare_all_triangular({5, 200});
  // Some of the random maps that came out beyond five errors: columns of which no two depend on each other, a direction that turns
  // late, and a slope that is a difference in single precision.
  tally spectra, pairs;
  compare<double, false>(2, 24354, spectra, pairs);
  for (const std::uint64_t k : {23114u, 40706u, 30410u}) compare<float, true>(2, k, spectra, pairs);
}
TEST_CASE("lyapunov: what rounding leaves of the exponents of many non-normal maps", "[.slow][differential]") {
  compare_all_triangular({6, 10'000});
}
