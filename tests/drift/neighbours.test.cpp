// SPDX-License-Identifier: MIT
#include <libration/drift/neighbours.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/random.hpp>

#include "support/catch.hpp"
#include "support/message.hpp"

namespace drift = libration::drift;
using Eigen::Index, Eigen::MatrixXd, Eigen::Vector3d, Eigen::VectorXd;
using libration::argument_error, libration::status;
using namespace libration_test;

namespace {

// Six states of three components, as columns.
MatrixXd six_states() {
  MatrixXd rows(6, 3);
  rows << 1, 2, .5, 2, 4.1, .1, 3, 5.9, .9, 4, 8.2, .2, 5, 9.8, .7, 6, 12.1, .4;
  return rows.transpose();
}

MatrixXd normal(Index rows, Index columns, std::uint64_t stream) {
  MatrixXd X(rows, columns);
  libration::random_stream(10, stream).fill_normal(X);
  return X;
}

}  // namespace

TEST_CASE("drift::neighbours: a state and six, and one of the six that leaves itself out", "[oracle]") {
  const drift::neighbours kept(six_states());
  const Vector3d query(3.0, 6.0, 1.0);
  CHECK(kept.status() == status::ok);
  CHECK(std::abs(kept.distance(query, 1) - 0.1414213562) < 1e-10);
  CHECK(std::abs(kept.distance(query, 2) - 2.3280893454) < 1e-10);
  CHECK(std::abs(kept.distance(query, 3) - 2.5455844123) < 1e-10);
  CHECK(std::abs(kept.own_distances(1)[0] - 2.3600847442) < 1e-10);
  CHECK(kept.distance(six_states().col(0), 1) == 0.0);
  CHECK(kept.distance(six_states().col(0), 2) == kept.own_distances(1)[0]);
}

TEST_CASE("drift::neighbours: sorted distances by loops", "[differential]") {
  const MatrixXd X = normal(5, 150, 1), Q = normal(5, 90, 2);
  for (const bool normalise : {false, true}) {
    const drift::neighbours kept(X, {.normalise = normalise});
    const auto point = [&](const VectorXd& x) { return normalise ? VectorXd(x / x.norm()) : x; };
    const VectorXd along = kept.distances_along(Q, 7), own = kept.own_distances(7, 3);
    CHECK(kept.distances_along(Q, 7, 3) == along);
    for (const Index j : {0, 13, 89}) {
      std::vector<double> far, others;
      for (Index i = 0; i < X.cols(); ++i) {
        far.push_back((point(X.col(i)) - point(Q.col(j))).norm());
        if (i != j) others.push_back((point(X.col(i)) - point(X.col(j))).norm());
      }
      std::sort(far.begin(), far.end());
      std::sort(others.begin(), others.end());
      CHECK(std::abs(along[j] - far[6]) < 1e-14);
      CHECK(std::abs(own[j] - others[6]) < 1e-14);
      CHECK(std::abs(kept.distance(Q.col(j).cast<float>(), 7) - far[6]) < 1e-6);
    }
    CHECK(std::isfinite(kept.distance(Q.col(0), 150)));
  }
  // Powers of two scale a distance, whatever its square is.
  for (const int e : {-600, 600})
    CHECK(drift::neighbours(std::ldexp(1.0, e) * X).distance(std::ldexp(1.0, e) * Q.col(0), 3) ==
          std::ldexp(drift::neighbours(X).distance(Q.col(0), 3), e));
}

TEST_CASE("drift::neighbours: zero vectors have no direction", "[failure]") {
  MatrixXd X = normal(3, 6, 3);
  X.col(2).setZero();
  const drift::neighbours kept(X, {.normalise = true}), plain(X);
  CHECK(kept.status() == status::not_resolved);
  CHECK(kept.without_direction() == 1);
  CHECK(kept.size() == 6);
  CHECK(plain.status() == status::ok);
  CHECK(std::isnan(kept.own_distances(1)[2]));
  CHECK(std::isnan(kept.distance(Vector3d::Zero(), 1)));
  CHECK(plain.distance(Vector3d::Zero(), 1) == 0.0);
  CHECK(std::isfinite(kept.distance(Vector3d::Ones(), 5)));
  CHECK(message_of<argument_error>([&] { (void)kept.distance(Vector3d::Ones(), 6); }) ==
        "drift::neighbours: k is 6, expected 1 to 5");
}

TEST_CASE("drift::neighbours: what it refuses", "[failure]") {
  const auto refusal = [](const auto& call) { return message_of<argument_error>([&] { (void)call(); }); };
  MatrixXd X = normal(3, 6, 4);
  const drift::neighbours kept(X);
  CHECK(refusal([&] { return drift::neighbours(X.leftCols(1)); }) ==
        "drift::neighbours: states have the shape (3, 1), expected at least one row and 2 columns");
  CHECK(refusal([&] { return kept.distance(Vector3d::Ones(), 0); }) == "drift::neighbours: k is 0, expected 1 to 6");
  CHECK(refusal([&] { return kept.own_distances(6); }) == "drift::neighbours: k is 6, expected 1 to 5");
  CHECK(refusal([&] { return kept.distance(VectorXd::Ones(2), 1); }) ==
        "drift::neighbours: a state of 2 components, expected 3 as the kept ones have");
  CHECK(std::isnan(kept.distance(Vector3d(1.0, std::numeric_limits<double>::infinity(), 0.0), 1)));
  X(1, 4) = std::numeric_limits<double>::quiet_NaN();
  CHECK(refusal([&] { return drift::neighbours(X); }) == "drift::neighbours: column 4 has a value that is not finite");
}
