// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Counts heap allocations, for tests that prove that a loop makes none.

#include <cstdint>

namespace libration_test {

/// \return how often this process has allocated so far, in all threads: `operator new`, and where the C library allows
/// it
///         (glibc) every malloc, so that Eigen's own aligned allocations count too
std::int64_t allocations() noexcept;

/// \return how many allocations `work` makes: `CHECK(allocations_in([&] { map.step(h, next); }) == 0);`
///
/// Only for files named `*.noalloc.cpp`: they are linked with `allocation_counter.cpp` into an executable of their own.
/// No assertion inside `work`: Catch2 allocates.
template <class Work>
std::int64_t allocations_in(Work&& work) {
  const std::int64_t before = allocations();
  work();
  return allocations() - before;
}

}  // namespace libration_test
