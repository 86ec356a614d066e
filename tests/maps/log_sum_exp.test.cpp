// SPDX-License-Identifier: MIT
#include <libration/maps/log_sum_exp.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include "support/catch.hpp"

namespace maps = libration::maps;

TEST_CASE("maps::log_sum_exp: equal logits of any size, and in float", "[oracle]") {
  for (const double offset : {0.0, 3000.0, -3000.0})
    CHECK(std::abs(maps::log_sum_exp(Eigen::VectorXd::Constant(5, offset)) - offset - std::log(5.0)) < 1e-12);
  // Summed in double the small ones count; each of 10,000 additions to about 1 rounds by half an epsilon.
  Eigen::VectorXf logits = Eigen::VectorXf::Constant(10'001, -20.0f);
  logits[77] = 0.0f;
  CHECK(std::abs(maps::log_sum_exp(logits) - std::log1p(1e4 * std::exp(-20.0))) < 5e3 * std::numeric_limits<double>::epsilon());
}

TEST_CASE("maps::log_sum_exp: infinities and NaN are kept", "[edge]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(maps::log_sum_exp(Eigen::Vector2d(-infinity, 1.0)) == 1.0);
  CHECK(maps::log_sum_exp(Eigen::Vector2d(-infinity, -infinity)) == -infinity);
  CHECK(std::isnan(maps::log_sum_exp(Eigen::Vector2d(std::nan(""), 1.0))));
  CHECK(std::isnan(maps::log_sum_exp(Eigen::Vector2d(1.0, std::nan("")))));
}
