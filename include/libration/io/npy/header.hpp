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

#include <libration/core/config.hpp>
#include <libration/io/file_bytes.hpp>
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
