// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A loop over independent pieces on several threads, with a static partition and results by index.

#include <algorithm>
#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI {

/// \return `requested`, or the number of hardware threads (at least 1) where it is 0
inline int thread_count(int requested) noexcept {
  return requested > 0 ? requested : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// Calls `body(index)` for index = 0 .. count-1, thread j of `threads` taking every `threads`-th index from j on.
///
/// What a call computes may depend on nothing but its index: then the digits are the same on any number of threads.
///
/// \param threads 0: one per hardware thread. Where the system gives fewer, the caller's thread does the rest
/// \throws argument_error where threads is negative; the exception of the lowest index that threw, after every thread has stopped
template <class Body>
void parallel_for(std::int64_t count, int threads, Body&& body) {
  require(threads >= 0, "parallel_for", [&] { return "threads is " + number_text(threads) + ", expected >= 0"; });
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
    int started = 1;
    try {
      for (; started < workers; ++started) pool.emplace_back(run, started);
    } catch (const std::system_error&) {
    }
    run(0);
    for (; started < workers; ++started) run(started);
  }
  const auto first = std::min_element(failures.begin(), failures.end(),
                                      [](const failure& a, const failure& b) { return a.index < b.index; });
  if (first->error) std::rethrow_exception(first->error);
}

}  // namespace libration::inline LIBRATION_ABI
