// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::entropy_from_logits`: how widely attention spreads, from recorded logits.

#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/detail/block_sums.hpp>
#include <libration/attention/detail/recorded_rows.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

/// Entropy of the attention whose logits (scaled, biased) were recorded, and what else each row's weights tell.
///
/// \param S  shape (keys, heads·queries): a column a query, heads one after another. A row-major dump (heads, queries, keys), as
///           PyTorch writes it, is the same memory. float or double; minus infinity is masked
/// \return   each of shape (heads, queries); `diverged` where a row is NaN, see `bad_rows`
/// \throws argument_error where shapes or options do not fit; before any work
/// Accuracy: given the logits as for `accumulator`
/// Cost:     about 20 operations a register; what `.causal` and `.window` hide is not read
template <class Derived>
entropy_result entropy_from_logits(const Eigen::MatrixBase<Derived>& S, const recorded_options& options = {}) {
  using T = typename Derived::Scalar;
  constexpr std::string_view who = "attention::entropy_from_logits";
  const option_check check(who);
  check(options.tolerance == 0.0, "tolerance", options.tolerance, "0 (it is for weights)");
  const auto measure = [&](const detail::recorded_row<T>& row, std::span<T> room, entropy_result& result) {
    const std::span<const T> logits = row.visible();
    const auto n = static_cast<Eigen::Index>(logits.size());
    const detail::shifted_sums sums = detail::block_sums(logits.data(), n);
    detail::write_row(result, row.head, row.query, sums);
    if (sums.count == 0) return;
    if (options.sink > 0) result.sink_mass(row.head, row.query) = detail::mass_of(row.sink(options.sink), sums);
    if (options.top > 0) result.top_mass(row.head, row.query) = detail::mass_of(row.largest(room), sums);
    if (options.distance)
      result.mean_distance(row.head, row.query) =
          detail::distance_sum(logits.data(), n, row.position - row.begin, static_cast<T>(sums.top)) / (1.0 + sums.rest);
  };
  return detail::measure_rows<T>(S.derived(), options, who, "S", measure);
}

}  // namespace libration::inline LIBRATION_ABI::attention
