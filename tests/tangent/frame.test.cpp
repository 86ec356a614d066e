// SPDX-License-Identifier: MIT
#include <libration/tangent/frame.hpp>

#include <cmath>
#include <limits>


#include <libration/core/random.hpp>
#include <libration/maps/henon.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/logistic_lattice.hpp>

#include "support/catch.hpp"
#include "support/dense.hpp"

namespace maps = libration::maps;
namespace tangent = libration::tangent;
using Eigen::MatrixXd;
using packet = libration::lanes<double, 8>;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();
constexpr double infinity = std::numeric_limits<double>::infinity();

// |R_ii| of a block by Householder's QR.
Eigen::VectorXd pivots(const MatrixXd& V) {
  return libration_test::householder_qr(V).R.diagonal().cwiseAbs();
}

}  // namespace

TEST_CASE("tangent::log_product: the logarithm of a product of any length", "[oracle][edge]") {
  tangent::log_product<double> product;
  long double exact = 0.0L;
  const libration::random_stream numbers(1);
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    const double x = std::exp(6.0 * numbers.normal(i));  // from e^-25 to e^25
    product.multiply(true, x);
    product.multiply(false, 1e300);  // not counted
    exact += std::log(static_cast<long double>(x));
  }
  // eps a factor, and the double that each factor is.
  CHECK(std::abs(product.value() - static_cast<double>(exact)) < 20'000 * eps);
}

TEST_CASE("tangent::log_product: zeros, and factors beyond the range it multiplies in", "[edge]") {
  tangent::log_product<double> product;
  CHECK(product.value() == 0.0);
  product.multiply(true, 1e-300);
  product.multiply(true, 1e-300);
  CHECK(std::abs(product.value() + 600.0 * std::log(10.0)) < 1e-12);
  product.multiply(true, 1e308);
  CHECK(std::abs(product.value() + 292.0 * std::log(10.0)) < 1e-12);
  product.multiply(true, 0.0);
  CHECK(product.value() == -infinity);
  product.multiply(true, 2.0);
  CHECK(product.value() == -infinity);  // minus infinity stays
}

TEST_CASE("tangent::log_product: lanes by themselves", "[edge]") {
  tangent::log_product<packet> product;
  packet number;
  for (int lane = 0; lane < 8; ++lane) number[lane] = lane;
  for (int i = 0; i < 3; ++i) product.multiply(number > packet(2.5), select(number > packet(6.5), packet(0.0), number));
  for (int lane = 0; lane < 8; ++lane) {
    const double wanted = lane < 3 ? 0.0 : lane == 7 ? -infinity : 3.0 * std::log(lane);
    CHECK((product.value()[lane] == wanted || std::abs(product.value()[lane] - wanted) < 1e-14));
  }
}

TEST_CASE("tangent::log_product: a lane's digits do not depend on its neighbours", "[law]") {
  // In some company every factor leaves the range that products stay in; alone none does.
  tangent::log_product<packet> together, alone;
  const libration::random_stream numbers(5);
  for (std::uint64_t i = 0; i < 200; ++i) {
    packet mixed(1.0 + numbers.uniform(i)), calm = mixed;
    mixed[3] = 1e150;
    mixed[4] = std::numeric_limits<double>::quiet_NaN();
    mixed[5] = 0.0;
    together.multiply(calm == calm, mixed);
    alone.multiply(calm == calm, calm);
  }
  for (const int lane : {0, 1, 2, 6, 7}) CHECK(together.value()[lane] == alone.value()[lane]);
}

TEST_CASE("tangent::log_product: the digits do not depend on how far a product is carried on elsewhere", "[law]") {
  const libration::random_stream numbers(6);
  for (const double size : {0.5, 8.0}) {
    tangent::log_product<double> by_itself, carried;
    double product = carried.product();
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      const double x = std::exp(size * (numbers.normal(i) - 1.0));
      by_itself.multiply(true, x);
      product *= x;
      if (numbers.uniform(100'000 + i) < 0.1 || !(product > 1e-200 && product < 1e200)) {
        carried.carried_on(true, product);
        product = carried.product();
      }
    }
    carried.carried_on(true, product);
    CHECK(carried.value() == by_itself.value());
  }
}

