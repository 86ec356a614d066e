// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/file_bytes.hpp declares.

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
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
#include <libration/io/file_bytes.hpp>

namespace libration::inline LIBRATION_ABI::io {

LIBRATION_DEFINED void file_bytes::fail(const char* what, int error) const {
  throw file_error(path_, file_error::no_byte, std::string(what) + ": " + std::generic_category().message(error));
}

LIBRATION_DEFINED file_bytes file_bytes::open(const std::filesystem::path& path, bool mapped) {
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

LIBRATION_DEFINED file_bytes file_bytes::borrow(std::span<const std::byte> bytes, std::string name) {
  file_bytes file(std::move(name));
  file.data_ = pointer(bytes.data(), release{});
  file.size_ = bytes.size();
  return file;
}

LIBRATION_FUNC void file_bytes::release::operator()(const std::byte* data) const noexcept {
  void* const memory = const_cast<std::byte*>(data);
#if LIBRATION_HAS_MMAP
  if (mapped != 0) ::munmap(memory, mapped);
#endif
  if (owned) std::free(memory);
}

LIBRATION_DEFINED void file_bytes::take(void* memory, std::size_t size, bool mapped) noexcept {
  data_ = pointer(static_cast<const std::byte*>(memory), release{mapped ? size : 0, !mapped});
  size_ = size;
}

LIBRATION_DEFINED void file_bytes::read(std::FILE* handle, std::size_t expected) {
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

}  // namespace libration::inline LIBRATION_ABI::io
