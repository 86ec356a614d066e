// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The engines that libration::compiled holds: of small formulas and of vector maps.

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

#define LIBRATION_ANY_VECTOR_MAP(S, autonomous, has_determinant)                                                              \
  template spectrum_result run_any_vector_map(tangent::any_vector_system<S, autonomous, has_determinant>&,                    \
                                              const Eigen::Matrix<S, Eigen::Dynamic, 1>&, rollout::any_inputs<S>&,            \
                                              const spectrum_estimator&, const rollout::drive_options&);
LIBRATION_ANY_VECTOR_MAP(double, false, false)
LIBRATION_ANY_VECTOR_MAP(double, false, true)
LIBRATION_ANY_VECTOR_MAP(double, true, false)
LIBRATION_ANY_VECTOR_MAP(double, true, true)
LIBRATION_ANY_VECTOR_MAP(float, false, false)
LIBRATION_ANY_VECTOR_MAP(float, false, true)
LIBRATION_ANY_VECTOR_MAP(float, true, false)
LIBRATION_ANY_VECTOR_MAP(float, true, true)
#undef LIBRATION_ANY_VECTOR_MAP

}  // namespace libration::inline LIBRATION_ABI::lyapunov
#endif
