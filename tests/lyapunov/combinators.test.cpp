// SPDX-License-Identifier: MIT
/// \file
/// Spectra of maps that are made of others: a cycle is seen whatever stands around the map.

#include <libration/lyapunov/spectrum.hpp>

#include <libration/maps/iterate.hpp>
#include <libration/tangent/finite_difference.hpp>

#include "support/catch.hpp"

namespace {

// The tent map of slope 2, which reaches 0 after as many steps as the significand has bits.
struct tent {
  using scalar_type = double;
  Eigen::Index state_size() const { return 1; }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const {
    next[0] = 2.0 * std::min(h[0], 1.0 - h[0]);
  }
};

}  // namespace

TEST_CASE("lyapunov::spectrum: an orbit has collapsed whatever combinators stand around its map", "[failure]") {
  const auto r = libration::lyapunov::spectrum(libration::maps::iterate(libration::tangent::finite_difference(tent{}), 2),
                                               Eigen::VectorXd::Constant(1, 0.3), {.steps = 1000});
  CHECK(r.status == libration::status::collapsed);
  CHECK(r.cycle_length == 1);
}
