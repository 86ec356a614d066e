// SPDX-License-Identifier: MIT
#include <libration/memory/gate_half_lives.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>

#include <libration/core/random.hpp>

#include "support/catch.hpp"

namespace memory = libration::memory;
using Eigen::MatrixXd;
using namespace libration_test;

TEST_CASE("memory::half_life: of an exponent", "[oracle][edge]") {
  CHECK(std::abs(memory::half_life(std::log(0.9)) - 6.5788134790) < 1e-9);
  CHECK(std::abs(memory::half_life(std::log(0.99)) - 68.9675639365) < 1e-9);
  CHECK(memory::half_life(0.0) == std::numeric_limits<double>::infinity());
  CHECK(memory::half_life(0.1) == std::numeric_limits<double>::infinity());
  CHECK(memory::half_life(-std::numeric_limits<double>::infinity()) == 0.0);
  CHECK(std::isnan(memory::half_life(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("memory::gate_half_lives: gates that stay, alternate, close and stay open", "[oracle]") {
  MatrixXd gates = MatrixXd::Constant(4, 1000, 0.9);
  for (Eigen::Index t = 0; t < 1000; t += 2) gates(1, t) = 0.99;
  gates(2, 500) = 0.0;
  gates.row(3).setOnes();
  const auto r = memory::gate_half_lives(gates);
  CHECK(std::abs(r.half_life[0] - 6.5788134790) < 1e-9);
  CHECK(std::abs(r.lower[0] - r.upper[0]) < 1e-9);
  CHECK(std::abs(r.half_life[1] - std::log(2.0) / (-0.5 * std::log(0.9 * 0.99))) < 1e-9);
  CHECK(r.half_life[2] == 0.0);
  CHECK(std::isnan(r.lower[2]));
  CHECK(r.half_life[3] == std::numeric_limits<double>::infinity());
  CHECK(r.steps == 1000);
  CHECK(r.level == 0.95);
}

TEST_CASE("memory::gate_half_lives: the interval holds the truth of independent gates", "[stat]") {
  // g = √(uniform): the mean of ln g is -1/2. At 99.99 % one of these seeds in 10,000 would fail.
  const libration::random_stream numbers(11);
  MatrixXd gates(1, 4000);
  for (Eigen::Index t = 0; t < 4000; ++t) gates(0, t) = std::sqrt(1.0 - numbers.uniform(static_cast<std::uint64_t>(t)));
  const auto r = memory::gate_half_lives(gates, 0.9999);
  CHECK(r.lower[0] < 2.0 * std::log(2.0));
  CHECK(r.upper[0] > 2.0 * std::log(2.0));
  CHECK(r.lower[0] > 1.2);
  CHECK(r.upper[0] < 1.6);
  // Of 15 steps there is a value, but no interval.
  const auto few = memory::gate_half_lives(gates.leftCols(15));
  CHECK(few.half_life[0] > 0.0);
  CHECK(std::isnan(few.upper[0]));
}

TEST_CASE("memory::gate_half_lives: what is no gate is refused", "[failure]") {
  CHECK_THROWS_WITH(memory::gate_half_lives(MatrixXd()), Contains("memory::gate_half_lives: gates has shape (0, 0), expected"));
  CHECK_THROWS_WITH(memory::gate_half_lives(MatrixXd::Ones(2, 3), 1.0), Contains("level is 1, expected a number in (0, 1)"));
  MatrixXd gates = MatrixXd::Ones(2, 3);
  gates(1, 2) = -0.5;
  CHECK_THROWS_WITH(memory::gate_half_lives(gates), Contains("gates(1, 2) is -0.5, expected a finite number >= 0"));
  gates(1, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(memory::gate_half_lives(gates), Contains("gates(1, 2) is nan"));
}
