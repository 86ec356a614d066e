// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::entropy_from_logits`: how widely attention spreads, from recorded logits.

#include <cmath>
#include <limits>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/detail/added_mask.hpp>
#include <libration/attention/detail/block_sums.hpp>
#include <libration/attention/detail/recorded_rows.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

namespace detail {

// Recorded logits with what masks them.
template <class T>
class logit_rows {
 public:
  using matrix = Eigen::Ref<const Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>>;
  logit_rows(const matrix& S, const visible_keys& see) : S_(S), see_(see) {}

  logit_range range(Eigen::Index head, Eigen::Index q) const {
    const T* const row = at(head, q);
    const Eigen::Index begin = see_.begin(q), n = see_.end(q) - begin;
    if (see_.hidden.keys.size() == 0)
      return {static_cast<double>(largest_of(row + begin, n)), static_cast<double>(smallest_above_infinity(row + begin, n))};
    logit_range found;
    each(head, q, [&](double s) { found.add(s); });
    return found;
  }

  template <class Visit>
  void each(Eigen::Index head, Eigen::Index q, const Visit& visit) const {
    const T* const row = at(head, q);
    for (Eigen::Index j = see_.begin(q); j < see_.end(q); ++j)
      if (!see_.hidden.key(head, j)) visit(static_cast<double>(row[j]));
  }

  bool masked(Eigen::Index head, Eigen::Index q, Eigen::Index j, double below) const {
    return static_cast<double>(at(head, q)[j]) <= below;
  }

 private:
  const T* at(Eigen::Index head, Eigen::Index q) const { return S_.data() + (head * see_.queries + q) * S_.outerStride(); }

  const matrix& S_;
  const visible_keys& see_;
};

}  // namespace detail

/// Entropy of the attention whose logits (scaled, biased) were recorded, and what else each row's weights tell.
///
/// A logit of minus infinity is masked. So is a large negative number that a mask was made of (-10000, the lowest of a type; exact,
/// or with a logit added), which is recognised by a gap: it lies at least 900 below its row's largest logit and below 0, and the
/// ordinary logits span at most an eighth of that. `entropy_result::masked_below` and `.masked_logits` say what was found. Biases
/// that grow with the distance leave no gap, and keys that are far behind one that is ahead are not below 0: they are visible.
///
/// \param S  shape (keys, heads·queries): a column a query, heads one after another. A row-major dump (heads, queries, keys), as
///           PyTorch writes it, is the same memory. float or double
/// \return   each of shape (heads, queries); `diverged` where a row is NaN, see `bad_rows`
/// \throws argument_error where shapes or options do not fit, and where it cannot be told whether logits are masked (a gap that is
///           there but small, or rows that are far below others as a whole): `.masked_below` decides
/// Accuracy: given the logits as for `accumulator`
/// Cost:     about 25 operations a register, in two passes over the logits; what `.causal` and `.window` hide is not read
template <class Derived>
entropy_result entropy_from_logits(const Eigen::MatrixBase<Derived>& S, const recorded_options& options = {}) {
  using T = typename Derived::Scalar;
  constexpr std::string_view who = "attention::entropy_from_logits";
  const option_check check(who);
  check(options.tolerance == 0.0, "tolerance", options.tolerance, "0 (it is for weights)");
  check(options.zeros == zero_weights::automatic, "zeros", static_cast<int>(options.zeros), "automatic (it is for weights)");
  const auto prepare = [&](const auto& matrix, detail::visible_keys& see, entropy_result& result) {
    const detail::logit_rows<T> rows(matrix, see);
    const auto found = detail::find_added_mask(
        options.heads, see, options.masked_below, options.threads, [&](Eigen::Index h, Eigen::Index q) { return rows.range(h, q); },
        [&](Eigen::Index h, Eigen::Index q, const auto& visit) { rows.each(h, q, visit); }, who, "S");
    result.masked_below = found.below;
    result.masked_logits = found.logits;
    result.first_key = detail::first_keys(
        options.heads, see, [&](Eigen::Index h, Eigen::Index q, Eigen::Index j) { return rows.masked(h, q, j, found.below); });
  };
  const auto measure = [&](const detail::recorded_row<T>& recorded, const detail::row_room<T>& room,
                           const detail::visible_keys& see, entropy_result& result) {
    detail::recorded_row<T> row = recorded;
    if (see.hidden.keys.size() > 0 || result.masked_logits > 0) {
      row.column = room.copy;
      for (Eigen::Index j = row.begin; j < row.end; ++j) {
        const T s = recorded.column[static_cast<std::size_t>(j)];
        const bool masked = see.hidden.key(row.head, j) || static_cast<double>(s) <= result.masked_below;
        room.copy[static_cast<std::size_t>(j)] = masked ? -std::numeric_limits<T>::infinity() : s;
      }
    }
    const std::span<const T> logits = row.visible();
    const auto n = static_cast<Eigen::Index>(logits.size());
    const detail::shifted_sums sums = detail::block_sums(logits.data(), n);
    detail::write_row(result, row.head, row.query, sums);
    if (sums.count == 0) return;
    if (options.sink > 0) result.sink_mass(row.head, row.query) = detail::mass_of(row.sink(options.sink), sums);
    if (options.top > 0) result.top_mass(row.head, row.query) = detail::mass_of(row.largest(room.top), sums);
    if (options.distance)
      result.mean_distance(row.head, row.query) =
          detail::distance_sum(logits.data(), n, row.position - row.begin, static_cast<T>(sums.top)) / (1.0 + sums.rest);
  };
  return detail::measure_rows<T>(S.derived(), options, who, "S", prepare, measure);
}

}  // namespace libration::inline LIBRATION_ABI::attention
