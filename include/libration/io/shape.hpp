// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Shapes that files declare: their text, and their size in bytes computed without overflow.

#include <cstdint>
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
LIBRATION_DECLARED std::string to_string(shape_view extents);

/// \return the product of the extents times the element's size, in bytes; nothing where that product, taken over the
///         nonzero extents alone (a zero excuses nothing, wherever it stands), passes what `Eigen::Index` holds
LIBRATION_DECLARED std::optional<std::uint64_t> byte_count(shape_view extents, element type) noexcept;

/// \return a name in quotes, for a message: of a longer one, as a damaged file may have it, the first 120 characters and "..."
LIBRATION_DECLARED std::string quoted(std::string_view name);

}  // namespace libration::inline LIBRATION_ABI::io

#if !defined(LIBRATION_COMPILED)
#include <libration/io/definitions/shape.hpp>
#endif
