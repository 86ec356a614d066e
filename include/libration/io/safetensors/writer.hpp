// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Writing safetensors files from Eigen's matrices, scalars and raw bytes, byte for byte as the reference crate does.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/io/convert.hpp>
#include <libration/io/output_file.hpp>
#include <libration/io/safetensors/header.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

class tensor_set;

/// Writes a file: the header padded with spaces to a multiple of 8, the tensors by element type, widest first, then by
/// name, so that each is aligned. The file appears complete or not at all (see `output_file`).
///
/// \throws file_error if it cannot be written; argument_error for names or metadata that are not UTF-8
LIBRATION_DECLARED void write(const std::filesystem::path& path, const tensor_set& tensors,
                              const std::map<std::string, std::string>& metadata = {});

/// The tensors of a file to be written, already encoded:
/// `write(path, tensor_set{}.add("weight", W).add("bias", b, element::bf16))`.
///
/// Each `add` throws argument_error for a name that is taken or reserved, and for a value that the element type cannot
/// hold (floats are rounded to nearest).
class tensor_set {
 public:
  /// A matrix (rank 2, shape as it is, whatever its storage order) or a vector (rank 1), stored as its scalar's own
  /// type.
  template <class Derived>
  tensor_set& add(std::string name, const Eigen::DenseBase<Derived>& values) {
    return add(std::move(name), values, element_of<typename Derived::Scalar>());
  }

  /// The same, stored as `type`.
  template <class Derived>
  tensor_set& add(std::string name, const Eigen::DenseBase<Derived>& values, element type) {
    using scalar = typename Derived::Scalar;
    const Eigen::Array<scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> ordered = values.derived().array();
    io::shape extents{values.rows(), values.cols()};
    if constexpr (Derived::IsVectorAtCompileTime) extents = {values.size()};
    return encode(std::move(name), std::span<const scalar>(ordered.data(), static_cast<std::size_t>(ordered.size())),
                  type, std::move(extents));
  }

  /// A scalar (rank 0).
  template <class S>
  requires number<S> || std::same_as<S, bool> tensor_set& add(std::string name, S value) {
    return encode(std::move(name), std::span<const S>(&value, 1), element_of<S>(), {});
  }

  /// Little-endian elements of any shape, the last index fastest.
  LIBRATION_DECLARED tensor_set& add(std::string name, element type, io::shape extents, std::span<const std::byte> bytes);

 private:
  LIBRATION_DEFINED friend void write(const std::filesystem::path&, const tensor_set&, const std::map<std::string, std::string>&);

  struct item {
    element type;
    io::shape shape;
    std::vector<std::byte> bytes;
  };

  template <class S>
  tensor_set& encode(std::string name, std::span<const S> values, element type, io::shape extents) {
    item encoded{type, std::move(extents), std::vector<std::byte>(values.size() * element_size(type))};
    write_elements(values, type, encoded.bytes.data(), "io::safetensors::tensor_set: tensor \"" + name + "\"");
    return insert(std::move(name), std::move(encoded));
  }

  LIBRATION_DECLARED tensor_set& insert(std::string name, item encoded);

  std::map<std::string, item> items_;
};

}  // namespace libration::inline LIBRATION_ABI::io::safetensors

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/safetensors/writer.hpp>
#endif
