// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Shapes that files declare: their text, and their size in bytes computed without overflow.

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/number_text.hpp>
#include <libration/io/element.hpp>

namespace libration::inline LIBRATION_ABI::io {

/// An array's extents, outermost first, as the file lists them; empty for a scalar. All are >= 0.
using shape = std::vector<Eigen::Index>;
using shape_view = std::span<const Eigen::Index>;

/// \return `(72, 24)`; `()` for a scalar
inline std::string to_string(shape_view extents) {
  std::string text = "(";
  for (std::size_t i = 0; i < extents.size(); ++i) {
    if (i != 0) text += ", ";
    text += number_text(extents[i]);
  }
  text += ')';
  return text;
}

/// \return the product of the extents times the element's size, in bytes; nothing where that product, taken over the
///         nonzero extents alone (a zero excuses nothing, wherever it stands), passes what `Eigen::Index` holds
inline std::optional<std::uint64_t> byte_count(shape_view extents, element type) noexcept {
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

namespace detail {

/// A name in quotes, cut where a damaged file made it endless.
inline std::string quoted(std::string_view name) {
  constexpr std::size_t longest = 120;
  return '"' + std::string(name.substr(0, longest)) + (name.size() > longest ? "...\"" : "\"");
}

}  // namespace detail
}  // namespace libration::inline LIBRATION_ABI::io
