// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A file's bytes, read only: memory-mapped where the system can, read into memory where it cannot or shall not.

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#if __has_include(<sys/mman.h>) && __has_include(<sys/stat.h>)
#include <sys/mman.h>
#include <sys/stat.h>
#define LIBRATION_HAS_MMAP 1
#else
#define LIBRATION_HAS_MMAP 0
#endif

#include <libration/core/error.hpp>

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
  static file_bytes open(const std::filesystem::path& path, bool mapped = true) {
    file_bytes file(path.string());
    const stdio_handle handle(std::fopen(file.path_.c_str(), "rb"));
    if (!handle) file.fail("cannot open", errno);
    std::size_t expected = 0;
#if LIBRATION_HAS_MMAP
    struct stat facts = {};
    const int descriptor = ::fileno(handle.get());
    if (::fstat(descriptor, &facts) != 0) file.fail("cannot stat", errno);
    if (S_ISDIR(facts.st_mode)) file.fail("cannot read", EISDIR);
    if (S_ISREG(facts.st_mode) && facts.st_size > 0) {
      expected = static_cast<std::size_t>(facts.st_size);
      if (mapped) {
        void* const data = ::mmap(nullptr, expected, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (data != MAP_FAILED) {
          file.take(data, expected, true);
          return file;
        }
      }
    }
#else
    static_cast<void>(mapped);
#endif
    file.read(handle.get(), expected);
    return file;
  }

  /// \param bytes stay the caller's and must outlive this
  /// \param name  what errors call them
  static file_bytes borrow(std::span<const std::byte> bytes, std::string name) {
    file_bytes file(std::move(name));
    file.data_ = pointer(bytes.data(), release{});
    file.size_ = bytes.size();
    return file;
  }

  std::span<const std::byte> bytes() const noexcept { return {data_.get(), data_ ? size_ : 0}; }
  std::size_t size() const noexcept { return bytes().size(); }
  const std::string& path() const noexcept { return path_; }
  bool mapped() const noexcept { return data_ && data_.get_deleter().mapped != 0; }

 private:
  struct release {
    std::size_t mapped = 0;  // bytes to unmap
    bool owned = false;      // from malloc
    void operator()(const std::byte* data) const noexcept {
      void* const memory = const_cast<std::byte*>(data);
#if LIBRATION_HAS_MMAP
      if (mapped != 0) ::munmap(memory, mapped);
#endif
      if (owned) std::free(memory);
    }
  };
  using pointer = std::unique_ptr<const std::byte, release>;

  struct close {
    void operator()(std::FILE* handle) const noexcept { std::fclose(handle); }
  };
  using stdio_handle = std::unique_ptr<std::FILE, close>;

  explicit file_bytes(std::string path) : path_(std::move(path)) {}

  [[noreturn]] void fail(const char* what, int error) const {
    throw file_error(path_, file_error::no_byte, std::string(what) + ": " + std::generic_category().message(error));
  }

  void take(void* memory, std::size_t size, bool mapped) noexcept {
    data_ = pointer(static_cast<const std::byte*>(memory), release{mapped ? size : 0, !mapped});
    size_ = size;
  }

  // Reads to the end, whatever the size is said to be: /proc and pipes say 0.
  void read(std::FILE* handle, std::size_t expected) {
    std::size_t capacity = 0, size = 0;
    for (;;) {
      if (size == capacity) {
        capacity = capacity == 0 ? std::max<std::size_t>(expected + 1, 4096) : 2 * capacity;
        void* const grown = std::realloc(const_cast<std::byte*>(data_.get()), capacity);
        if (grown == nullptr) fail("cannot read", ENOMEM);
        static_cast<void>(data_.release());
        take(grown, capacity, false);
      }
      const std::size_t got = std::fread(const_cast<std::byte*>(data_.get()) + size, 1, capacity - size, handle);
      size += got;
      if (got == 0) break;
    }
    if (std::ferror(handle) != 0) fail("cannot read", errno);
    size_ = size;
  }

  std::string path_;
  pointer data_{nullptr, release{}};
  std::size_t size_ = 0;
};

}  // namespace libration::inline LIBRATION_ABI::io
