// SPDX-License-Identifier: MIT
#include <libration/core/memory.hpp>

#include <cstdint>
#include <limits>
#include <string>

#include <sys/resource.h>

#include "support/catch.hpp"
#include "support/message.hpp"
#include "support/scratch.hpp"

using libration_test::message_of, libration::argument_error;

TEST_CASE("core::bytes_text: bytes with their unit, and exactly", "[oracle]") {
  CHECK(libration::bytes_text(0) == "0 bytes");
  CHECK(libration::bytes_text(999) == "999 bytes");
  CHECK(libration::bytes_text(1000) == "1 kB (1000 bytes)");
  CHECK(libration::bytes_text(8589934592.0) == "8.59 GB (8589934592 bytes)");
  CHECK(libration::bytes_text(2.5e24) == "2.5e+24 bytes");
  CHECK(libration::bytes_text(1e40) == "more bytes than any machine has");
  CHECK(libration::bytes_text(std::numeric_limits<double>::quiet_NaN()) == "more bytes than any machine has");
}

TEST_CASE("core::require_memory: what will not fit is refused with both numbers and the way out", "[failure]") {
  const auto available = libration::available_memory();
  const auto complaint = [](double bytes) {
    return message_of<argument_error>(
        [&] { libration::require_memory(bytes, "who", "the cache", "a smaller .window takes less"); });
  };
  CHECK(complaint(0.0).empty());
  CHECK(complaint(4096.0).empty());
  const std::string said = complaint(4e18);
  CHECK(said.starts_with("who: the cache would take 4e+18 bytes of memory, and "));
  CHECK(said.ends_with("; a smaller .window takes less"));
  CHECK_FALSE(complaint(std::numeric_limits<double>::infinity()).empty());
  CHECK_FALSE(complaint(std::numeric_limits<double>::quiet_NaN()).empty());
  if (available) {
    CHECK(*available > 0);
    CHECK(complaint(1e6 * static_cast<double>(*available)).find("are available") != std::string::npos);
  }
}

#if LIBRATION_HAS_RLIMIT && defined(__linux__)
TEST_CASE("core::available_memory: a limit of the address space counts, less what is taken", "[law]") {
  rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_AS, &before) == 0);
  const auto taken = libration::detail::number_after("/proc/self/status", "VmSize:");
  REQUIRE(taken);
  constexpr std::uint64_t room = 64 << 20;
  rlimit tight = before;
  tight.rlim_cur = static_cast<rlim_t>(*taken * 1024 + room);
  REQUIRE(::setrlimit(RLIMIT_AS, &tight) == 0);
  const auto available = libration::available_memory();
  REQUIRE(::setrlimit(RLIMIT_AS, &before) == 0);
  REQUIRE(available);
  CHECK(*available <= room);
}
#endif

TEST_CASE("core::available_memory: the system's files are read by their names", "[oracle]") {
  const libration_test::scratch_folder folder;
  libration_test::spill(folder / "meminfo", "MemTotal: 12 kB\nMemAvailable:    345 kB\n");
  libration_test::spill(folder / "max", "max\n");
  CHECK(libration::detail::number_after((folder / "meminfo").string(), "MemAvailable:") == 345u);
  CHECK_FALSE(libration::detail::number_after((folder / "meminfo").string(), "MemFree:"));
  CHECK_FALSE(libration::detail::number_after((folder / "nothing").string(), "MemFree:"));
  CHECK_FALSE(libration::detail::number_in((folder / "max").string()));
}
