// SPDX-License-Identifier: MIT
// A driven map has no spectrum without the inputs that drive it.
// expect: no matching function|could not convert|cannot convert
#include <libration/lyapunov/spectrum.hpp>

struct leaky {
  static constexpr int dimension = 1, input_dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h, const libration::state<T, 1>& x) const {
    return {0.5 * h[0] + x[0]};
  }
};

int main() {
#if defined(LIBRATION_MUST_FAIL)
  return static_cast<int>(libration::lyapunov::spectrum(leaky{}, {0.0}).steps);
#else
  return static_cast<int>(libration::lyapunov::spectrum(leaky{}, {0.0}, Eigen::MatrixXd::Zero(1, 2000).eval()).steps);
#endif
}
