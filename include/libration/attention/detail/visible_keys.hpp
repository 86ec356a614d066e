// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Which keys a query sees: by its position all, those up to its own, or a window of them; of these, what is not padding.

#include <algorithm>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/token_mask.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// Keys and whole rows that are hidden although their positions are seen. Heads in groups of equal size share a column.
struct hidden_tokens {
  token_mask::flags keys, rows;  // (keys, groups), (queries, groups); empty: none
  Eigen::Index heads_per_group = 1;

  bool any() const { return keys.size() > 0 || rows.size() > 0; }
  bool key(Eigen::Index head, Eigen::Index j) const { return keys.size() > 0 && keys(j, head / heads_per_group); }
  bool row(Eigen::Index head, Eigen::Index q) const { return rows.size() > 0 && rows(q, head / heads_per_group); }
};

// By position keys [begin(q), end(q)) of query q; both grow with q.
struct visible_keys {
  Eigen::Index queries = 0, keys = 0;
  bool causal = false;
  Eigen::Index window = 0;  // 0: all
  hidden_tokens hidden = {};

  Eigen::Index position(Eigen::Index q) const { return q + (causal ? keys - queries : 0); }
  Eigen::Index end(Eigen::Index q) const { return causal ? position(q) + 1 : keys; }
  Eigen::Index begin(Eigen::Index q) const { return window == 0 ? 0 : std::max<Eigen::Index>(0, end(q) - window); }
  bool sees(Eigen::Index head, Eigen::Index q, Eigen::Index j) const {
    return j >= begin(q) && j < end(q) && !hidden.row(head, q) && !hidden.key(head, j);
  }

  // Whether queries are tokens of the sequence that the keys are of, at their positions.
  bool self() const { return causal || queries == keys; }

  // Hides what a mask calls padding: keys, and queries that are tokens of the same sequence.
  // \throws argument_error for a mask of another shape
  LIBRATION_DECLARED void hide(const token_mask& mask, Eigen::Index heads, std::string_view who);

  // The rows that are hidden, of all heads.
  Eigen::Index hidden_rows(Eigen::Index heads) const {
    return hidden.rows.size() == 0 ? 0 : hidden.rows.count() * (heads / hidden.rows.cols());
  }
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/visible_keys.hpp>
#endif
