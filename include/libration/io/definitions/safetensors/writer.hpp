// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/safetensors/writer.hpp declares.

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <libration/io/safetensors/writer.hpp>

namespace libration::inline LIBRATION_ABI::io::safetensors {

LIBRATION_DEFINED tensor_set& tensor_set::add(std::string name, element type, io::shape extents, std::span<const std::byte> bytes) {
  const std::string who = "io::safetensors::tensor_set: tensor \"" + name + "\"";
  require(std::all_of(extents.begin(), extents.end(), [](Eigen::Index n) { return n >= 0; }), who,
          "an extent is negative");
  require(byte_count(extents, type) == bytes.size(), who, [&] {
    return number_text(bytes.size()) + " bytes came for shape " + to_string(extents) + " of " +
           std::string(to_string(type));
  });
  return insert(std::move(name), {type, std::move(extents), {bytes.begin(), bytes.end()}});
}

LIBRATION_DEFINED tensor_set& tensor_set::insert(std::string name, item encoded) {
  require(name != "__metadata__", "io::safetensors::tensor_set", "the name __metadata__ is reserved");
  require(!items_.contains(name), "io::safetensors::tensor_set",
          [&] { return "tensor \"" + name + "\" is there already"; });
  items_.emplace(std::move(name), std::move(encoded));
  return *this;
}

LIBRATION_DEFINED void write(const std::filesystem::path& path, const tensor_set& tensors,
                             const std::map<std::string, std::string>& metadata) {
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
