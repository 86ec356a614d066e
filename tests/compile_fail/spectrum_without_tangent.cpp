// SPDX-License-Identifier: MIT
// Nothing is approximated behind anybody's back: a vector map without a tangent has no spectrum, and the message says what to do.
// expect: the Lyapunov spectrum needs the map's tangent
#include <libration/lyapunov/spectrum.hpp>
#include <libration/tangent/finite_difference.hpp>

struct cell {
  using scalar_type = double;
  Eigen::Index state_size() const { return 2; }
  void step(libration::vector_view<double> h, libration::vector_span<double> next) const { next = 0.5 * h; }
};

int main() {
  const Eigen::VectorXd h = Eigen::VectorXd::Zero(2);
#if defined(LIBRATION_MUST_FAIL)
  return static_cast<int>(libration::lyapunov::spectrum(cell{}, h).steps);
#else
  return static_cast<int>(libration::lyapunov::spectrum(libration::tangent::finite_difference(cell{}), h).steps);
#endif
}
