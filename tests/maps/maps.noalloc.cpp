// SPDX-License-Identifier: MIT
/// \file
/// Vector maps and their combinators allocate nothing once their workspace is made.

#include <libration/maps/compose.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/tanh_network.hpp>

#include "maps/allocations.hpp"
#include "support/catch.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

// Below the size from which Eigen packs blocks on the heap.
constexpr Eigen::Index n = 24, k = 8;

}  // namespace

TEST_CASE("maps: vector maps and their combinators allocate nothing in a step or a tangent", "[no-alloc]") {
  const maps::linear<> A(normals<double>(n, n, 4));
  const maps::driven_linear<> AB(A.matrix(), normals<double>(n, 3, 5));
  const maps::tanh_network<> J(n, 2.0);
  check_allocations(A, k);
  check_allocations(AB, k);
  check_allocations(J, k);
  check_allocations(maps::matrix_product<>({A.matrix(), J.matrix()}), k);
  check_allocations(maps::gaussian_product<>(n), k);
  check_allocations(maps::compose(AB, J), k);
  check_allocations(maps::iterate(maps::compose(J, maps::gaussian_product<>(n)), 3), k);
}
