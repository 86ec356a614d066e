// SPDX-License-Identifier: MIT
// A formula whose state is of plain double where T is meant loses the derivative: it does not compile with dual numbers.
// expect: cannot convert|no viable conversion|could not convert|no matching
#include <libration/lyapunov/spectrum.hpp>

struct logistic {
  static constexpr int dimension = 1;
  template <class T>
  libration::state<T, 1> operator()(const libration::state<T, 1>& h) const {
#if defined(LIBRATION_MUST_FAIL)
    const double x = h[0];
#else
    const T x = h[0];
#endif
    return {4.0 * x * (1.0 - x)};
  }
};

int main() { return static_cast<int>(libration::lyapunov::spectrum(logistic{}, {0.3}, {.steps = 10}).steps); }
