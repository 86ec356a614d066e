// SPDX-License-Identifier: MIT
/// \file
/// Vector maps and their combinators allocate nothing once their workspace is made.

#include <libration/maps/compose.hpp>
#include <libration/maps/iterate.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/matrix_product.hpp>
#include <libration/maps/tanh_network.hpp>

#include "support/allocation_counter.hpp"
#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;

// Below the size from which Eigen packs blocks on the heap.
constexpr Eigen::Index n = 24, k = 8;

template <class M>
void check_allocations(const M& map) {
  const Eigen::VectorXd h = normals<double>(n, 1, 1), x = normals<double>(inputs_of(map), 1, 2);
  const Eigen::MatrixXd V = normals<double>(n, k, 3);
  Eigen::MatrixXd JV(n, k);
  Eigen::VectorXd next(n);
  auto stage = maps::detail::stage<M>::make(map, k);
  CHECK(allocations_in([&] {
          for (int t = 0; t < 3; ++t) {
            stage.step(map, t, h, x, next);
            stage.tangent(map, V, JV);
          }
        }) == 0);
}

}  // namespace

TEST_CASE("maps: vector maps and their combinators allocate nothing in a step or a tangent", "[no-alloc]") {
  const maps::linear<> A(normals<double>(n, n, 4));
  const maps::driven_linear<> AB(A.matrix(), normals<double>(n, 3, 5));
  const maps::tanh_network<> J(n, 2.0);
  check_allocations(A);
  check_allocations(AB);
  check_allocations(J);
  check_allocations(maps::matrix_product<>({A.matrix(), J.matrix()}));
  check_allocations(maps::gaussian_product<>(n));
  check_allocations(maps::compose(AB, J));
  check_allocations(maps::iterate(maps::compose(J, maps::gaussian_product<>(n)), 3));
}
