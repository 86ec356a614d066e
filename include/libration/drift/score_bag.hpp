// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A growing bag of scores that says how many of them are above a new one.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::drift {

/// Scores in order, in blocks of at most 256, with room for a number that is fixed at construction.
///
/// Cost:  to insert: two binary searches, up to 256 scores moved, and an addition for each block of 128 to 256 scores. No
///        allocation after construction; memory: some 17 bytes a score
class score_bag {
 public:
  /// Numbers of scores in the bag, and of those that are above a new score and equal to it; the new one is in the bag.
  struct rank {
    std::int64_t above = 0, equal = 1, all = 1;
  };

  /// \param capacity  most scores, 1 to 1e8
  /// \throws argument_error  for another capacity
  LIBRATION_FUNC explicit score_bag(std::int64_t capacity);

  /// \param x  not NaN, and the bag is not full
  LIBRATION_DECLARED rank insert(double x) noexcept;

  std::int64_t size() const noexcept { return size_; }
  std::int64_t capacity() const noexcept { return capacity_; }
  void clear() noexcept {
    size_ = 0;
    blocks_ = 0;
  }

 private:
  static constexpr std::size_t most = 256;

  LIBRATION_DECLARED void split(std::size_t at) noexcept;

  std::int64_t capacity_ = 0, size_ = 0;
  std::size_t blocks_ = 0;
  std::vector<double> scores_;         // block b: `most` places from b·most on
  std::vector<double> largest_;        // of the blocks in order
  std::vector<std::uint32_t> place_;   // where the blocks in order lie
  std::vector<std::uint32_t> before_;  // number of scores in the blocks before
};

}  // namespace libration::inline LIBRATION_ABI::drift

#if !defined(LIBRATION_COMPILED)
#include <libration/drift/definitions/score_bag.hpp>
#endif
