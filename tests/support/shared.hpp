// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The folder of recorded models and data that some tests compare with, and how they skip, saying so, where it is
/// absent.

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <system_error>

#include "support/catch.hpp"

namespace libration_test {

/// \return the folder that the environment variable LIBRATION_SHARED names; without the variable, `../shared` beside
/// the
///         project's source; nothing where that is no folder
inline std::optional<std::filesystem::path> shared_folder() {
  std::filesystem::path folder;
  if (const char* const named = std::getenv("LIBRATION_SHARED"); named != nullptr && *named != '\0') folder = named;
#ifdef LIBRATION_SOURCE_DIR
  else
    folder = std::filesystem::path(LIBRATION_SOURCE_DIR) / ".." / "shared";
#endif
  std::error_code none;
  if (!std::filesystem::is_directory(folder, none)) return std::nullopt;
  return folder;
}

}  // namespace libration_test

/// Ends a test that has no folder to compare with: `LIBRATION_REQUIRE_SHARED(folder);` declares `folder` or skips.
#define LIBRATION_REQUIRE_SHARED(name)                                                                \
  const auto name##_or_nothing = ::libration_test::shared_folder();                                   \
  if (!name##_or_nothing) {                                                                           \
    WARN("skipped: no folder of recorded models (LIBRATION_SHARED, or ../shared beside the source)"); \
    return;                                                                                           \
  }                                                                                                   \
  const std::filesystem::path& name = *name##_or_nothing
