// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The k largest of many numbers.

#include <algorithm>
#include <functional>
#include <span>

#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

// A heap in the caller's memory, at first k times minus infinity, the smallest of the kept ones in front. NaN is passed over.
template <class T>
class largest_values {
 public:
  /// \param storage  k numbers, k >= 1
  explicit largest_values(std::span<T> storage) : heap_(storage) {}

  void add(T value) {
    if (!(value > heap_.front())) return;
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<T>());
    heap_.back() = value;
    std::push_heap(heap_.begin(), heap_.end(), std::greater<T>());
  }

 private:
  std::span<T> heap_;
};

}  // namespace libration::inline LIBRATION_ABI::attention::detail
