// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>

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

namespace {

// What a bar writes where standard error is a terminal.
std::string drawn(const libration::progress& p) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  if (master < 0 || ::grantpt(master) != 0 || ::unlockpt(master) != 0) return "no terminal";
  const int slave = ::open(::ptsname(master), O_RDWR | O_NOCTTY), saved = ::dup(STDERR_FILENO);
  ::dup2(slave, STDERR_FILENO);
  {
    libration::report::progress_bar bar("test");
    bar(p);
  }
  ::dup2(saved, STDERR_FILENO);
  std::string text(4096, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(master, text.data(), text.size()))));
  for (const int descriptor : {master, slave, saved}) ::close(descriptor);
  return text;
}

}  // namespace

TEST_CASE("report::progress_bar: more done than there is, and counts near the type's end", "[oracle][edge]") {
  constexpr std::int64_t big = std::numeric_limits<std::int64_t>::max();
  if (drawn({5, 10}) == "no terminal") {
    WARN("skipped: no pseudo-terminal");
    return;
  }
  CHECK(drawn({5, 10}).find('[' + std::string(20, '#') + std::string(20, '.') + "]  50 %  test") != std::string::npos);
  CHECK(drawn({5, 3}).find('[' + std::string(40, '#') + "] 100 %  test") != std::string::npos);
  CHECK(drawn({-1, 3}).find('[' + std::string(40, '.') + "]   0 %  test") != std::string::npos);
  CHECK(drawn({big / 4, big}).find('[' + std::string(9, '#')) != std::string::npos);
  CHECK(drawn({big, big}).find("100 %") != std::string::npos);
}
