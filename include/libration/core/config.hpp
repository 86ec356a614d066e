// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The version, the inline namespace that keeps builds with different SIMD layouts apart, and what asks a compiler to inline.

#include <Eigen/Core>

#define LIBRATION_VERSION_MAJOR 0
#define LIBRATION_VERSION_MINOR 1
#define LIBRATION_VERSION_PATCH 0

// Parts of -ffast-math by themselves are refused too, as far as the compiler tells of them: g++ of each; clang (14) of
// -ffast-math and -ffinite-math-only, but not of -fassociative-math, -funsafe-math-optimizations, -freciprocal-math and
// -fno-signed-zeros alone, which are as wrong there.
#if defined(__FAST_MATH__)
#error "libration: -ffast-math makes isnan() false and breaks every status; compile without it"
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__
#error "libration: -ffinite-math-only makes isnan() false and breaks every status; compile without it"
#elif defined(__ASSOCIATIVE_MATH__)
#error "libration: -fassociative-math cancels what compensated sums and range reductions keep; compile without it"
#elif defined(__RECIPROCAL_MATH__)
#error "libration: -freciprocal-math lets a member of an ensemble differ from the same call alone; compile without it"
#elif defined(__NO_SIGNED_ZEROS__)
#error "libration: -fno-signed-zeros lets a member of an ensemble differ from the same call alone; compile without it"
#endif

// Eigen's objects are laid out by the SIMD flags of the translation unit. An inline namespace that holds the static
// alignment makes mixing two layouts a link error instead of a wrong number.
#define LIBRATION_CONCATENATE_(a, b) a##b
#define LIBRATION_CONCATENATE(a, b) LIBRATION_CONCATENATE_(a, b)
#define LIBRATION_ABI LIBRATION_CONCATENATE(align_, EIGEN_MAX_STATIC_ALIGN_BYTES)

// For what works on registers: inlined whatever the compiler's budget says. Not where nothing is optimised: functions written out
// in one another are then of a size that clang takes a minute and more to compile. The second comes after a lambda's parameters.
#if defined(__GNUC__) && defined(__OPTIMIZE__)
#define LIBRATION_INLINE __attribute__((always_inline)) inline
#define LIBRATION_INLINE_LAMBDA __attribute__((always_inline))
#else
#define LIBRATION_INLINE inline
#define LIBRATION_INLINE_LAMBDA
#endif

// A function that is dear to compile is declared in its header (LIBRATION_DECLARED) and defined in <module>/definitions/
// (LIBRATION_DEFINED), which the header includes at its end; who links libration::compiled, which defines LIBRATION_COMPILED,
// finds it there instead. As a header it is a template, so that only a program that calls it pays for its body. A helper that only
// definitions call stands there alone, as LIBRATION_DECLARED.
// LIBRATION_FUNC is the same for what cannot be a template: constructors, operators, virtual functions.
#if defined(LIBRATION_COMPILED)
#define LIBRATION_DECLARED
#define LIBRATION_DEFINED
#define LIBRATION_FUNC
#else
#define LIBRATION_DECLARED template <class = void>
#define LIBRATION_DEFINED template <class>
#define LIBRATION_FUNC inline
#endif

/// Everything of the library; modules are nested namespaces named like their folders.
namespace libration::inline LIBRATION_ABI {}
