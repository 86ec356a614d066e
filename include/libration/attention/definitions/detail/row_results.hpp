// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/detail/row_results.hpp declares.

#include <Eigen/Core>

#include <libration/attention/detail/row_results.hpp>

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED void write_row(entropy_result& result, Eigen::Index head, Eigen::Index query, const shifted_sums& sums) {
  const accumulator<double> row(sums);
  result.entropy(head, query) = row.entropy();
  result.varentropy(head, query) = row.varentropy();
  result.renyi2(head, query) = row.renyi2();
  result.log_sum_exp(head, query) = row.log_sum_exp();
  result.largest_weight(head, query) = row.largest_weight();
  result.visible(head, query) = row.count();
}

LIBRATION_DEFINED void close_result(entropy_result& result) {
  const Eigen::Index unseen = (result.visible.array() == 0).count();
  result.empty_rows = unseen - result.padding_rows;
  result.bad_rows = (result.entropy.array() != result.entropy.array()).count() - unseen;
  result.status = result.bad_rows > 0 ? status::diverged : status::ok;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
