// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A file's bytes, read only: memory-mapped where the system can, read into memory where it cannot or shall not.

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// How a file is opened.
struct read_options {
  /// Map the file instead of copying it. A mapped file must not shrink while it is in use (the system answers with
  /// SIGBUS), so take `false` for files that others rewrite in place. What cannot be mapped (a pipe) is read.
  bool mapped = true;
  /// Accept bytes behind the last array, and report how many there are. Some writers leave them; so does an interrupted
  /// overwrite of a longer file, which is why the default refuses.
  bool allow_trailing_bytes = false;
};

/// The bytes of a file, owned and movable; or borrowed from memory under a name. They stay where they are when this
/// moves.
class file_bytes {
 public:
  /// \throws file_error if the path cannot be opened or read (a directory cannot)
  LIBRATION_DECLARED static file_bytes open(const std::filesystem::path& path, bool mapped = true);

  /// \param bytes stay the caller's and must outlive this
  /// \param name  what errors call them
  LIBRATION_DECLARED static file_bytes borrow(std::span<const std::byte> bytes, std::string name);

  std::span<const std::byte> bytes() const noexcept { return {data_.get(), data_ ? size_ : 0}; }
  std::size_t size() const noexcept { return bytes().size(); }
  const std::string& path() const noexcept { return path_; }
  bool mapped() const noexcept { return data_ && data_.get_deleter().mapped != 0; }

 private:
  struct release {
    std::size_t mapped = 0;  // bytes to unmap
    bool owned = false;      // from malloc
    void operator()(const std::byte* data) const noexcept;
  };
  using pointer = std::unique_ptr<const std::byte, release>;

  struct close {
    void operator()(std::FILE* handle) const noexcept { std::fclose(handle); }
  };
  using stdio_handle = std::unique_ptr<std::FILE, close>;

  explicit file_bytes(std::string path) : path_(std::move(path)) {}

  LIBRATION_DECLARED [[noreturn]] void fail(const char* what, int error) const;

  LIBRATION_DECLARED void take(void* memory, std::size_t size, bool mapped) noexcept;

  // Reads to the end, whatever the size is said to be: /proc and pipes say 0.
  LIBRATION_DECLARED void read(std::FILE* handle, std::size_t expected);

  std::string path_;
  pointer data_{nullptr, release{}};
  std::size_t size_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::io

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/file_bytes.hpp>
#endif
