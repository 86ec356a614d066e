// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A loop over independent pieces on several threads, with a static partition and results by index.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI {

/// \return `requested`, or the number of hardware threads (at least 1) where it is 0
inline int thread_count(int requested) noexcept {
  return requested > 0 ? requested : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Calls `body(index)` for index = 0 .. count-1, thread j of `threads` taking every `threads`-th index from j on.
///
/// What a call computes may depend on nothing but its index: then the digits are the same on any number of threads.
///
/// \param threads 0: one per hardware thread
/// \throws the exception of the lowest index that threw, after every thread has stopped
template <class Body>
void parallel_for(std::int64_t count, int threads, Body&& body) {
  const int workers = static_cast<int>(std::min<std::int64_t>(thread_count(threads), count));
  if (workers <= 1) {
    for (std::int64_t i = 0; i < count; ++i) body(i);
    return;
  }
  struct failure {
    std::int64_t index;
    std::exception_ptr error;
  };
  std::vector<failure> failures(static_cast<std::size_t>(workers), {count, nullptr});
  const auto run = [&](int worker) {
    for (std::int64_t i = worker; i < count; i += workers) {
      try {
        body(i);
      } catch (...) {
        failures[static_cast<std::size_t>(worker)] = {i, std::current_exception()};
        return;
      }
    }
  };
  {
    std::vector<std::jthread> pool;
    pool.reserve(static_cast<std::size_t>(workers) - 1);
    for (int worker = 1; worker < workers; ++worker) pool.emplace_back(run, worker);
    run(0);
  }
  const auto first = std::min_element(failures.begin(), failures.end(),
                                      [](const failure& a, const failure& b) { return a.index < b.index; });
  if (first->error) std::rethrow_exception(first->error);
}

}  // namespace libration::inline LIBRATION_ABI
