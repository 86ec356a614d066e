// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/weight_survey.hpp declares.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/weight_survey.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void judge_survey(const std::vector<head_survey>& found, Eigen::Index heads, const recorded_options& options,
                                    visible_keys& see, entropy_result& result, std::string_view who) {
  std::int64_t zeros = 0, elsewhere = 0;
  double least = std::numeric_limits<double>::infinity();
  bool half = true, same = true, any_empty = false, causal = !see.causal && see.queries <= see.keys;
  std::int64_t behind = 0;
  const head_survey* example = nullptr;
  for (const head_survey& head : found) {
    zeros += head.in_columns + head.elsewhere;
    elsewhere += head.elsewhere;
    if (head.elsewhere > 0 && example == nullptr) example = &head;
    least = std::min(least, head.least);
    half = half && head.half;
    same = same && head.unseen == found.front().unseen;
    causal = causal && head.causal;
    behind += head.behind;
    any_empty = any_empty || std::find(head.empty.begin(), head.empty.end(), true) != head.empty.end();
  }
  std::vector<bool> hides(found.size());  // whether a head's unseen keys are hidden
  if (options.zeros == zero_weights::masked) {
    result.masked_zeros = zeros;
  } else if (options.zeros == zero_weights::automatic && zeros >= least_evidence) {
    const auto refuse = [&](const head_survey& head, std::string_view why) {
      const auto h = static_cast<Eigen::Index>(&head - found.data());
      require(false, who, [&] {
        return row_name(h, head.query) + ", key " + number_text(head.key) + ": weight 0, one of " + number_text(zeros) +
               " such weights, " + std::string(why) +
               ": a masked key or one that is seen? .zeros decides (or .mask and .window, "
               "which hide keys)";
      });
    };
    require(!causal || behind < least_evidence, who, [&] {
      return "every weight behind its query is 0, " + number_text(behind) +
             " of them: is this attention causal? .causal or .zeros decides";
    });
    // Weights that come near the smallest number of a type are rounded to 0 below it: single precision's, or half precision's.
    const bool rounded = least <= 1e-30 || (half && least <= 1e-6);
    if (elsewhere >= least_evidence && !rounded)
      refuse(*example, "which are not all of a key's and too far from the others for rounding");
    for (const head_survey& head : found) {
      if (head.in_columns == 0) continue;
      std::int64_t evidence = 0, rows = 0, positive = 0;
      for (const head_survey& other : found)
        if (other.unseen == head.unseen) {
          evidence += other.in_columns;
          rows += other.rows;
          positive += other.positive;
        }
      if (evidence < least_evidence) continue;
      if (rounded && !same) refuse(head, "all of some keys' in some heads and not in others");
      if (positive < 2 * rows) refuse(head, "beside a single key that has all the weight");
      hides[static_cast<std::size_t>(&head - found.data())] = true;
      result.masked_zeros += head.in_columns;
    }
  }
  result.zero_weights = zeros - result.masked_zeros;
  const bool any_hidden = std::find(hides.begin(), hides.end(), true) != hides.end();
  if (any_hidden || any_empty) {
    hidden_tokens all;
    all.keys.setConstant(see.keys, heads, false);
    all.rows.setConstant(see.queries, heads, false);
    for (Eigen::Index h = 0; h < heads; ++h) {
      const head_survey& head = found[static_cast<std::size_t>(h)];
      for (Eigen::Index j = 0; j < see.keys; ++j)
        all.keys(j, h) = see.hidden.key(h, j) || (hides[static_cast<std::size_t>(h)] && head.unseen[static_cast<std::size_t>(j)]);
      for (Eigen::Index q = 0; q < see.queries; ++q)
        all.rows(q, h) = see.hidden.row(h, q) || head.empty[static_cast<std::size_t>(q)];
    }
    see.hidden = all;
  }
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
