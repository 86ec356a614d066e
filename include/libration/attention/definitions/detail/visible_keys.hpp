// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/visible_keys.hpp declares.

#include <algorithm>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/detail/visible_keys.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void visible_keys::hide(const token_mask& mask, Eigen::Index heads, std::string_view who) {
  if (mask.empty()) return;
  require(mask.tokens() == keys && heads % mask.sequences() == 0, who, [&] {
    return ".mask is " + number_text(mask.tokens()) + " x " + number_text(mask.sequences()) + ", expected " +
           number_text(keys) + " x a divisor of " + number_text(heads) + " (keys, sequences; the heads of a sequence are " +
           "beside each other)";
  });
  hidden.heads_per_group = std::max<Eigen::Index>(1, heads / mask.sequences());
  hidden.keys = !mask.real();
  if (self()) hidden.rows = hidden.keys.middleRows(position(0), queries);
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
