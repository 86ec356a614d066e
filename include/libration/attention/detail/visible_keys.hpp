// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Which keys a query sees by its position: all, those up to its own, or a window of them.

#include <algorithm>

#include <Eigen/Core>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// Keys [begin(q), end(q)) of query q; both grow with q.
struct visible_keys {
  Eigen::Index queries = 0, keys = 0;
  bool causal = false;
  Eigen::Index window = 0;  // 0: all

  Eigen::Index position(Eigen::Index q) const { return q + (causal ? keys - queries : 0); }
  Eigen::Index end(Eigen::Index q) const { return causal ? position(q) + 1 : keys; }
  Eigen::Index begin(Eigen::Index q) const { return window == 0 ? 0 : std::max<Eigen::Index>(0, end(q) - window); }
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail
