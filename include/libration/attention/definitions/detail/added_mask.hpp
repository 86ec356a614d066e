// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/added_mask.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include <libration/attention/detail/added_mask.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void logit_range::add(double s) {
  if (s > top) top = s;
  if (s < low && s > -std::numeric_limits<double>::infinity()) low = s;
}

LIBRATION_DEFINED void distance_octaves::add(double d) {
  d = std::min(d, std::numeric_limits<double>::max());
  span& s = spans_[d < 1.0 ? 0 : static_cast<std::size_t>(std::ilogb(d)) + 1];
  s.least = std::min(s.least, d);
  s.most = std::max(s.most, d);
}

LIBRATION_DEFINED distance_octaves::gap distance_octaves::first_gap() const {
  double upper = 1.0;
  for (const span& s : spans_) {
    if (s.least > s.most) continue;
    if (s.least >= added_mask::doubtful_depth && s.least >= added_mask::doubtful * upper)
      return {upper, s.least, s.least >= added_mask::depth && s.least >= added_mask::clear * upper};
    upper = std::max(upper, s.most);
  }
  return {};
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
