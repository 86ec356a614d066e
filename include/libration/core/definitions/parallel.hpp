// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what core/parallel.hpp declares.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include <libration/core/parallel.hpp>

namespace libration::inline LIBRATION_ABI {

LIBRATION_DEFINED int thread_count(int requested) noexcept {
  return requested > 0 ? requested : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

namespace detail {

LIBRATION_DEFINED void run_on_threads(std::int64_t count, int workers, void (*call)(const void*, std::int64_t), const void* body) {
  struct failure {
    std::int64_t index;
    std::exception_ptr error;
  };
  std::vector<failure> failures(static_cast<std::size_t>(workers), {count, nullptr});
  const auto run = [&](int worker) {
    for (std::int64_t i = worker; i < count; i += workers) {
      try {
        call(body, i);
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

}  // namespace detail

}  // namespace libration::inline LIBRATION_ABI
