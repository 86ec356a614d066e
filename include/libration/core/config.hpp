// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The version, and the inline namespace that keeps builds with different SIMD layouts apart.

#include <Eigen/Core>

#define LIBRATION_VERSION_MAJOR 0
#define LIBRATION_VERSION_MINOR 1
#define LIBRATION_VERSION_PATCH 0

#if defined(__FAST_MATH__)
#error "libration: -ffast-math makes isnan() false and breaks every status; compile without it"
#endif

// Eigen's objects are laid out by the SIMD flags of the translation unit. An inline namespace that holds the static
// alignment makes mixing two layouts a link error instead of a wrong number.
#define LIBRATION_CONCATENATE_(a, b) a##b
#define LIBRATION_CONCATENATE(a, b) LIBRATION_CONCATENATE_(a, b)
#define LIBRATION_ABI LIBRATION_CONCATENATE(align_, EIGEN_MAX_STATIC_ALIGN_BYTES)

/// Everything of the library; modules are nested namespaces named like their folders.
namespace libration::inline LIBRATION_ABI {}
