// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The header of a .npy file: what the array's elements are, how they lie, and that the file holds them all.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <libration/core/error.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/foreign_format.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::npy {

/// What a checked header says.
struct header {
  element type = element::f64;
  std::endian order = std::endian::little;
  bool fortran_order = false;  ///< the first index runs fastest, not the last
  io::shape shape;
  std::uint64_t data_begin = 0, data_end = 0;  ///< bytes from the file's start
};

namespace detail {

inline constexpr std::string_view magic = "\x93NUMPY";

// A Python literal as numpy writes it: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class literal_reader {
 public:
  literal_reader(std::string_view text, std::uint64_t offset, bool python2, const std::string& path)
      : text_(text), offset_(offset), python2_(python2), path_(path) {}

  [[noreturn]] void fail(std::string reason) const { fail(at_, std::move(reason)); }
  [[noreturn]] void fail(std::size_t at, std::string reason) const {
    throw file_error(path_, offset_ + at, "npy header: " + std::move(reason));
  }

  LIBRATION_DECLARED void read(header& result);

 private:
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  LIBRATION_DECLARED bool accept(char c);
  void expect(char c) {
    if (!accept(c)) fail(std::string("expected '") + c + "'");
  }

  LIBRATION_DECLARED std::string_view string();

  LIBRATION_DECLARED bool boolean();

  LIBRATION_DECLARED io::shape tuple();

  LIBRATION_DECLARED Eigen::Index integer();

  LIBRATION_DECLARED void descr(header& result);

  std::string_view text_;
  std::uint64_t offset_;
  bool python2_;
  const std::string& path_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// \return how the header spells an element: `<f8`, `|u1`; empty where numpy has no such type (bf16)
LIBRATION_DECLARED std::string descr(element type);

/// Parses and checks the header of a whole file, versions 1.0, 2.0 and 3.0.
///
/// The header is a Python dictionary with exactly the keys `descr`, `fortran_order` and `shape`, in any order; it need
/// not be padded. Both byte orders are read. The file must hold the array's bytes, and with `allow_trailing_bytes` may
/// hold more.
///
/// \throws file_error at the byte where that fails; for object, structured, complex, text and date arrays; at byte 0, saying what
///         it is (see `foreign_format`), for a file of another format
/// Source: the format's description in numpy/lib/format.py; departures: duplicate keys, escapes in strings and more
/// than 64
///         dimensions are refused
LIBRATION_DECLARED header read_header(std::span<const std::byte> file, const std::string& path, const read_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::io::npy

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/npy/header.hpp>
#endif
