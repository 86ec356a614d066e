// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Runs gnuplot for the examples' pictures.

#include <cstdio>
#include <cstdlib>
#include <string>

namespace examples {

/// Runs gnuplot on a script in a temporary file. Writing to a pipe would raise SIGPIPE where gnuplot is not installed.
///
/// \return whether gnuplot ran and was content; false for an empty script, which draws nothing
inline bool draw(const std::string& script) {
  std::FILE* file = script.empty() ? nullptr : std::tmpfile();
  if (file == nullptr) return false;
  const bool written = std::fwrite(script.data(), 1, script.size(), file) == script.size() && std::fflush(file) == 0;
  std::rewind(file);
  const std::string command = "gnuplot </dev/fd/" + std::to_string(fileno(file)) + " >/dev/null 2>&1";
  const bool drawn = written && std::system(command.c_str()) == 0;
  std::fclose(file);
  return drawn;
}

}  // namespace examples
