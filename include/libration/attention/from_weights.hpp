// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `attention::entropy_from_weights`: how widely attention spreads, from recorded weights.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/detail/recorded_rows.hpp>
#include <libration/attention/detail/row_results.hpp>
#include <libration/attention/detail/visible_keys.hpp>
#include <libration/attention/detail/weight_sums.hpp>
#include <libration/attention/detail/weight_survey.hpp>
#include <libration/attention/options.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

namespace detail {

// Throws where a row of weights is none. \return whether it has no NaN
template <class T>
bool check_row(const recorded_row<T>& row, const visible_keys& see, double tolerance, std::string_view who) {
  const auto place = [&] { return row_name(row.head, row.query); };
  const auto entry = [&](std::size_t j) {
    return place() + ", key " + number_text(j) + ": weight " + number_text(row.column[j]) + ", expected ";
  };
  bool known = true;
  for (std::size_t j = 0; j < row.column.size(); ++j) {
    const auto key = static_cast<Eigen::Index>(j);
    const bool by_position = key < row.begin || key >= row.end;
    if (!by_position && see.hidden.keys.size() == 0) {
      j = static_cast<std::size_t>(row.end) - 1;
      continue;
    }
    if (!by_position && !see.hidden.key(row.head, key)) continue;
    if (std::isnan(row.column[j])) known = false;
    require(!known || row.column[j] == T(0), who, [&] {
      return entry(j) + (by_position ? "0 (masked by .causal)" : "0 (padding by .mask, where 1 is a real token and 0 is padding)");
    });
  }
  const std::span<const T> weights = row.visible();
  const weight_check found = check_weights(weights.data(), static_cast<Eigen::Index>(weights.size()));
  if (found.negative)
    for (auto j = static_cast<std::size_t>(row.begin); j < static_cast<std::size_t>(row.end); ++j)
      require(!(row.column[j] < T(0)), who, [&] { return entry(j) + ">= 0"; });
  if (!known || std::isnan(found.sum)) return false;
  require(weights.empty() || std::abs(found.sum - 1.0) <= tolerance, who, [&] {
    return place() + " sums to " + number_text(found.sum, 7) + ", expected 1 within " + number_text(tolerance, 3) +
           " (.tolerance; a query is a column)";
  });
  return true;
}

}  // namespace detail

/// Entropy of attention whose weights were recorded, and what else they tell, row by row.
///
/// Without options what a mask has left in the weights is recognised, and said in the result:
/// - A row of zeros is empty: nothing was visible (`empty_rows`).
/// - So is a row that is NaN, that has weight behind its query in spite of `.causal`, or (not causal) that is exactly even, if its
///   token has weight 0 in every other row of its head, 16 such weights or more in all. It is padding that saw nothing, and what a
///   softmax left there means nothing.
/// - A key is masked if its weight is exactly 0 in every row of a head that may see it, in 16 weights or more over the heads with
///   the same such keys (`masked_zeros`). Its own row is a row like others: whether it is padding `.mask` says.
/// - Other weights of 0 are keys that are seen (`zero_weights`) if there are fewer than 16, or if other weights come near the
///   smallest number of single or half precision, so that rounding makes zeros.
/// - What is left is refused: weights that are all 0 behind their queries without `.causal`, another mask's pattern, a single key
///   with all the weight, or keys that have weight 0 in some heads only and may be rounded.
///
/// \param A  shape (keys, heads·queries): a column a query, heads one after another. A row-major dump (heads, queries, keys), as
///           PyTorch writes it, is the same memory. float or double; each column's weights >= 0, with sum 1 within `.tolerance`,
///           and 0 where `.causal`, `.window` or `.mask` hides the key. They are then normalised
/// \return   each of shape (heads, queries); `log_sum_exp` is empty. A row with NaN that is not padding is a fact (`bad_rows`,
///           `diverged`)
/// \throws argument_error where shapes or options do not fit, a weight is negative or not hidden, a sum is not 1, or it cannot be
///           told what weights of 0 are (see above; `.zeros` decides); it names head, query and what it found
/// Accuracy: of the entropy 1e-6 (float), relative, given the weights; of a collapsed row too, although its largest weight has
///           been rounded to 1: the others make it up. `tests/attention/from_weights.test.cpp` compares with doubles
/// Cost:     about 50 operations a register, in two passes over the weights
template <class Derived>
entropy_result entropy_from_weights(const Eigen::MatrixBase<Derived>& A, const recorded_options& options = {}) {
  using T = typename Derived::Scalar;
  constexpr std::string_view who = "attention::entropy_from_weights";
  const option_check check(who);
  check(options.tolerance >= 0.0, "tolerance", options.tolerance, ">= 0 (0: what rounding can do)");
  // Each weight is rounded, and the sum that a softmax divides by has the rounding of as many terms at worst.
  const double rounding = (static_cast<double>(A.rows()) + 16.0) * static_cast<double>(std::numeric_limits<T>::epsilon());
  const double tolerance = options.tolerance == 0.0 ? rounding : options.tolerance;
  check(std::isnan(options.masked_below), "masked_below", options.masked_below, "NaN (it is for logits)");
  const auto prepare = [&](const auto& matrix, detail::visible_keys& see, entropy_result& result) {
    detail::survey_weights<T>(
        [&](Eigen::Index h, Eigen::Index q) { return matrix.data() + (h * see.queries + q) * matrix.outerStride(); }, options.heads,
        options, see, result, who);
  };
  const auto measure = [&](const detail::recorded_row<T>& row, const detail::row_room<T>& room, const detail::visible_keys& see,
                           entropy_result& result) {
    const bool good = detail::check_row(row, see, tolerance, who);
    const std::span<const T> weights = row.visible();
    auto n = static_cast<Eigen::Index>(weights.size());
    detail::shifted_sums sums;
    if (good && n > 0) sums = detail::weight_sums(weights.data(), n);
    if (!good) sums.spoil();
    if (options.zeros == zero_weights::masked)
      n -= std::count(weights.begin(), weights.end(), T(0));
    else if (see.hidden.keys.size() > 0)
      for (Eigen::Index j = row.begin; j < row.end; ++j) n -= see.hidden.key(row.head, j) ? 1 : 0;
    sums.count = n;
    detail::write_row(result, row.head, row.query, sums);
    if (!good || n == 0) return;
    const double total = std::exp(sums.top) * (1.0 + sums.rest);
    const auto mass = [&](std::span<const T> part) {
      double sum = 0.0;
      for (const T w : part) sum += w > T(0) ? static_cast<double>(w) : 0.0;
      return std::min(1.0, sum / total);
    };
    if (options.sink > 0) result.sink_mass(row.head, row.query) = mass(row.sink(options.sink));
    if (options.top > 0) result.top_mass(row.head, row.query) = mass(row.largest(room.top));
    if (options.distance) {
      double sum = 0.0;
      for (Eigen::Index j = row.begin; j < row.end; ++j)
        sum += static_cast<double>(row.column[static_cast<std::size_t>(j)]) * std::abs(static_cast<double>(row.position - j));
      result.mean_distance(row.head, row.query) = sum / total;
    }
  };
  entropy_result result = detail::measure_rows<T>(A.derived(), options, who, "A", prepare, measure);
  result.log_sum_exp.resize(0, 0);
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention
