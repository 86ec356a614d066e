// SPDX-License-Identifier: MIT
// Inputs are a matrix with one column a step, or a callable x(t, out): a callable that returns its input is neither.
// expect: inputs must be a matrix with one column a step, or a callable
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
  const auto inputs = [](std::int64_t t) { return static_cast<double>(t); };
#else
  const auto inputs = [](std::int64_t t, libration::vector_span<double> x) { x[0] = static_cast<double>(t); };
#endif
  return static_cast<int>(libration::lyapunov::spectrum(leaky{}, {0.0}, inputs).steps);
}
