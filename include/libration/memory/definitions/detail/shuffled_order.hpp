// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// A random permutation.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <libration/core/config.hpp>
#include <libration/core/random.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

/// \return  0 .. count - 1 in random order, by Fisher's and Yates' exchanges
LIBRATION_DECLARED std::vector<std::size_t> shuffled_order(std::size_t count, random_stream& numbers) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  for (std::size_t i = count; i > 1; --i)
    std::swap(order[i - 1], order[std::min(i - 1, static_cast<std::size_t>(numbers.next_uniform() * static_cast<double>(i)))]);
  return order;
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail
