// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what core/memory.hpp declares.

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <sys/resource.h>

#include <libration/core/memory.hpp>

namespace libration::inline LIBRATION_ABI::detail {

LIBRATION_DEFINED std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  return file >> value ? std::optional(value) : std::nullopt;
}

LIBRATION_DEFINED std::optional<std::uint64_t> number_after(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  std::string word;
  while (file >> word)
    if (word == name) {
      std::uint64_t value = 0;
      return file >> value ? std::optional(value) : std::nullopt;
    }
  return std::nullopt;
}

LIBRATION_DEFINED std::optional<std::uint64_t> left_in_cgroup() {
  std::optional<std::uint64_t> least;
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // id:controllers:path; version 2 has no controllers there
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool unified = controllers.empty();
    if (!unified && ("," + controllers + ",").find(",memory,") == std::string::npos) continue;
    const std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    // In a container the path may be one of the host's, which is not there: its own group is then the root.
    for (std::string path = line.substr(second + 1);; path.resize(path.find_last_of('/'))) {
      const std::string at = root + path + "/memory.";
      const auto limit = number_in(at + (unified ? "max" : "limit_in_bytes"));
      const auto usage = number_in(at + (unified ? "current" : "usage_in_bytes"));
      if (limit && usage) {
        const auto droppable = number_after(at + "stat", unified ? "inactive_file" : "total_inactive_file");
        const std::uint64_t used = *usage - std::min(*usage, droppable.value_or(0));
        const std::uint64_t left = *limit - std::min(*limit, used);
        least = std::min(least.value_or(left), left);
      }
      if (path.find('/') == std::string::npos) break;
    }
  }
  return least;
}

}  // namespace libration::inline LIBRATION_ABI::detail

namespace libration::inline LIBRATION_ABI {

LIBRATION_DEFINED std::optional<std::uint64_t> available_memory() {
  std::optional<std::uint64_t> least;
  const auto bound = [&](std::optional<std::uint64_t> bytes) {
    if (bytes) least = std::min(least.value_or(*bytes), *bytes);
  };
  if (const auto kilobytes = detail::number_after("/proc/meminfo", "MemAvailable:")) bound(*kilobytes * 1024);
  bound(detail::left_in_cgroup());
#if LIBRATION_HAS_RLIMIT
  struct rlimit space = {};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY)
    if (const auto kilobytes = detail::number_after("/proc/self/status", "VmSize:")) {
      const auto limit = static_cast<std::uint64_t>(space.rlim_cur);
      bound(limit - std::min(limit, *kilobytes * 1024));
    }
#endif
  return least;
}

LIBRATION_DEFINED std::string bytes_text(double bytes) {
  constexpr std::string_view units = "kMGTPEZY";
  if (!(bytes < 1e27)) return "more bytes than any machine has";
  if (bytes < 1e18) {
    const std::string exact = number_text(static_cast<std::uint64_t>(bytes)) + " bytes";
    if (bytes < 1000.0) return exact;
    double scaled = bytes / 1000.0;
    std::size_t unit = 0;
    for (; scaled >= 1000.0; ++unit) scaled /= 1000.0;
    return number_text(scaled, 3) + " " + units[unit] + "B (" + exact + ")";
  }
  return number_text(bytes, 3) + " bytes";
}

LIBRATION_DEFINED void require_memory(double bytes, std::string_view who, std::string_view what, std::string_view smaller) {
  const auto available = available_memory();
  const double most = available ? static_cast<double>(*available) : static_cast<double>(std::numeric_limits<std::ptrdiff_t>::max());
  require(bytes <= most, who, [&] {
    return std::string(what) + " would take " + bytes_text(bytes) + " of memory, and " +
           (available ? bytes_text(most) + " are available" : std::string("that is more than a program can address")) + "; " +
           std::string(smaller);
  });
}

}  // namespace libration::inline LIBRATION_ABI
