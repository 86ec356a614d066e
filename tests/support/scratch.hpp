// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A folder that goes with the test, whole files as strings, and the byte and reason of an expected file_error.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <system_error>

#include <libration/core/error.hpp>

namespace libration_test {

/// A new folder under the system's temporary one, removed with all in it at the end.
class scratch_folder {
 public:
  scratch_folder() {
    for (std::int64_t name = std::chrono::steady_clock::now().time_since_epoch().count();; ++name) {
      path_ = std::filesystem::temp_directory_path() / ("libration-test-" + std::to_string(name));
      if (std::filesystem::create_directory(path_)) break;
    }
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void spill(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

inline std::span<const std::byte> bytes_of(const std::string& content) {
  return std::as_bytes(std::span<const char>(content));
}

/// Little-endian, `size` bytes.
inline std::string little(std::uint64_t value, int size = 8) {
  std::string text;
  for (int i = 0; i < size; ++i) text += static_cast<char>(value >> (8 * i) & 0xffu);
  return text;
}

/// What a call threw.
struct failure {
  bool thrown = false;
  std::uint64_t byte = 0;
  std::string reason, what;
};

template <class Call>
failure failure_of(Call&& call) {
  try {
    call();
  } catch (const libration::file_error& e) {
    return {true, e.byte(), e.reason(), e.what()};
  }
  return {};
}

}  // namespace libration_test
