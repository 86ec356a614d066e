// SPDX-License-Identifier: MIT
#include <libration/report/progress_bar.hpp>

#include "support/catch.hpp"

TEST_CASE("report::progress_bar: takes any progress, and is a callback by reference", "[edge]") {
  libration::report::progress_bar bar("test");
  const libration::progress_callback callback = std::ref(bar);
  callback({0, 10});
  callback({5, 10});
  callback({10, 10});
  callback({0, 0});  // nothing to do
  SUCCEED();
}
