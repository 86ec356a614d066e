// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Writing safetensors files from Eigen's matrices, scalars and raw bytes, byte for byte as the reference crate does.

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/core/error.hpp>
#include <libration/io/convert.hpp>
#include <libration/io/output_file.hpp>
#include <libration/io/safetensors/header.hpp>
#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

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
  tensor_set& add(std::string name, element type, io::shape extents, std::span<const std::byte> bytes) {
    const std::string who = "io::safetensors::tensor_set: tensor \"" + name + "\"";
    require(std::all_of(extents.begin(), extents.end(), [](Eigen::Index n) { return n >= 0; }), who,
            "an extent is negative");
    require(byte_count(extents, type) == bytes.size(), who, [&] {
      return number_text(bytes.size()) + " bytes came for shape " + to_string(extents) + " of " +
             std::string(to_string(type));
    });
    return insert(std::move(name), {type, std::move(extents), {bytes.begin(), bytes.end()}});
  }

 private:
  friend void write(const std::filesystem::path&, const tensor_set&, const std::map<std::string, std::string>&);

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

  tensor_set& insert(std::string name, item encoded) {
    require(name != "__metadata__", "io::safetensors::tensor_set", "the name __metadata__ is reserved");
    require(!items_.contains(name), "io::safetensors::tensor_set",
            [&] { return "tensor \"" + name + "\" is there already"; });
    items_.emplace(std::move(name), std::move(encoded));
    return *this;
  }

  std::map<std::string, item> items_;
};

/// Writes a file: the header padded with spaces to a multiple of 8, the tensors by element type, widest first, then by
/// name, so that each is aligned. The file appears complete or not at all (see `output_file`).
///
/// \throws file_error if it cannot be written; argument_error for names or metadata that are not UTF-8
inline void write(const std::filesystem::path& path, const tensor_set& tensors,
                  const std::map<std::string, std::string>& metadata = {}) {
  const auto json_string = [](const std::string& text) {
    try {
      return nlohmann::json(text).dump();
    } catch (const nlohmann::json::exception&) {
      throw argument_error("io::safetensors::write: a name or a metadata text is not UTF-8");
    }
  };
  using item = std::pair<const std::string, tensor_set::item>;
  std::vector<const item*> ordered;
  for (const item& i : tensors.items_) ordered.push_back(&i);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const item* a, const item* b) { return a->second.type > b->second.type; });

  std::string header = "{";
  const auto separate = [&] { header += header.size() > 1 ? "," : ""; };
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata)
      header += (header.back() == '{' ? "" : ",") + json_string(key) + ':' + json_string(value);
    header += '}';
  }
  std::uint64_t begin = 0;
  for (const item* i : ordered) {
    const auto& [type, extents, bytes] = i->second;
    separate();
    header += json_string(i->first) + ":{\"dtype\":\"" + std::string(to_string(type)) + "\",\"shape\":[";
    for (std::size_t d = 0; d < extents.size(); ++d) {
      if (d != 0) header += ',';
      header += number_text(extents[d]);
    }
    header += "],\"data_offsets\":[" + number_text(begin) + ',' + number_text(begin + bytes.size()) + "]}";
    begin += bytes.size();
  }
  header += '}';
  header.resize((header.size() + 7) / 8 * 8, ' ');
  require(header.size() <= max_header_size, "io::safetensors::write", [&] {
    return "the header is " + number_text(header.size()) + " bytes long, at most 100000000 are allowed";
  });

  output_file out(path);
  std::array<std::byte, 8> length;
  io::detail::store_little(static_cast<std::uint64_t>(header.size()), length.data());
  out.write(length);
  out.write(std::as_bytes(std::span<const char>(header)));
  for (const item* i : ordered) out.write(i->second.bytes);
  out.commit();
}

}  // namespace libration::inline LIBRATION_ABI::io::safetensors
