// SPDX-License-Identifier: MIT
#include <atomic>
#include <cstdint>
#include <libration/core/parallel.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.hpp"

namespace {
using libration::parallel_for;

TEST_CASE("core::thread_count: what was asked for, or at least one", "[edge]") {
  CHECK(libration::thread_count(3) == 3);
  CHECK(libration::thread_count(1) == 1);
  CHECK(libration::thread_count(0) >= 1);
  CHECK(libration::thread_count(-2) >= 1);
}

TEST_CASE("core::parallel_for: visits every index once, on any number of threads", "[law]") {
  for (const std::int64_t count : {0, 1, 2, 7, 100}) {
    for (const int threads : {0, 1, 2, 7, 200}) {
      std::vector<std::atomic<int>> visits(static_cast<std::size_t>(count));
      parallel_for(count, threads, [&](std::int64_t i) { ++visits[static_cast<std::size_t>(i)]; });
      for (const auto& v : visits) CHECK(v == 1);
    }
  }
}

TEST_CASE("core::parallel_for: the same digits on 1, 2 and 7 threads", "[law]") {
  const auto orbits = [](int threads) {
    std::vector<double> last(50);
    parallel_for(50, threads, [&](std::int64_t i) {
      double x = 0.1 + 0.01 * static_cast<double>(i);
      for (int t = 0; t < 1000; ++t) x = 3.9 * x * (1.0 - x);
      last[static_cast<std::size_t>(i)] = x;
    });
    return last;
  };
  const auto serial = orbits(1);
  CHECK(orbits(2) == serial);
  CHECK(orbits(7) == serial);
}

TEST_CASE("core::parallel_for: one thread means the caller's own, in order", "[law]") {
  std::vector<std::int64_t> order;
  const auto caller = std::this_thread::get_id();
  parallel_for(5, 1, [&](std::int64_t i) {
    CHECK(std::this_thread::get_id() == caller);
    order.push_back(i);
  });
  CHECK(order == std::vector<std::int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("core::parallel_for: rethrows the exception of the lowest index that threw", "[failure]") {
  // Index 3 and 10 throw; with 1, 2 and 7 threads each of them is reached, since they are the first to throw on theirs.
  for (const int threads : {1, 2, 7}) {
    std::string message;
    try {
      parallel_for(20, threads, [](std::int64_t i) {
        if (i == 3 || i == 10) throw std::runtime_error("member " + std::to_string(i));
      });
    } catch (const std::runtime_error& error) {
      message = error.what();
    }
    CHECK(message == "member 3");
  }
}

TEST_CASE("core::parallel_for: a failed thread does not stop the others", "[failure]") {
  std::vector<std::atomic<int>> visits(20);
  CHECK_THROWS_AS(parallel_for(20, 2,
                               [&](std::int64_t i) {
                                 if (i == 0) throw std::runtime_error("first");
                                 ++visits[static_cast<std::size_t>(i)];
                               }),
                  std::runtime_error);
  for (std::size_t i = 1; i < visits.size(); i += 2) CHECK(visits[i] == 1);  // the second thread's share
}

TEST_CASE("core::parallel_for: a negative number of threads", "[failure]") {
  CHECK_THROWS_AS(parallel_for(3, -1, [](std::int64_t) {}), libration::argument_error);
}

}  // namespace
