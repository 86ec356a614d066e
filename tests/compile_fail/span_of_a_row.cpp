// SPDX-License-Identifier: MIT
// A row of a column-major matrix is not contiguous: writing to it through a span would need a copy that gets lost.
// expect: vector_span|could not convert|no matching function
#include <libration/core/views.hpp>

void step(libration::vector_span<double> next) { next.setZero(); }

int main() {
  Eigen::MatrixXd states = Eigen::MatrixXd::Ones(2, 3);
  step(states.col(0));
#if defined(LIBRATION_MUST_FAIL)
  step(states.row(0));
#endif
}
