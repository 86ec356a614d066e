// SPDX-License-Identifier: MIT
#include <cstdint>

#include "error/textbook.hpp"
#include "support/catch.hpp"
#include "support/random_maps.hpp"

using namespace libration_test;

namespace {

template <class Scalar, bool driven>
void compare(std::uint64_t seed, std::uint64_t number) {
  draws d(seed, number);
  const random_map<Scalar, driven> map(d);
  compare_errors_with_textbook<double, Scalar>(d, number, map, map.start, map.U.cols());
}

void compare_all(const case_range& cases) {
  for (std::uint64_t k = cases.first; k < cases.last; ++k) {
    if (k % 2 == 0) compare<double, false>(cases.seed, k);
    if (k % 2 == 1) compare<float, true>(cases.seed, k);
  }
}

}  // namespace

TEST_CASE("error: growth, finite-size exponents, covariances and transient growth of random maps are a textbook's",
          "[differential][heavy]") {
  compare_all({1, 400});
}
TEST_CASE("error: growth, finite-size exponents, covariances and transient growth of many random maps are a textbook's",
          "[.slow][differential]") {
  compare_all({2, 20'000});
}
