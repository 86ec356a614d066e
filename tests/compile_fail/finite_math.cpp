// SPDX-License-Identifier: MIT
// A program that takes every number to be finite cannot see a divergence.
// expect: -ffinite-math-only makes isnan\(\) false
// flags: -ffinite-math-only
#include <libration/core/config.hpp>
