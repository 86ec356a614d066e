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

void compare_all(std::uint64_t seed, std::uint64_t cases) {
  tally spectra, pairs;
  for (std::uint64_t k = 0; k < cases; k += 3) {
    compare<double, false>(seed, k, spectra, pairs);
    compare<double, true>(seed, k + 1, spectra, pairs);
    compare<float, true>(seed, k + 2, spectra, pairs);
  }
  check_tallies(spectra, pairs);
}

}  // namespace

TEST_CASE("lyapunov: spectra and leading exponents of random maps are a textbook's", "[differential][heavy]") {
  compare_all(1, 1500);
}
TEST_CASE("lyapunov: spectra and leading exponents of many random maps are a textbook's", "[.slow][differential]") {
  compare_all(2, 60'000);
}
