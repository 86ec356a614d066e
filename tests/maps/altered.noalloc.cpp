// SPDX-License-Identifier: MIT
/// \file
/// Noise, rounding and their tangents allocate nothing once their workspace is made.

#include <libration/maps/add_noise.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/tanh_network.hpp>

#include "support/allocation_counter.hpp"
#include "vector_laws.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using maps::number_format;

// Below the size from which Eigen packs blocks on the heap, above that of one block of normal numbers.
constexpr Eigen::Index n = 70, k = 4;

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

TEST_CASE("maps: noise and rounding allocate nothing in a step or a tangent", "[no-alloc]") {
  const maps::driven_linear<> AB(normals<double>(n, n, 4), normals<double>(n, 3, 5));
  const maps::tanh_network<> J(n, 2.0);
  check_allocations(maps::add_noise(AB, 0.1));
  check_allocations(maps::add_noise(J, 0.1));
  for (const auto& format : {number_format::bfloat16(), number_format::dynamic(8, 32),
                             number_format::uniform(8, {Eigen::VectorXd::Constant(n, -1.0), Eigen::VectorXd::Constant(n, 1.0)})}) {
    check_allocations(maps::quantize(AB, format));
    check_allocations(maps::quantize(J, format));
  }
}
