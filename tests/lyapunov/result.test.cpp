// SPDX-License-Identifier: MIT
// Includes the result's header alone: what its members need is defined there.
#include <libration/lyapunov/result.hpp>

#include "support/catch.hpp"

TEST_CASE("lyapunov::result: finite-time spread and quantiles come with the header alone", "[law]") {
  libration::lyapunov::finite_time f;
  f.values = (Eigen::MatrixXd(1, 3) << 1.0, 3.0, 2.0).finished();
  CHECK(f.spread()[0] == 1.0);
  CHECK(f.quantile(0.5)[0] == 2.0);
}
