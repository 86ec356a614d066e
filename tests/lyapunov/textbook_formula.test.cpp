// SPDX-License-Identifier: MIT
#include <cstdint>
#include <limits>
#include <type_traits>

#include <libration/scalar/single.hpp>

#include "lyapunov/textbook.hpp"
#include "support/catch.hpp"
#include "support/random_maps.hpp"

using namespace libration_test;

namespace {

template <class Scalar, int n, bool driven>
void compare(std::uint64_t seed, std::uint64_t number, tally& spectra, tally& pairs) {
  draws d(seed, number);
  const random_formula<Scalar, n, driven> map(d);
  compare_with_textbook<std::conditional_t<std::is_same_v<Scalar, float>, libration::single, double>>(
      d, number, map, map.start(), map.m, std::numeric_limits<Scalar>::epsilon(), spectra, pairs);
}

void compare_all(const case_range& cases) {
  tally spectra, pairs;
  for (std::uint64_t k = cases.first; k < cases.last; ++k) {
    if (k % 4 == 0) compare<double, 1, true>(cases.seed, k, spectra, pairs);
    if (k % 4 == 1) compare<double, 2, false>(cases.seed, k, spectra, pairs);
    if (k % 4 == 2) compare<float, 2, true>(cases.seed, k, spectra, pairs);
    if (k % 4 == 3) compare<double, 5, true>(cases.seed, k, spectra, pairs);
  }
  check_tallies(spectra, pairs);
}

}  // namespace

TEST_CASE("lyapunov: spectra and leading exponents of random formulas are a textbook's", "[differential][heavy]") {
  compare_all({3, 1200});
}
TEST_CASE("lyapunov: spectra and leading exponents of many random formulas are a textbook's", "[.slow][differential]") {
  compare_all({4, 40'000});
}
