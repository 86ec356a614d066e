// SPDX-License-Identifier: MIT
// A program compiled with -ffast-math cannot see a NaN, and so no divergence.
// expect: -ffast-math makes isnan\(\) false
#if defined(LIBRATION_MUST_FAIL)
#define __FAST_MATH__ 1
#endif
#include <libration/core/config.hpp>
