// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what maps/iterate.hpp declares.

#include <libration/maps/iterate.hpp>

namespace libration::inline LIBRATION_ABI::maps::detail {

LIBRATION_DEFINED int checked_count(int count) {
  require(count >= 1, "maps::iterate", [&] { return "count is " + number_text(count) + ", expected at least 1"; });
  return count;
}

}  // namespace libration::inline LIBRATION_ABI::maps::detail
