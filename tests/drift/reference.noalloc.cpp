// SPDX-License-Identifier: MIT
#include <libration/drift/reference.hpp>

#include <vector>

#include <Eigen/Core>

#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace drift = libration::drift;

TEST_CASE("drift::reference: the distance of a state allocates nothing, whatever its size", "[no-alloc]") {
  for (const Eigen::Index n : {7, 300}) {
    const std::vector<Eigen::MatrixXd> runs{Eigen::MatrixXd::Random(n, 20), Eigen::MatrixXd::Random(n, 20)};
    const Eigen::MatrixXd X = Eigen::MatrixXd::Random(n, 20);
    const Eigen::MatrixXf floats = X.cast<float>();
    for (const Eigen::Index rank : {0, 5}) {
      const drift::reference by_position(runs, {.by_position = true, .rank = rank});
      const drift::reference by_class(runs, {.labels = {0, 1}, .rank = rank});
      auto ws = by_position.make_workspace(), other = by_class.make_workspace();
      double sum = 0.0;
      CHECK(libration_test::allocations_in([&] {
              for (Eigen::Index t = 0; t < 20; ++t) {
                sum += by_position.squared_mahalanobis(X.col(t), t, ws);
                sum += by_position.squared_mahalanobis(floats.col(t), t, ws);
                sum += by_class.squared_mahalanobis(X.col(t), t, other);
                sum += by_class.relative_mahalanobis(X.col(t), other);
              }
            }) == 0);
      CHECK(sum > 0.0);
    }
  }
}
