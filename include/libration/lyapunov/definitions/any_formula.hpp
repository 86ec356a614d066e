// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The spectra of small formulas that libration::compiled holds.

#include <libration/core/config.hpp>
#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/spectrum.hpp>

#if defined(LIBRATION_COMPILED)
namespace libration::inline LIBRATION_ABI::lyapunov {

#define LIBRATION_ANY_FORMULA(T, n)                                                                           \
  template void run_any_formula(const any_formula<T, n>&, const state<T, n>&, const spectrum_options&,        \
                                const rollout::drive_options&, int, spectrum_result*);
LIBRATION_ANY_FORMULA(double, 1)
LIBRATION_ANY_FORMULA(double, 2)
LIBRATION_ANY_FORMULA(double, 3)
LIBRATION_ANY_FORMULA(double, 4)
LIBRATION_ANY_FORMULA(rollout::ensemble_lanes<1>, 1)
LIBRATION_ANY_FORMULA(rollout::ensemble_lanes<2>, 2)
LIBRATION_ANY_FORMULA(rollout::ensemble_lanes<3>, 3)
LIBRATION_ANY_FORMULA(rollout::ensemble_lanes<4>, 4)
#undef LIBRATION_ANY_FORMULA

}  // namespace libration::inline LIBRATION_ABI::lyapunov
#endif
