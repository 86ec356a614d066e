// SPDX-License-Identifier: MIT
#include <cstdint>

#include <Eigen/Core>
#include <libration/core/random.hpp>
#include <libration/tangent/orthonormalise.hpp>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

TEST_CASE("tangent::orthonormaliser: a call allocates nothing below Eigen's packed products", "[tangent][no-alloc]") {
  for (const Eigen::Index n : {Eigen::Index{5}, Eigen::Index{40}, Eigen::Index{100}})
    for (const Eigen::Index k : {Eigen::Index{1}, n / 2, n}) {
      Eigen::MatrixXd easy(n, k);
      libration::random_stream(1).fill_normal(easy);
      // Columns in pairs that are nearly parallel, and one that is dependent: every way of working.
      Eigen::MatrixXd hard = easy;
      for (Eigen::Index j = 1; j < k; ++j) hard.col(j) = hard.col(j - 1) + 1e-9 * easy.col(j);
      if (k > 1) hard.col(k - 1) = hard.col(0);
      libration::tangent::orthonormaliser<double> block(n, k);
      CAPTURE(n, k);
      CHECK(libration_test::allocations_in([&] {
              block.factor(easy);
              block.factor(hard);
            }) == 0);
      CHECK((k == 1 || !block.unresolved().empty()));
    }
}
