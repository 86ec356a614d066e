// SPDX-License-Identifier: MIT
#include <libration/core/scaling.hpp>

#include <cmath>
#include <limits>
#include <span>

#include <Eigen/Core>

#include "support/catch.hpp"

using libration::binary_exponent;
using libration::euclidean_norm;

namespace {
double norm(const Eigen::VectorXd& d) {
  return euclidean_norm(d.size(), [&](Eigen::Index i) { return d[i]; });
}
}  // namespace

TEST_CASE("core::scaling: a norm is homogeneous over the whole range of double", "[law][edge]") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Eigen::Vector3d d(3.0, -4.0, 12.0);
  CHECK(norm(d) == 13.0);
  for (const int e : {-1074, -1022, -600, -540, -500, 0, 400, 511, 512, 1000, 1020})
    CHECK(norm(std::ldexp(1.0, e) * d) == std::ldexp(13.0, e));
  CHECK(norm(Eigen::Vector2d(1e-200, 1.0)) == 1.0);
  CHECK(norm(Eigen::VectorXd::Zero(3)) == 0.0);
  CHECK(norm(Eigen::VectorXd(0)) == 0.0);
  CHECK(norm(Eigen::Vector2d(1.0, -infinity)) == infinity);
  CHECK(std::isnan(norm(Eigen::Vector2d(infinity, std::nan("")))));
  CHECK(norm(Eigen::VectorXd::Constant(4, 1.7e308)) == infinity);
}

TEST_CASE("core::scaling: powers of two, exact", "[law][edge]") {
  CHECK(binary_exponent(1.0) == 0);
  CHECK(binary_exponent(1e308) == 1023);
  CHECK(binary_exponent(std::numeric_limits<double>::denorm_min()) == -1074);
  CHECK(binary_exponent(0.0) == 0);
  CHECK(binary_exponent(std::numeric_limits<double>::infinity()) == 0);
  CHECK(binary_exponent(std::nan("")) == 0);
  CHECK(binary_exponent(Eigen::MatrixXd(0, 3)) == 0);
  Eigen::MatrixXd X(1, 3);
  X << 1e308, -1e300, 1e290;
  const Eigen::MatrixXd before = X;
  const int e = binary_exponent(X);
  CHECK(e == 1023);
  CHECK(binary_exponent(std::span<const double>(X.data(), 3)) == e);
  libration::scale_by_power_of_two(X, -e);
  CHECK(X.cwiseAbs().maxCoeff() < 2.0);
  libration::scale_by_power_of_two(X, e);
  CHECK(X == before);
}
