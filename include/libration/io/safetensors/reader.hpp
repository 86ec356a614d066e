// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A safetensors file opened for reading: tensors by name, as raw bytes or converted into Eigen's matrices.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/io/convert.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/safetensors/header.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

/// A tensor where it lies in the file; valid as long as the file. The bytes may be unaligned.
struct tensor {
  std::string_view name;
  element type = element::f32;
  shape_view shape;                  ///< row-major: the last index runs fastest
  std::span<const std::byte> bytes;  ///< little-endian
  std::uint64_t offset = 0;          ///< bytes from the file's start
};

/// A safetensors file. Its header was checked when it was opened; the numbers are read and converted on request.
///
/// Each of `matrix`, `vector`, `scalar` and `values` throws file_error if there is no such tensor, if its shape is
/// another
/// (`file: tensor "rnn.weight_hh_l0" has shape (72, 24), expected (96, 32)`), or, at the byte, if an element cannot be
/// held by S (see `read_elements`: floats are rounded, nothing else is lost).
class file {
 public:
  /// \throws file_error (see `read_header`)
  LIBRATION_DECLARED explicit file(file_bytes bytes, const read_options& options = {});

  const std::string& path() const noexcept { return bytes_.path(); }
  std::size_t size() const noexcept { return header_.tensors.size(); }
  LIBRATION_DECLARED bool contains(std::string_view name) const;
  const std::map<std::string, std::string>& metadata() const noexcept { return header_.metadata; }
  /// \return bytes behind the last tensor; 0 unless `allow_trailing_bytes` accepted some
  std::uint64_t trailing_bytes() const noexcept { return header_.trailing_bytes; }

  /// \return every tensor's name, in the order of their data
  LIBRATION_DECLARED std::vector<std::string> names() const;

  /// \throws file_error if there is none; it names the most similar ones that there are
  LIBRATION_DECLARED safetensors::tensor tensor(std::string_view name) const;

  /// A tensor of rank 2. \return shape (rows, cols) as in the file
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> matrix(std::string_view name) const {
    const auto t = tensor(name);
    if (t.shape.size() != 2) refuse_shape(t, "a matrix");
    return read_by_rows<S>(raw(t), t.shape[0], t.shape[1]);
  }

  /// The same, of a shape that is known.
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> matrix(std::string_view name, Eigen::Index rows,
                                                          Eigen::Index cols) const {
    expect_shape(name, {rows, cols});
    return matrix<S>(name);
  }

  /// A tensor of rank 1. \return shape (n)
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> vector(std::string_view name) const {
    const auto t = tensor(name);
    if (t.shape.size() != 1) refuse_shape(t, "a vector");
    return all<S>(t);
  }

  /// The same, of a size that is known.
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> vector(std::string_view name, Eigen::Index rows) const {
    expect_shape(name, {rows});
    return vector<S>(name);
  }

  /// A tensor of one element, whatever its rank.
  template <number S>
  S scalar(std::string_view name) const {
    const auto t = tensor(name);
    if (t.bytes.size() != element_size(t.type)) refuse_shape(t, "one element");
    return all<S>(t)[0];
  }

  /// Every element of a tensor of any rank. \return shape (product of the extents), the tensor's last index fastest
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> values(std::string_view name) const {
    return all<S>(tensor(name));
  }

  /// The same, of a shape that is known.
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> values(std::string_view name,
                                             std::initializer_list<Eigen::Index> expected) const {
    expect_shape(name, expected);
    return all<S>(tensor(name));
  }

  /// \throws file_error unless the tensor is there with this shape
  LIBRATION_DECLARED void expect_shape(std::string_view name, std::initializer_list<Eigen::Index> expected) const;

 private:
  LIBRATION_DECLARED [[noreturn]] void fail(std::string reason) const;

  LIBRATION_DECLARED [[noreturn]] void refuse_shape(const safetensors::tensor& t, const std::string& expected) const;

  raw_elements raw(const safetensors::tensor& t) const {
    return {t.type, std::endian::little, t.bytes, t.offset, path(), t.name};
  }

  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> all(const safetensors::tensor& t) const {
    const raw_elements from = raw(t);
    Eigen::Matrix<S, Eigen::Dynamic, 1> result(static_cast<Eigen::Index>(from.count()));
    read_elements(from, 0, from.count(), result.data());
    return result;
  }

  LIBRATION_DECLARED std::string suggestions(std::string_view name) const;

  file_bytes bytes_;
  header header_;
  std::map<std::string_view, std::size_t> index_;  // views of the header's names, which do not move with this
};

/// Opens a file and checks its header.
///
/// \throws file_error if it cannot be read, or at the byte where it is damaged
/// Cost:   the header; the tensors are read when asked for (a mapped file's pages even later)
LIBRATION_DECLARED file open(const std::filesystem::path& path, const read_options& options = {});

/// The same, of a file's bytes in memory.
///
/// \param bytes stay the caller's and must outlive the result
/// \param name  what errors call them
LIBRATION_DECLARED file parse(std::span<const std::byte> bytes, std::string name, const read_options& options = {});

}  // namespace libration::inline LIBRATION_ABI::io::safetensors

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/safetensors/reader.hpp>
#endif
