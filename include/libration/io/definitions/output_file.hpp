// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/output_file.hpp declares.

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>

#include <libration/core/error.hpp>
#include <libration/io/output_file.hpp>

namespace libration::inline LIBRATION_ABI::io {

LIBRATION_DEFINED void output_file::fail(const char* what, int error, std::uint64_t byte) const {
  throw file_error(name_, byte, std::string(what) + ": " + std::generic_category().message(error));
}

LIBRATION_DEFINED output_file::output_file(const std::filesystem::path& path)
    : target_(path), name_(path.string()) {
  std::error_code none;
  const auto kind = std::filesystem::status(path, none).type();
  in_place_ = kind != std::filesystem::file_type::regular && kind != std::filesystem::file_type::not_found;
  if (in_place_) {
    handle_ = std::fopen(name_.c_str(), "wb");
  } else {
    if (kind == std::filesystem::file_type::regular) target_ = std::filesystem::canonical(path);  // through links
    // "x" never opens another's file: the clock makes the name, and a taken one is tried again.
    for (int attempt = 0; attempt < 16 && handle_ == nullptr; ++attempt) {
      temporary_ = target_;
      temporary_ += '.';
      temporary_ += number_text(std::chrono::steady_clock::now().time_since_epoch().count());
      temporary_ += ".partial";
      handle_ = std::fopen(temporary_.string().c_str(), "wbx");
      if (handle_ == nullptr && errno != EEXIST) break;
    }
  }
  if (handle_ == nullptr) fail("cannot create", errno, file_error::no_byte);
}

LIBRATION_FUNC output_file::~output_file() {
  if (handle_ != nullptr) std::fclose(handle_);
  if (!committed_ && !in_place_) {
    std::error_code none;
    std::filesystem::remove(temporary_, none);
  }
}

LIBRATION_DEFINED void output_file::write(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  const std::size_t written = std::fwrite(bytes.data(), 1, bytes.size(), handle_);
  position_ += written;
  if (written != bytes.size()) fail("cannot write", errno, position_);
}

LIBRATION_DEFINED void output_file::commit() {
  std::FILE* const handle = handle_;
  handle_ = nullptr;
  if (std::fclose(handle) != 0) fail("cannot write", errno, position_);
  if (!in_place_) {
    std::error_code error;
    const auto old = std::filesystem::status(target_, error);
    if (std::filesystem::exists(old)) std::filesystem::permissions(temporary_, old.permissions(), error);
    std::filesystem::rename(temporary_, target_, error);
    if (error) fail("cannot put the finished file in place", error.value(), file_error::no_byte);
  }
  committed_ = true;
}

}  // namespace libration::inline LIBRATION_ABI::io
