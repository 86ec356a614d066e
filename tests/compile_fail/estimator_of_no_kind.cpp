// SPDX-License-Identifier: MIT
// What is passed to `analyze` as an estimator is one: an options struct is not.
// expect: estimator
#include <libration/lyapunov/spectrum.hpp>
#include <libration/maps/henon.hpp>

int main() {
  const libration::lyapunov::spectrum_options options{.count = 1};
#if defined(LIBRATION_MUST_FAIL)
  (void)libration::analyze(libration::maps::henon{}, {0.1, 0.1}, {.steps = 100}, options);
#else
  (void)libration::analyze(libration::maps::henon{}, {0.1, 0.1}, {.steps = 100}, libration::lyapunov::spectrum_estimator{options});
#endif
}
