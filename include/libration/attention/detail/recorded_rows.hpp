// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The loop over recorded rows of attention, a column each, in parallel.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/largest_values.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/detail/visible_keys.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// A row where it lies: entries `begin` to `end` - 1 of `column` are visible by position.
template <class T>
struct recorded_row {
  std::span<const T> column;
  Eigen::Index head, query, begin, end, position;
  Eigen::Index first;  // where the sequence begins

  std::span<const T> visible() const {
    return column.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  }
  /// \return the visible ones of the sequence's first `count` keys
  std::span<const T> sink(Eigen::Index count) const {
    const Eigen::Index from = std::clamp(first, begin, end), to = std::clamp(first + std::min(count, end), from, end);
    return column.subspan(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from));
  }
  /// \return room's first places filled with the largest visible entries
  std::span<const T> largest(std::span<T> room) const {
    std::fill(room.begin(), room.end(), -std::numeric_limits<T>::infinity());
    const std::span<const T> from = visible();
    largest_values<T> heap(room);
    for (const T value : from) heap.add(value);
    return room;
  }
};

/// Room for the `.top` largest, and for a row's copy with what is masked put in its place.
template <class T>
struct row_room {
  std::span<T> top, copy;
};

/// Calls `prepare(matrix, see, result)`, which may hide more keys and rows, and then `measure(row, room, see, result)` for every
/// column of a matrix (keys, heads·queries) that is not hidden.
template <class T, class Prepare, class Measure>
entropy_result measure_rows(const Eigen::Ref<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>& matrix,
                            const recorded_options& options, std::string_view who, std::string_view name, const Prepare& prepare,
                            const Measure& measure) {
  const Eigen::Index heads = options.heads;
  const option_check check(who);
  check(heads >= 1, "heads", heads, ">= 1");
  const Eigen::Index queries = matrix.cols() / heads;
  require(queries * heads == matrix.cols(), who, [&] {
    return std::string(name) + " has " + number_text(matrix.cols()) + " columns, expected a multiple of " +
           number_text(heads) + " (.heads)";
  });
  validate_rows(options, queries, matrix.rows(), who);

  entropy_result result = empty_result(heads, queries, options, who);
  visible_keys see{queries, matrix.rows(), options.causal, options.window};
  see.hide(options.mask, heads, who);
  result.padding_rows = see.hidden_rows(heads);
  prepare(matrix, see, result);
  constexpr Eigen::Index columns = 32;  // a thread's next piece of work
  parallel_for((matrix.cols() + columns - 1) / columns, options.threads, [&](std::int64_t piece) {
    std::vector<T> top(static_cast<std::size_t>(std::min(options.top, matrix.rows())));
    std::vector<T> copy(static_cast<std::size_t>(see.hidden.any() || result.masked_logits > 0 ? matrix.rows() : 0));
    for (Eigen::Index c = piece * columns; c < std::min(matrix.cols(), (piece + 1) * columns); ++c) {
      const Eigen::Index head = c / queries, q = c % queries;
      if (see.hidden.row(head, q)) continue;
      const std::span<const T> column(matrix.data() + c * matrix.outerStride(), static_cast<std::size_t>(matrix.rows()));
      measure(recorded_row<T>{column, head, q, see.begin(q), see.end(q), see.position(q), result.first_key[head]},
              row_room<T>{top, copy}, see, result);
    }
  });
  close_result(result);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
