// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/npy/writer.hpp declares.

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include <Eigen/Core>

#include <libration/io/npy/writer.hpp>

namespace libration::inline LIBRATION_ABI::io::npy {

LIBRATION_DEFINED void write(const std::filesystem::path& path, element type, const io::shape& extents,
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

}  // namespace libration::inline LIBRATION_ABI::io::npy
