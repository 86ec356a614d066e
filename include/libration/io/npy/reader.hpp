// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Reading .npy files: recordings (T, n) as our (n, T), viewed or converted, and arrays of any rank as their values.

#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/io/convert.hpp>
#include <libration/io/file_bytes.hpp>
#include <libration/io/npy/header.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::npy {

/// A .npy file. Its header was checked when it was opened; the numbers are read and converted on request.
///
/// Reading throws file_error if the array's rank is another, or, at the byte, if an element cannot be held by S (see
/// `read_elements`: floats are rounded, nothing else is lost); argument_error of one that was moved from, which has no bytes.
class array {
 public:
  /// \throws file_error (see `read_header`)
  LIBRATION_DECLARED explicit array(file_bytes bytes, const read_options& options = {});

  const std::string& path() const noexcept { return bytes_.path(); }
  element type() const noexcept { return header_.type; }
  std::endian order() const noexcept { return header_.order; }
  bool fortran_order() const noexcept { return header_.fortran_order; }
  /// \return the extents in numpy's order, outermost first
  const io::shape& shape() const noexcept { return header_.shape; }
  /// \return the elements as they lie in the file
  LIBRATION_DECLARED std::span<const std::byte> bytes() const noexcept;
  /// \return bytes behind the array; 0 unless `allow_trailing_bytes` accepted some
  std::uint64_t trailing_bytes() const noexcept { return moved_from() ? 0 : bytes_.size() - header_.data_end; }

  /// A recording of rank 2, (T, n) in numpy's order, becomes shape (n, T): one step a column. In C order that is the
  /// same memory; in Fortran order it is transposed. Rank 1, (T), becomes (1, T): one component; rank 0 becomes (1, 1).
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> matrix() const {
    const auto [rows, cols] = extents();
    if (header_.fortran_order && rows != 1) return read_by_rows<S>(raw(), rows, cols);
    Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> result(rows, cols);
    read_elements(raw(), 0, raw().count(), result.data());
    return result;
  }

  /// A vector, an array of rank 1. \return shape (n)
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> vector() const {
    require_bytes();
    if (header_.shape.size() != 1) refuse_rank("rank 1");
    return values<S>();
  }

  /// Every element of an array of any rank. \return shape (product of the extents), numpy's last index fastest, in
  /// whichever order the file has them
  template <number S>
  Eigen::Matrix<S, Eigen::Dynamic, 1> values() const {
    const raw_elements from = raw();
    Eigen::Matrix<S, Eigen::Dynamic, 1> stored(static_cast<Eigen::Index>(from.count()));
    read_elements(from, 0, from.count(), stored.data());
    if (!header_.fortran_order || header_.shape.size() < 2) return stored;
    Eigen::Matrix<S, Eigen::Dynamic, 1> result(stored.size());
    io::shape at(header_.shape.size(), 0);
    for (Eigen::Index i = 0; i < stored.size(); ++i) {  // i counts with the first index fastest, `to` with the last
      Eigen::Index to = 0;
      for (std::size_t d = 0; d < at.size(); ++d) to = to * header_.shape[d] + at[d];
      result[to] = stored[i];
      for (std::size_t d = 0; d < at.size() && ++at[d] == header_.shape[d]; ++d) at[d] = 0;
    }
    return result;
  }

  /// Whether `view<S>()` can be had: rank at most 2, elements of type S in this machine's byte order, aligned, C order.
  template <number S>
  bool viewable() const noexcept {
    const bool in_place = !header_.fortran_order || header_.shape.size() < 2;
    const bool native = header_.order == std::endian::native || sizeof(S) == 1;
    return !moved_from() && header_.shape.size() <= 2 && header_.type == element_of<S>() && native && in_place &&
           reinterpret_cast<std::uintptr_t>(bytes().data()) % alignof(S) == 0;
  }

  /// The file's own memory as `matrix<S>()` would be, without a copy; valid as long as this.
  /// \throws argument_error unless `viewable<S>()`
  template <number S>
  Eigen::Map<const Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic>> view() const {
    require_bytes();
    require(viewable<S>(), "io::npy::array::view", [&] {
      return path() + " has shape " + to_string(shape()) + " of " + std::string(to_string(type())) +
             (fortran_order() ? " in Fortran order" : "") + ", which is not in memory as a matrix of " +
             std::string(to_string(element_of<S>())) + " (matrix() converts)";
    });
    const auto [rows, cols] = extents();
    return {reinterpret_cast<const S*>(bytes().data()), rows, cols};
  }

 private:
  struct matrix_extents {
    Eigen::Index rows, cols;
  };

  bool moved_from() const noexcept { return bytes_.size() == 0; }  // a file has its header
  void require_bytes() const { require(!moved_from(), "io::npy::array", "the array was moved from"); }

  LIBRATION_DECLARED matrix_extents extents() const;

  LIBRATION_DECLARED [[noreturn]] void refuse_rank(const char* expected) const;

  LIBRATION_DECLARED raw_elements raw() const;

  file_bytes bytes_;
  header header_;
};

/// Opens a file and checks its header.
///
/// \throws file_error if it cannot be read, or at the byte where it is damaged
LIBRATION_DECLARED array open(const std::filesystem::path& path, const read_options& options = {});

/// The same, of a file's bytes in memory.
///
/// \param bytes stay the caller's and must outlive the result
/// \param name  what errors call them
LIBRATION_DECLARED array parse(std::span<const std::byte> bytes, std::string name, const read_options& options = {});

/// `open(path).matrix<S>()`: a recording (T, n) as shape (n, T), (T) as (1, T).
///
/// \throws file_error if the file is missing or damaged, of another rank, or holds what S cannot
template <number S>
[[nodiscard]] Eigen::Matrix<S, Eigen::Dynamic, Eigen::Dynamic> read(const std::filesystem::path& path,
                                                                    const read_options& options = {}) {
  return open(path, options).matrix<S>();
}

}  // namespace libration::inline LIBRATION_ABI::io::npy

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/npy/reader.hpp>
#endif
