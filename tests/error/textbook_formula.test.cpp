// SPDX-License-Identifier: MIT
#include <cstdint>
#include <type_traits>

#include <libration/scalar/single.hpp>

#include "error/textbook.hpp"
#include "support/catch.hpp"
#include "support/random_maps.hpp"

using namespace libration_test;

namespace {

template <class Scalar, int n, bool driven>
void compare(std::uint64_t seed, std::uint64_t number) {
  draws d(seed, number);
  const random_formula<Scalar, n, driven> map(d);
  compare_errors_with_textbook<std::conditional_t<std::is_same_v<Scalar, float>, libration::single, double>, Scalar>(
      d, number, map, map.start(), map.m);
}

void compare_all(const case_range& cases) {
  for (std::uint64_t k = cases.first; k < cases.last; ++k) {
    if (k % 4 == 0) compare<double, 1, true>(cases.seed, k);
    if (k % 4 == 1) compare<double, 2, false>(cases.seed, k);
    if (k % 4 == 2) compare<float, 2, true>(cases.seed, k);
    if (k % 4 == 3) compare<double, 5, true>(cases.seed, k);
  }
}

}  // namespace

TEST_CASE("error: growth, finite-size exponents, covariances and transient growth of random formulas are a textbook's",
          "[differential][heavy]") {
  compare_all({3, 1200});
}
TEST_CASE("error: growth, finite-size exponents, covariances and transient growth of many random formulas are a textbook's",
          "[.slow][differential]") {
  compare_all({4, 40'000});
}
