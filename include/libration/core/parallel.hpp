// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A loop over independent pieces on several threads, with a static partition and results by index.

#include <algorithm>
#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI {

/// \return `requested`, or the number of hardware threads (at least 1) where it is 0
LIBRATION_DECLARED int thread_count(int requested) noexcept;

namespace detail {

/// `parallel_for` on two threads or more.
///
/// \param call  called as call(body, index)
LIBRATION_DECLARED void run_on_threads(std::int64_t count, int workers, void (*call)(const void*, std::int64_t), const void* body);

}  // namespace detail

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
  const auto call = [&body](std::int64_t i) { body(i); };
  using function = decltype(call);
  detail::run_on_threads(count, workers, [](const void* it, std::int64_t i) { (*static_cast<function*>(it))(i); }, &call);
}

}  // namespace libration::inline LIBRATION_ABI

#if !defined(LIBRATION_COMPILED)
#include <libration/core/definitions/parallel.hpp>
#endif
