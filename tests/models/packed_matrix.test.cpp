// SPDX-License-Identifier: MIT
#include <libration/models/detail/packed_matrix.hpp>

#include <limits>

#include <Eigen/Core>

#include "models/networks.hpp"
#include "support/catch.hpp"

using libration_test::random_matrix;
namespace detail = libration::models::detail;
using Eigen::Index;

namespace {

// Every product in a frame of a number that must stay: what lies beside C is not written.
template <class S>
void check_products(Index rows, Index inner, Index count) {
  using matrix = Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>;
  const matrix A = random_matrix(rows + 2, inner, 1.0, 10).template cast<S>(),
               B = random_matrix(inner + 3, count, 1.0, 11).template cast<S>();
  const matrix exact = A.topRows(rows) * B.topRows(inner);
  const double tolerance = 2.0 * static_cast<double>(inner) * static_cast<double>(std::numeric_limits<S>::epsilon());
  INFO(rows << " x " << inner << " times " << inner << " x " << count);
  matrix few = matrix::Constant(rows + 1, count, S(7)), packed = few;
  detail::multiply_few<S>({A.data(), rows + 2}, rows, inner, {B.data(), inner + 3}, count, few.data(), rows + 1);
  const detail::packed_matrix<S> P(A.topRows(rows));
  P.multiply({B.data(), inner + 3}, count, packed.data(), rows + 1);
  for (const matrix* C : {&few, &packed}) {
    CHECK((C->topRows(rows) - exact).cwiseAbs().maxCoeff() <= static_cast<S>(tolerance));  // two sums of `inner` products below 1
    CHECK((C->row(rows).array() == S(7)).all());
  }
  CHECK(P.dense() == A.topRows(rows));
}

}  // namespace

TEST_CASE("models::detail::packed_matrix, multiply_few: products of every shape are Eigen's", "[differential][edge]") {
  constexpr Index panel = detail::few_columns<float>::rows;
  for (const Index rows : {Index(1), panel / 2 - 1, panel / 2, panel - 1, panel, panel + 1, 3 * panel, 3 * panel + 5})
    for (const Index inner : {1, 3, 4, 257, 300})
      for (const Index count : {1, 2, 3, 4, 5, 6, 7, 12, 17}) {
        check_products<float>(rows, inner, count);
        check_products<double>(rows, inner, count);
      }
}

TEST_CASE("models::detail::multiply_few: a sum of nothing is zero", "[edge]") {
  for (const Index rows : {Index(2), Index(40)}) {
    const Eigen::MatrixXd A(rows, 0), B(0, 9);
    Eigen::MatrixXd C = Eigen::MatrixXd::Constant(rows, 9, 7.0);
    detail::multiply_few<double>({A.data(), rows}, rows, 0, {B.data(), 1}, 9, C.data(), rows);
    CHECK((C.array() == 0.0).all());
  }
}
