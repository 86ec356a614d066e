// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what drift/score_bag.hpp declares.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/drift/score_bag.hpp>

namespace libration::inline LIBRATION_ABI::drift {

LIBRATION_FUNC score_bag::score_bag(std::int64_t capacity) : capacity_(capacity) {
  require(capacity >= 1 && capacity <= 100'000'000, "drift::score_bag",
          [&] { return "the capacity is " + number_text(capacity) + ", expected 1 to 100000000"; });
  // A block that was split holds half of `most` at least.
  const std::size_t blocks = static_cast<std::size_t>(capacity) / (most / 2) + 2;
  with_memory("drift::score_bag", [&] {
    scores_.resize(blocks * most);
    largest_.resize(blocks);
    place_.resize(blocks);
    before_.resize(blocks + 1);
  });
}

LIBRATION_DEFINED void score_bag::split(std::size_t at) noexcept {
  for (std::size_t b = blocks_; b > at + 1; --b) {
    largest_[b] = largest_[b - 1];
    place_[b] = place_[b - 1];
    before_[b + 1] = before_[b];
  }
  const auto half = static_cast<std::uint32_t>(most / 2);
  before_[at + 2] = before_[at + 1];
  before_[at + 1] = before_[at] + half;
  place_[at + 1] = static_cast<std::uint32_t>(blocks_);
  double* const lower = scores_.data() + place_[at] * most;
  std::copy(lower + half, lower + most, scores_.data() + blocks_ * most);
  largest_[at + 1] = largest_[at];
  largest_[at] = lower[half - 1];
  ++blocks_;
}

LIBRATION_DEFINED score_bag::rank score_bag::insert(double x) noexcept {
  if (blocks_ == 0) {
    blocks_ = 1;
    place_[0] = before_[0] = before_[1] = 0;
    largest_[0] = x;
  }
  const auto in_order = largest_.begin(), end = in_order + static_cast<std::ptrdiff_t>(blocks_);
  auto at = static_cast<std::size_t>(std::lower_bound(in_order, end, x) - in_order);
  if (at == blocks_) largest_[--at] = x;
  if (before_[at + 1] - before_[at] == most) {
    split(at);
    if (largest_[at] < x) ++at;
  }
  double* const first = scores_.data() + place_[at] * most;
  double* const last = first + (before_[at + 1] - before_[at]);
  double* const to = std::lower_bound(first, last, x);

  rank result;
  const std::size_t below = before_[at] + static_cast<std::size_t>(to - first);
  std::size_t not_above = below;
  if (to != last && *to == x) {
    // Scores that are equal may fill several blocks.
    const auto beyond = static_cast<std::size_t>(
        std::upper_bound(in_order + static_cast<std::ptrdiff_t>(at), in_order + static_cast<std::ptrdiff_t>(blocks_), x) -
        in_order);
    if (beyond == blocks_) {
      not_above = static_cast<std::size_t>(size_);
    } else {
      const double* const start = scores_.data() + place_[beyond] * most;
      not_above = before_[beyond] +
                  static_cast<std::size_t>(std::upper_bound(start, start + (before_[beyond + 1] - before_[beyond]), x) - start);
    }
  }
  result.above = size_ - static_cast<std::int64_t>(not_above);
  result.equal = static_cast<std::int64_t>(not_above - below) + 1;

  std::copy_backward(to, last, last + 1);
  *to = x;
  for (std::size_t b = at + 1; b <= blocks_; ++b) ++before_[b];
  result.all = ++size_;
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::drift
