// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The engines that libration::compiled holds: of small formulas and of vector maps.

#include <libration/core/config.hpp>
#include <libration/lyapunov/ensemble.hpp>
#include <libration/lyapunov/spectrum.hpp>

#if defined(LIBRATION_COMPILED)
namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_SPECTRUM_ENGINES()
LIBRATION_SPECTRUM_ENGINES_IN_LANES()

}  // namespace libration::inline LIBRATION_ABI::lyapunov
#endif
