// SPDX-License-Identifier: MIT
// A field takes the time first: a stepper says that another one is no field, and where the reason is told.
// expect: not a vector field
#include <libration/maps/rk4.hpp>

struct pushed {
  static constexpr int dimension = 1;
#if defined(LIBRATION_MUST_FAIL)
  template <class T>
  libration::state<T, 1> derivative(const libration::state<T, 1>& h, double t) const {
    return {t - h[0]};
  }
#else
  template <class T>
  libration::state<T, 1> derivative(double t, const libration::state<T, 1>& h) const {
    return {t - h[0]};
  }
#endif
};

int main() { (void)libration::maps::rk4(pushed{}, 0.1); }