TEST_CASE("tangent::frame_factor: pivots, condition and defect of a small frame", "[differential]") {
  using map = maps::logistic_lattice<4>;
  using system_type = tangent::formula_system<map, double, 3>;
  const map m;
  const system_type system(m);
  MatrixXd V(4, 3);
  libration::random_stream(2).fill_normal(V);
  auto frame = system.make_frame(3);
  for (int j = 0; j < 3; ++j)
    for (int i = 0; i < 4; ++i) frame.column[j][i] = V(i, j);
  tangent::frame_factor<system_type> factor(4, 3);
  factor(frame);
  CHECK(factor.finite());
  CHECK(!factor.unresolved());
  const Eigen::VectorXd wanted = pivots(V);
  double condition = 0.0;
  for (int j = 0; j < 3; ++j) {
    CHECK(std::abs(factor.pivot(j) - wanted[j]) < 16 * eps * V.norm());
    condition = std::max(condition, V.col(j).norm() / wanted[j]);
  }
  CHECK(std::abs(factor.condition() / condition - 1.0) < 1e-10);
  double largest = 1.0;
  for (int j = 0; j < 3; ++j) largest = std::max(largest, factor.ratio(j));
  CHECK(largest == factor.condition());
  CHECK(factor.defect(frame) < 8 * eps);
  frame.column[1][2] += 0.25;  // no longer orthonormal
  CHECK(factor.defect(frame) > 0.01);
}

TEST_CASE("tangent::frame_factor: the same of a block, and what is lost or not finite", "[differential][edge]") {
  using system_type = tangent::vector_system<maps::linear<>>;
  MatrixXd V(6, 4);
  libration::random_stream(3).fill_normal(V);
  const Eigen::VectorXd wanted = pivots(V);
  tangent::frame_factor<system_type> factor(6, 4);
  MatrixXd frame = V;
  factor(frame);
  CHECK(factor.finite());
  for (int j = 0; j < 4; ++j) CHECK(std::abs(factor.pivot(j) - wanted[j]) < 64 * eps * V.norm());
  CHECK(factor.defect(frame) < 64 * eps);
  frame = V;
  frame.col(2) = 3.0 * V.col(0) - V.col(1);
  const double frame_norm = frame.col(2).norm();
  factor(frame);
  CHECK(factor.finite());
  CHECK(factor.unresolved());
  CHECK(factor.pivot(2) == -6.0 * eps * frame_norm);
  frame = V;
  frame(1, 1) = infinity;
  factor(frame);
  CHECK(!factor.finite());
}

TEST_CASE("tangent::frame_factor: one lane's lost column is its own", "[edge]") {
  using system_type = tangent::formula_system<maps::henon, packet>;
  const maps::henon map;
  const system_type system(map);
  auto frame = system.make_frame(2);
  frame.column[0] = {packet(1.0), packet(1.0)};
  frame.column[1] = {packet(1.0), packet(-1.0)};
  frame.column[1][1][3] = 1.0;                                       // parallel
  frame.column[0][0][5] = std::numeric_limits<double>::quiet_NaN();  // broken
  tangent::frame_factor<system_type> factor(2, 2);
  factor(frame);
  for (int lane = 0; lane < 8; ++lane) {
    INFO("lane " << lane);
    CHECK(libration::lane_of(factor.finite(), lane) == (lane != 5));
    if (lane == 5) continue;
    CHECK(libration::lane_of(factor.unresolved(), lane) == (lane == 3));
    CHECK((lane == 3 ? factor.pivot(1)[lane] < 0.0 : std::abs(factor.pivot(1)[lane] - std::sqrt(2.0)) < 4 * eps));
  }
}

TEST_CASE("tangent::determinant_sum: Σ ln|det J| of a formula", "[oracle]") {
  using system_type = tangent::formula_system<maps::henon, double>;
  const maps::henon map;
  system_type system(map);
  tangent::determinant_sum<system_type> sum;
  libration::state<double, 2> h = maps::henon::start(), next;
  for (int t = 0; t < 1000; ++t) {
    system.advance(t, h, {}, next);
    sum.add(true, system);
    h = next;
  }
  CHECK(std::abs(sum.value() - 1000.0 * std::log(0.3)) < 1000 * 4 * eps);
}
