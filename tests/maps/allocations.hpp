// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// That a vector map allocates nothing in a step or a tangent.

#include <Eigen/Core>

#include <libration/maps/detail/vector_base.hpp>

#include "maps/vector_laws.hpp"
#include "support/allocation_counter.hpp"
#include "support/catch.hpp"

namespace libration_test {

/// \param k  directions of the tangent
template <class M>
void check_allocations(const M& map, Eigen::Index k) {
  const Eigen::Index n = map.state_size();
  const Eigen::VectorXd h = normals<double>(n, 1, 1), x = normals<double>(inputs_of(map), 1, 2);
  const Eigen::MatrixXd V = normals<double>(n, k, 3);
  Eigen::MatrixXd JV(n, k);
  Eigen::VectorXd next(n);
  auto stage = libration::maps::detail::stage<M>::make(map, k);
  CHECK(allocations_in([&] {
          for (int t = 0; t < 3; ++t) {
            stage.step(map, t, h, x, next);
            stage.tangent(map, V, JV);
          }
        }) == 0);
}

}  // namespace libration_test
