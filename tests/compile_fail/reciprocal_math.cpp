// SPDX-License-Identifier: MIT
// A division that is a product with the reciprocal in lanes, and a division alone, are two numbers.
// expect: -freciprocal-math lets a member of an ensemble differ
// flags: -freciprocal-math
#if defined(LIBRATION_MUST_FAIL) && defined(__clang__)
#define __RECIPROCAL_MATH__ 1
#endif
#include <libration/core/config.hpp>
