// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A file that appears complete or not at all: written beside its place, then renamed into it.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// Writes to a new file in the target's folder; `commit` puts it in the target's place. A reader that has the old
/// target mapped keeps it. A target that is not a regular file (a pipe, a device) is written to directly.
class output_file {
 public:
  /// \throws file_error if nothing can be written there
  LIBRATION_DECLARED explicit output_file(const std::filesystem::path& path);

  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  /// Without a commit the target is as it was.
  ~output_file();

  /// \throws file_error at the byte that could not be written
  LIBRATION_DECLARED void write(std::span<const std::byte> bytes);

  /// The last call. An existing target's permissions are kept.
  /// \throws file_error if the last bytes do not reach the file, or it cannot be renamed
  LIBRATION_DECLARED void commit();

 private:
  LIBRATION_DECLARED [[noreturn]] void fail(const char* what, int error, std::uint64_t byte) const;

  std::filesystem::path target_, temporary_;
  std::string name_;
  std::FILE* handle_ = nullptr;
  std::uint64_t position_ = 0;
  bool in_place_ = false;
  bool committed_ = false;
};

}  // namespace libration::inline LIBRATION_ABI::io

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/output_file.hpp>
#endif
