// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/block_sums.hpp declares.

#include <limits>

#include <libration/attention/detail/block_sums.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void close(shifted_sums& sums, double top, double ones) {
  if (!(sums.rest <= std::numeric_limits<double>::max())) {
    sums.spoil();
    return;
  }
  sums.top = top;
  sums.rest += ones - 1.0;
  sums.square += ones - 1.0;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
