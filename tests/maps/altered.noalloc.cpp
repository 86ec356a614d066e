// SPDX-License-Identifier: MIT
/// \file
/// Noise, rounding and their tangents allocate nothing once their workspace is made.

#include <libration/maps/add_noise.hpp>
#include <libration/maps/linear.hpp>
#include <libration/maps/quantize.hpp>
#include <libration/maps/tanh_network.hpp>

#include "maps/allocations.hpp"
#include "support/catch.hpp"

namespace {

namespace maps = libration::maps;
using namespace libration_test;
using maps::number_format;

// Below the size from which Eigen packs blocks on the heap, above that of one block of normal numbers.
constexpr Eigen::Index n = 70, k = 4;

}  // namespace

TEST_CASE("maps: noise and rounding allocate nothing in a step or a tangent", "[no-alloc]") {
  const maps::driven_linear<> AB(normals<double>(n, n, 4), normals<double>(n, 3, 5));
  const maps::tanh_network<> J(n, 2.0);
  check_allocations(maps::add_noise(AB, 0.1), k);
  check_allocations(maps::add_noise(J, 0.1), k);
  for (const auto& format : {number_format::bfloat16(), number_format::dynamic(8, 32),
                             number_format::uniform(8, {Eigen::VectorXd::Constant(n, -1.0), Eigen::VectorXd::Constant(n, 1.0)})}) {
    check_allocations(maps::quantize(AB, format), k);
    check_allocations(maps::quantize(J, format), k);
  }
}
