// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/sinks.hpp declares.

#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/sinks.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED void validate(const sink_options& options, std::string_view who) {
  const option_check check(who);
  check(options.keys >= 1, "keys", options.keys, ">= 1");
  check(options.minimum_context > options.keys, "minimum_context", options.minimum_context, "> .keys");
  check(options.threshold > 0.0 && options.threshold < 1.0, "threshold", options.threshold, "a number in (0, 1)");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
}

LIBRATION_DEFINED std::vector<Eigen::Index> sink_result::where(sink_verdict v) const {
  std::vector<Eigen::Index> found;
  for (std::size_t h = 0; h < heads.size(); ++h)
    if (heads[h].verdict == v) found.push_back(static_cast<Eigen::Index>(h));
  return found;
}

}  // namespace libration::inline LIBRATION_ABI::attention
