// SPDX-License-Identifier: MIT
#include <libration/drift/hotelling.hpp>
#include <libration/drift/neighbours.hpp>
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

TEST_CASE("drift::hotelling, neighbours: a state's distances allocate nothing", "[no-alloc]") {
  const Eigen::Index n = 300;
  const Eigen::MatrixXd X = Eigen::MatrixXd::Random(n, 40);
  const drift::hotelling chart(drift::reference(X, {.rank = 9}), {.components = 6});
  const drift::neighbours plain(X), directions(X, {.normalise = true});
  auto ws = chart.make_workspace();
  auto other = plain.make_workspace();
  double sum = 0.0;
  CHECK(libration_test::allocations_in([&] {
          for (Eigen::Index t = 0; t < 40; ++t) {
            const auto v = chart.value(X.col(t), -1, ws);
            sum += v.t_squared + v.spe + plain.distance(X.col(t), 3, other) + directions.distance(X.col(t), 3, other);
          }
        }) == 0);
  CHECK(sum > 0.0);
}
