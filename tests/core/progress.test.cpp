// SPDX-License-Identifier: MIT
#include <cstdint>
#include <libration/core/progress.hpp>
#include <vector>

#include "support/catch.hpp"

namespace {

TEST_CASE("core::progress: begins at nothing of nothing", "[edge]") {
  const libration::progress p;
  CHECK(p.done == 0);
  CHECK(p.total == 0);
}

TEST_CASE("core::progress_callback: takes any callable, and is empty by default", "[law]") {
  CHECK_FALSE(static_cast<bool>(libration::progress_callback{}));
  std::vector<std::int64_t> seen;
  const libration::progress_callback callback = [&](const libration::progress& p) { seen.push_back(p.done); };
  callback({.done = 3, .total = 10});
  callback({.done = 10, .total = 10});
  CHECK(seen == std::vector<std::int64_t>{3, 10});
}

}  // namespace
