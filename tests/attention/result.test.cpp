// SPDX-License-Identifier: MIT
#include <libration/attention/result.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include "support/catch.hpp"

namespace attention = libration::attention;
using Eigen::MatrixXd, Eigen::VectorXd;

TEST_CASE("attention::mean_over_queries: of the finite entries of each head", "[oracle][edge]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  MatrixXd rows(3, 3);
  rows << 1, 2, 6, nan, 4, -infinity, nan, nan, infinity;
  const VectorXd mean = attention::mean_over_queries(rows);
  REQUIRE(mean.size() == 3);
  CHECK(mean[0] == 3);
  CHECK(mean[1] == 4);
  CHECK(std::isnan(mean[2]));
  CHECK(attention::mean_over_queries(MatrixXd(0, 5)).size() == 0);
}

TEST_CASE("attention::entropy_result: normalised entropy and support of each row", "[oracle][edge]") {
  attention::entropy_result r;
  r.entropy = MatrixXd::Constant(1, 3, std::log(2.0));
  r.entropy(0, 2) = 0.0;
  r.visible.resize(1, 3);
  r.visible << 2, 4, 1;
  const MatrixXd normalised = r.normalised_entropy(), support = r.effective_support();
  CHECK(std::abs(normalised(0, 0) - 1.0) < 1e-15);
  CHECK(std::abs(normalised(0, 1) - 0.5) < 1e-15);
  CHECK(std::isnan(normalised(0, 2)));
  CHECK(std::abs(support(0, 1) - 2.0) < 1e-15);  // a logarithm and an exponential
  CHECK(support(0, 2) == 1.0);
}
