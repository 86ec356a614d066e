// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The result's shape, its rows one by one, and its counts.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include <Eigen/Core>

#include <libration/attention/accumulator.hpp>
#include <libration/attention/detail/shifted_sums.hpp>
#include <libration/attention/result.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

/// The result of so many rows, those statistics empty that the options do not ask for.
///
/// \throws argument_error where so many rows do not fit into memory
template <class Options>
entropy_result empty_result(Eigen::Index heads, Eigen::Index queries, const Options& options, std::string_view who) {
  require(heads == 0 || std::max<Eigen::Index>(queries, 1) <= (Eigen::Index{1} << 36) / heads, who,  // half a terabyte a statistic
          [&] { return number_text(heads) + " heads of " + number_text(queries) + " queries, expected at most 2^36 rows in all"; });
  entropy_result result;
  const auto shape = [&](Eigen::MatrixXd& m, bool wanted) {
    if (wanted) m.setConstant(heads, queries, std::numeric_limits<double>::quiet_NaN());
  };
  with_memory(who, [&] {
    result.first_key.setZero(heads);
    for (Eigen::MatrixXd* m : {&result.entropy, &result.varentropy, &result.renyi2, &result.log_sum_exp, &result.largest_weight})
      shape(*m, true);
    result.visible.setZero(heads, queries);
    shape(result.sink_mass, options.sink > 0);
    shape(result.top_mass, options.top > 0);
    shape(result.mean_distance, options.distance);
  });
  return result;
}

/// Writes a row whose sums, count included, are known. Rows are apart in memory: threads may write them at the same time.
LIBRATION_DECLARED void write_row(entropy_result& result, Eigen::Index head, Eigen::Index query, const shifted_sums& sums);

/// \return the part of a row's weights that the given logits have
template <class T>
double mass_of(std::span<const T> logits, const shifted_sums& row) {
  if (row.count == 0) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0.0;
  for (const T s : logits) sum += std::exp(static_cast<double>(s) - row.top);
  return std::min(sum / (1.0 + row.rest), 1.0);  // in this order NaN stays NaN
}

/// Counts the rows that say nothing.
LIBRATION_DECLARED void close_result(entropy_result& result);

}  // namespace libration::inline LIBRATION_ABI::attention::detail

#if !defined(LIBRATION_COMPILED)
#include <libration/attention/definitions/detail/row_results.hpp>
#endif
