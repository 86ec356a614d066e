// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what io/shape.hpp declares.

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/io/shape.hpp>

namespace libration::inline LIBRATION_ABI::io {

LIBRATION_DEFINED std::string to_string(shape_view extents) {
  std::string text = "(";
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (i != 0) text += ", ";
    text += number_text(extents[i]);
  }
  text += ')';
  return text;
}

LIBRATION_DEFINED std::optional<std::uint64_t> byte_count(shape_view extents, element type) noexcept {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<Eigen::Index>::max());
  std::uint64_t bytes = element_size(type);
  bool empty = false;
  for (const Eigen::Index extent : extents) {
    if (extent == 0) {
      empty = true;
      continue;
    }
    if (bytes > limit / static_cast<std::uint64_t>(extent)) return std::nullopt;
    bytes *= static_cast<std::uint64_t>(extent);
  }
  return empty ? 0 : bytes;
}

LIBRATION_DEFINED std::string quoted(std::string_view name) {
  constexpr std::size_t longest = 120;
  return '"' + std::string(name.substr(0, longest)) + (name.size() > longest ? "...\"" : "\"");
}

}  // namespace libration::inline LIBRATION_ABI::io
