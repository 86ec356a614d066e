// SPDX-License-Identifier: MIT
#include <libration/core/saturating.hpp>

#include "support/catch.hpp"

namespace {

using libration::saturating_product, libration::saturating_sum, libration::unlimited_steps;

TEST_CASE("core::saturating_sum: sums of counts stop at the type's limit", "[edge]") {
  static_assert(saturating_sum(2, 3) == 5 && saturating_sum(2, 3, 4) == 9);
  CHECK(saturating_sum(unlimited_steps - 5, 5) == unlimited_steps);
  CHECK(saturating_sum(unlimited_steps - 5, 6) == unlimited_steps);
  CHECK(saturating_sum(1000, 100, unlimited_steps) == unlimited_steps);
  CHECK(saturating_sum(unlimited_steps, unlimited_steps, unlimited_steps) == unlimited_steps);
  CHECK(saturating_sum(unlimited_steps, 0) == unlimited_steps);
}

TEST_CASE("core::saturating_product: so do products", "[edge]") {
  static_assert(saturating_product(6, 7) == 42);
  CHECK(saturating_product(0, unlimited_steps) == 0);
  CHECK(saturating_product(unlimited_steps, 0) == 0);
  CHECK(saturating_product(100, unlimited_steps / 100) == unlimited_steps / 100 * 100);
  CHECK(saturating_product(100, unlimited_steps / 100 + 1) == unlimited_steps);
  CHECK(saturating_product(std::int64_t{1} << 40, std::int64_t{1} << 40) == unlimited_steps);
}

}  // namespace
