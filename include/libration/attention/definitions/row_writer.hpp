// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/row_writer.hpp declares.

#include <utility>

#include <libration/attention/options.hpp>
#include <libration/attention/row_writer.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED row_writer::row_writer(Eigen::Index heads, Eigen::Index queries, Eigen::Index sink, std::string_view who)
    : sink_(sink), result_(detail::empty_result(heads, queries, recorded_options{.sink = sink, .distance = true}, who)) {}

LIBRATION_DEFINED entropy_result row_writer::finish() {
  detail::close_result(result_);
  return std::move(result_);
}

}  // namespace libration::inline LIBRATION_ABI::attention
