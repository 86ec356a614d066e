// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Writing .npy files: our (n, T) as numpy's (T, n), and raw arrays of any shape.

#include <cstddef>
#include <filesystem>
#include <span>
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
LIBRATION_DECLARED void write(const std::filesystem::path& path, element type, const io::shape& extents,
                              std::span<const std::byte> bytes);

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

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/npy/writer.hpp>
#endif
