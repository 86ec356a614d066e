// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/npy/reader.hpp declares.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <utility>

#include <libration/core/error.hpp>
#include <libration/io/npy/reader.hpp>

namespace libration::inline LIBRATION_ABI::io::npy {

LIBRATION_DEFINED array::array(file_bytes bytes, const read_options& options)
    : bytes_(std::move(bytes)), header_(read_header(bytes_.bytes(), bytes_.path(), options)) {}

LIBRATION_DEFINED void array::refuse_rank(const char* expected) const {
  throw file_error(path(), file_error::no_byte, "has shape " + to_string(shape()) + ", expected " + expected);
}

LIBRATION_DEFINED std::span<const std::byte> array::bytes() const noexcept {
  return moved_from() ? std::span<const std::byte>()
                      : bytes_.bytes().subspan(header_.data_begin, header_.data_end - header_.data_begin);
}

LIBRATION_DEFINED array::matrix_extents array::extents() const {
  require_bytes();
  const io::shape& s = header_.shape;
  if (s.size() > 2) refuse_rank("rank 2 or less");
  return {s.size() == 2 ? s[1] : 1, s.empty() ? 1 : s[0]};
}

LIBRATION_DEFINED raw_elements array::raw() const {
  require_bytes();
  return {header_.type, header_.order, bytes(), header_.data_begin, path(), {}};
}

LIBRATION_DEFINED array open(const std::filesystem::path& path, const read_options& options) {
  return array(file_bytes::open(path, options.mapped), options);
}

LIBRATION_DEFINED array parse(std::span<const std::byte> bytes, std::string name, const read_options& options) {
  return array(file_bytes::borrow(bytes, std::move(name)), options);
}

}  // namespace libration::inline LIBRATION_ABI::io::npy
