// SPDX-License-Identifier: MIT
#include <Eigen/Core>
#include <libration/core/views.hpp>
#include <type_traits>

#include "support/catch.hpp"

namespace {

const double* address(libration::vector_view<double> v) { return v.data(); }
const double* address_of_block(libration::matrix_view<double> m) { return m.data(); }
void fill(libration::vector_span<double> v, double value) { v.setConstant(value); }
void fill_block(libration::matrix_span<double> m, double value) { m.setConstant(value); }

TEST_CASE("core::vector_view: binds to vectors, columns, segments and maps without a copy", "[law]") {
  const Eigen::VectorXd v = Eigen::VectorXd::LinSpaced(4, 0.0, 3.0);
  CHECK(address(v) == v.data());
  CHECK(address(v.segment(1, 2)) == v.data() + 1);
  const Eigen::MatrixXd m = Eigen::MatrixXd::Zero(3, 5);
  CHECK(address(m.col(2)) == m.data() + 6);
  const double raw[3] = {1.0, 2.0, 3.0};
  CHECK(address(Eigen::Map<const Eigen::VectorXd>(raw, 3)) == raw);
  const Eigen::Vector2d fixed(1.0, 2.0);
  CHECK(address(fixed) == fixed.data());
}

TEST_CASE("core::vector_span: writes through to what it was bound to", "[law]") {
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(2, 3);
  fill(m.col(1), 7.0);
  CHECK(m.col(0).isZero(0.0));
  CHECK((m.col(1).array() == 7.0).all());
  CHECK(m.col(2).isZero(0.0));
}

TEST_CASE("core::vector_span: does not bind to what is not contiguous, not writable, or of another scalar",
          "[failure]") {
  STATIC_REQUIRE(std::is_constructible_v<libration::vector_span<double>, Eigen::VectorXd&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<libration::vector_span<double>, const Eigen::VectorXd&>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<libration::vector_span<double>, Eigen::VectorXf&>);
  STATIC_REQUIRE_FALSE(
      std::is_constructible_v<libration::vector_span<double>, decltype(std::declval<Eigen::MatrixXd&>().row(0))>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<libration::vector_view<double>, const Eigen::VectorXf&>);
}

TEST_CASE("core::matrix_view and matrix_span: bind to blocks of columns, which may lie apart", "[law]") {
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(4, 6);
  CHECK(address_of_block(m) == m.data());
  CHECK(address_of_block(m.middleCols(2, 3)) == m.data() + 8);
  CHECK(address_of_block(m.topRows(2)) == m.data());
  fill_block(m.block(1, 1, 2, 2), 1.0);
  CHECK(m.sum() == 4.0);
  CHECK(m(1, 1) == 1.0);
  CHECK(m(2, 2) == 1.0);
}

TEST_CASE("core::views: nothing is a view too", "[edge]") {
  Eigen::VectorXd v(0);
  CHECK(libration::vector_view<double>(v).size() == 0);
  Eigen::MatrixXd m(3, 0);
  const libration::matrix_span<double> span(m);
  CHECK(span.rows() == 3);
  CHECK(span.cols() == 0);
}

}  // namespace
