// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The header of a safetensors file, every claim of it checked against the others and against the file's size.

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <libration/core/error.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

/// The longest header that is read or written, in bytes: the limit of the format's reference implementation.
inline constexpr std::uint64_t max_header_size = 100'000'000;

/// One tensor as the header describes it. `begin` and `end` are bytes from the file's start.
struct entry {
  std::string name;
  element type = element::f32;
  io::shape shape;
  std::uint64_t begin = 0, end = 0;
};

/// What a checked header says.
struct header {
  std::vector<entry> tensors;  ///< in the order of their data
  std::map<std::string, std::string> metadata;
  std::uint64_t data_begin = 0;      ///< bytes from the file's start
  std::uint64_t trailing_bytes = 0;  ///< behind the last tensor; 0 unless the options allow them
};

/// Parses and checks the header of a whole file.
///
/// Checked, before anything of a size that the header names is allocated: the header's length against `max_header_size`
/// and the file; that it is one JSON object, in UTF-8, followed by white space only; no key twice; every dtype known;
/// every tensor's extent equal to its shape's size, without overflow; the tensors contiguous from 0 on, without overlap
/// or hole; the last one's end equal to the file's, or with `allow_trailing_bytes` not behind it. A header need not be
/// padded.
///
/// \throws file_error at the byte of the header where that fails; at byte 0, saying what it is (see `foreign_format`), for a file
///         of another format
/// Source: the format's description and the `validate` and `read_metadata` of its reference implementation
///         (huggingface/safetensors, safetensors/src/tensor.rs); departures: duplicate tensor names and a null
///         `__metadata__` are refused, and so are the 8-bit floats and smaller, by name
LIBRATION_DECLARED header read_header(std::span<const std::byte> file, const std::string& path, const read_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::io::safetensors

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/safetensors/header.hpp>
#endif
