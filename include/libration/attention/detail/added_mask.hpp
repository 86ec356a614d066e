// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Recognises a mask that was added to logits as a large negative number instead of minus infinity.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/visible_keys.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// The largest of a row's logits, NaN passed over, and the smallest that is not minus infinity; low > top: there is none.
struct logit_range {
  double top = -std::numeric_limits<double>::infinity(), low = std::numeric_limits<double>::infinity();
  LIBRATION_DECLARED void add(double s);
  bool finite() const { return low <= top && top < std::numeric_limits<double>::infinity(); }
};

// Logits below their row's largest by so much have no weight in any type (e^-745 is 0 in double). A mask's numbers are at least so
// far down, and the ordinary logits are beside each other: they span at most an eighth of that distance.
struct added_mask {
  static constexpr double depth = 900.0, clear = 8.0;
  // What lies between "no question" and "clear" is refused.
  static constexpr double doubtful_depth = 60.0, doubtful = 4.0;

  double below = -std::numeric_limits<double>::infinity();  // logits at most this high are masked
  std::int64_t logits = 0;                                  // finite ones that are
};

// Distances from their rows' largest, each power of two's smallest and largest.
class distance_octaves {
 public:
  distance_octaves() {
    for (span& s : spans_) s = {std::numeric_limits<double>::infinity(), 0.0};
  }
  LIBRATION_DECLARED void add(double d);

  struct gap {
    double upper = 0.0, lower = 0.0;  // ordinary logits are nearer than `upper`, masked ones farther than `lower`; 0: no gap
    bool clear = false;
  };
  // The first gap that may part ordinary logits from masked ones.
  LIBRATION_DECLARED gap first_gap() const;

 private:
  struct span {
    double least, most;
  };
  std::array<span, 1026> spans_;
};

// The row q of a head in words.
inline std::string row_name(Eigen::Index head, Eigen::Index q) { return "head " + number_text(head) + ", query " + number_text(q); }

