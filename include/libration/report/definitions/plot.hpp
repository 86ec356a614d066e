// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/plot.hpp declares.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include <libration/report/plot.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED bool gnuplot(const std::string& script) {
  std::FILE* file = script.empty() ? nullptr : std::tmpfile();
  if (file == nullptr) return false;
  const bool written = std::fwrite(script.data(), 1, script.size(), file) == script.size() && std::fflush(file) == 0;
  std::rewind(file);
  const std::string command = fmt::format("gnuplot </dev/fd/{} >/dev/null 2>&1", fileno(file));
  const bool drawn = written && std::system(command.c_str()) == 0;
  std::fclose(file);
  return drawn;
}

}  // namespace libration::inline LIBRATION_ABI::report
