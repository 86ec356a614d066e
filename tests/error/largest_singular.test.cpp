// SPDX-License-Identifier: MIT
#include <libration/error/detail/largest_singular.hpp>

#include <cmath>
#include <limits>

#include <Eigen/Core>


#include "support/catch.hpp"

using Eigen::MatrixXd;
using libration::error::detail::largest_of_real_form, libration::error::detail::largest_singular;

namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

}  // namespace

TEST_CASE("error::detail::largest_singular: of u s vᵀ, and its direction, at any size", "[oracle]") {
  const Eigen::Vector3d u(2.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0);
  const Eigen::Vector2d v(0.6, 0.8), w(-0.8, 0.6);
  const Eigen::Vector3d other(1.0 / 3.0, -2.0 / 3.0, -2.0 / 3.0);
  for (const double size : {1e-200, 1.0, 1e200}) {
    const MatrixXd B = size * (3.0 * u * v.transpose() + 2.0 * other * w.transpose());
    Eigen::VectorXd right;
    CHECK(std::abs(largest_singular(B, &right) / size - 3.0) < 16.0 * eps);
    CHECK(std::abs(std::abs(right.dot(v)) - 1.0) < 16.0 * eps);
  }
}

TEST_CASE("error::detail::largest_of_real_form: a Hermitian matrix of two rows", "[oracle]") {
  // [[a, c - di], [c + di, b]]: (a + b)/2 + √((a - b)²/4 + c² + d²).
  const double a = 1.0, b = -2.0, c = 0.5, d = -3.0;
  MatrixXd form = MatrixXd::Constant(4, 4, std::numeric_limits<double>::quiet_NaN());
  form.topLeftCorner(2, 2) << a, c, c, b;
  form.bottomRightCorner(2, 2) = form.topLeftCorner(2, 2);
  form.bottomLeftCorner(2, 2) << 0.0, -d, d, 0.0;
  CHECK(std::abs(largest_of_real_form(form) - (0.5 * (a + b) + std::sqrt(0.25 * (a - b) * (a - b) + c * c + d * d))) < 32.0 * eps);
}

TEST_CASE("error::detail::largest_singular: nothing, infinity, NaN", "[edge]") {
  Eigen::VectorXd right;
  CHECK(largest_singular(MatrixXd(MatrixXd::Zero(3, 2)), &right) == 0.0);
  CHECK(right.norm() == 1.0);
  MatrixXd B = MatrixXd::Ones(2, 2);
  B(0, 1) = std::numeric_limits<double>::infinity();
  CHECK(largest_singular(B) == std::numeric_limits<double>::infinity());
  B(1, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(largest_singular(B)));
}