/// Looks for a mask in all rows.
///
/// \param given    `.masked_below`; NaN: to be recognised
/// \param threads  for the ranges, 0: one per hardware thread
/// \param range    range(head, q): the logit_range of the visible logits of a row
/// \param each     each(head, q, f): calls f(logit) for each of them
/// \throws argument_error where it cannot be told whether there is one
template <class Range, class Each>
added_mask find_added_mask(Eigen::Index heads, const visible_keys& see, double given, int threads, const Range& range,
                           const Each& each, std::string_view who, std::string_view name) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  struct place {
    Eigen::Index head, q;
    logit_range range;
  };
  const auto refuse = [&](const place& at, double low, double high) {
    require(false, who, [&] {
      return std::string(name) + ": " + row_name(at.head, at.q) + " has " + number_text(low) + " where others have " +
             number_text(high) +
             ": a mask or not? .masked_below decides: what is at most this high is masked (minus infinity: nothing else is)";
    });
  };
  added_mask found;
  std::vector<place> spread;  // rows that may hold both
  place lowest{0, 0, {}};     // the row with the lowest top
  lowest.range.top = infinity;
  std::vector<logit_range> ranges(static_cast<std::size_t>(heads * see.queries));
  constexpr Eigen::Index together = 32;  // a thread's next piece of work
  const auto rows = static_cast<Eigen::Index>(ranges.size());
  if (std::isnan(given))
    parallel_for((rows + together - 1) / together, threads, [&](std::int64_t piece) {
      for (Eigen::Index i = piece * together; i < std::min(rows, (piece + 1) * together); ++i)
        if (!see.hidden.row(i / see.queries, i % see.queries))
          ranges[static_cast<std::size_t>(i)] = range(i / see.queries, i % see.queries);
    });
  const auto range_of = [&](Eigen::Index h, Eigen::Index q) { return ranges[static_cast<std::size_t>(h * see.queries + q)]; };
  for (Eigen::Index h = 0; h < heads; ++h)
    for (Eigen::Index q = 0; q < see.queries; ++q) {
      const place at{h, q, range_of(h, q)};
      if (!at.range.finite()) continue;
      if (!(at.range.top - at.range.low < added_mask::doubtful_depth)) spread.push_back(at);
      if (at.range.top < lowest.range.top) lowest = at;
    }
  if (!std::isnan(given)) {
    found.below = given;
  } else {
    distance_octaves::gap gap;
    if (!spread.empty()) {
      distance_octaves octaves;
      for (const place& at : spread)
        each(at.head, at.q, [&](double s) {
          if (s > -infinity) octaves.add(at.range.top - s);
        });
      gap = octaves.first_gap();
    }
    if (gap.lower > 0.0) {
      double ordinary = infinity, masked = -infinity, highest = -infinity;
      place example = spread.front();
      for (const place& at : spread) highest = std::max(highest, at.range.top);
      // Rows that are far down as a whole may hold two masks, one on the other.
      const auto far = [&](const place& at) { return highest - at.range.top >= 0.5 * gap.lower; };
      for (const place& at : spread)
        if (!far(at))
          each(at.head, at.q, [&](double s) {
            if (!(s > -infinity)) return;
            if (at.range.top - s < gap.lower)
              ordinary = std::min(ordinary, s);
            else if (s > masked) {
              masked = s;
              example = at;
            }
          });
      // A key that is far ahead of ordinary logits is no mask of these.
      if (masked <= -added_mask::doubtful_depth) {
        if (!gap.clear || masked > -added_mask::depth || !(masked < ordinary)) refuse(example, masked, example.range.top);
        found.below = 0.5 * masked + 0.5 * ordinary;
        for (const place& at : spread)
          if (far(at) && at.range.top > found.below) refuse(at, at.range.top, highest);
      }
    }
    if (found.below == -infinity && lowest.range.top <= -added_mask::depth && lowest.range.top < infinity) {
      // Softmax does not see what is common to a row, but rows that differ by so much hint at rows masked as a whole.
      double highest = -infinity, others = 1.0;  // the largest of |logits| of the other rows
      for (Eigen::Index h = 0; h < heads; ++h)
        for (Eigen::Index q = 0; q < see.queries; ++q) {
          const logit_range r = range_of(h, q);
          if (!r.finite() || r.top <= -added_mask::depth) continue;
          highest = std::max(highest, r.top);
          others = std::max({others, std::abs(r.top), std::abs(r.low)});
        }
      if (highest > -infinity && -lowest.range.top >= added_mask::doubtful * others) refuse(lowest, lowest.range.top, highest);
    }
  }
  if (found.below > -infinity)
    for (Eigen::Index h = 0; h < heads; ++h)
      for (Eigen::Index q = 0; q < see.queries; ++q)
        if (!see.hidden.row(h, q)) each(h, q, [&](double s) { found.logits += s > -infinity && s <= found.below ? 1 : 0; });
  return found;
}

/// \return shape (heads): the first key that some query sees, where that of the position is masked for every query; else 0
template <class Masked>
Eigen::Matrix<Eigen::Index, Eigen::Dynamic, 1> first_keys(Eigen::Index heads, const visible_keys& see, const Masked& masked) {
  Eigen::Matrix<Eigen::Index, Eigen::Dynamic, 1> first(heads);
  for (Eigen::Index h = 0; h < heads; ++h) {
    Eigen::Index least = see.keys;
    for (Eigen::Index q = 0; q < see.queries && least > 0; ++q) {
      if (see.hidden.row(h, q) || see.begin(q) > 0) continue;
      const Eigen::Index end = std::min(least, see.end(q));
      Eigen::Index j = 0;
      while (j < end && (see.hidden.key(h, j) || masked(h, q, j))) ++j;
      if (j < see.end(q)) least = std::min(least, j);
    }
    first[h] = least < see.keys ? least : 0;
  }
  return first;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/added_mask.hpp>
#endif
