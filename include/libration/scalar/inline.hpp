// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Loops that are written out at compile time, so that arrays of registers stay in registers.

#include <cstddef>
#include <utility>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::detail {

/// Calls `body(std::integral_constant<std::size_t, i>)` for i = 0 .. count-1, without a loop.
///
/// A loop that a compiler unrolls late leaves its arrays in memory: GCC 12 then stores and reloads every register.
template <int count, class Body>
LIBRATION_INLINE constexpr void unrolled(Body&& body) {
  [&]<std::size_t... i>(std::index_sequence<i...>) LIBRATION_INLINE_LAMBDA {
    (body(std::integral_constant<std::size_t, i>{}), ...);
  }
  (std::make_index_sequence<static_cast<std::size_t>(count)>{});
}

}  // namespace libration::inline LIBRATION_ABI::detail
