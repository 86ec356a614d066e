// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Writing .npy files: our (n, T) as numpy's (T, n), and raw arrays of any shape.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/io/convert.hpp>
#include <libration/io/npy/header.hpp>
#include <libration/io/output_file.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::npy {

/// Writes little-endian elements of any shape, the last index fastest (C order): version 1.0, the data from a multiple
/// of 64 bytes on. The file appears complete or not at all (see `output_file`).
///
/// \throws file_error if it cannot be written; argument_error for bf16, which numpy has not, and where the bytes are
/// not
///         the shape's
inline void write(const std::filesystem::path& path, element type, const io::shape& extents,
                  std::span<const std::byte> bytes) {
  constexpr const char* who = "io::npy::write";
  require(type != element::bf16, who, "numpy has no BF16");
  require(extents.size() <= 64 && std::all_of(extents.begin(), extents.end(), [](Eigen::Index n) { return n >= 0; }),
          who, "a shape has at most 64 extents, none negative");
  require(byte_count(extents, type) == bytes.size(), who, [&] {
    return number_text(bytes.size()) + " bytes came for shape " + to_string(extents) + " of " +
           std::string(to_string(type));
  });
  std::string tuple = to_string(extents);
  if (extents.size() == 1) tuple.replace(tuple.size() - 1, 1, ",)");
  std::string header = std::string(detail::magic) + std::string("\x01\x00\x00\x00", 4);
  header += "{'descr': '" + descr(type) + "', 'fortran_order': False, 'shape': " + tuple + ", }";
  header.resize((header.size() + 1 + 63) / 64 * 64, ' ');
  header.back() = '\n';
  const std::size_t length = header.size() - 10;
  header[8] = static_cast<char>(length & 0xffu);
  header[9] = static_cast<char>(length >> 8);

  output_file out(path);
  out.write(std::as_bytes(std::span<const char>(header)));
  out.write(bytes);
  out.commit();
}

/// Writes shape (n, T) as numpy's (T, n): a column a row, the same memory. `read` gives back the same matrix.
///
/// \param type how the elements are stored; by default as the scalar's own type
/// \throws as the other; argument_error for a value that `type` cannot hold (floats are rounded)
template <class Derived>
void write(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& values, element type) {
  using scalar = typename Derived::Scalar;
  const Eigen::Array<scalar, Eigen::Dynamic, Eigen::Dynamic> ordered = values.derived().array();
  std::vector<std::byte> bytes(static_cast<std::size_t>(ordered.size()) * element_size(type));
  write_elements(std::span<const scalar>(ordered.data(), static_cast<std::size_t>(ordered.size())), type, bytes.data(),
                 "io::npy::write");
  write(path, type, {ordered.cols(), ordered.rows()}, bytes);
}

template <class Derived>
void write(const std::filesystem::path& path, const Eigen::DenseBase<Derived>& values) {
  write(path, values, element_of<typename Derived::Scalar>());
}

}  // namespace libration::inline LIBRATION_ABI::io::npy
