// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Where the attention of all heads goes: a table, a line a head or a layer, and the verdict in words.

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/attention/dilution.hpp>
#include <libration/attention/result.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/core/config.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::report {

namespace detail {

/// Breaks lines at blanks, so that none is longer than `width` bytes (but for a longer word).
LIBRATION_DECLARED std::string wrapped(std::string_view text, std::size_t width);

/// `a`, `a and b`, `a, b and c`.
LIBRATION_DECLARED std::string listed(const std::vector<std::string>& parts);

inline std::string first_keys(Eigen::Index keys) { return keys == 1 ? "the first key" : fmt::format("the first {} keys", keys); }

/// `layer 0 heads 1 and 4, layer 2 head 7`; more than 16 heads by their number in each layer.
LIBRATION_DECLARED std::string heads_by_layer(const std::vector<Eigen::Index>& heads, Eigen::Index heads_per_layer);

/// A number of a table, or a dash where it is not known.
inline std::string cell(double x, int width, int decimals) {
  return std::isnan(x) ? fmt::format("{:>{}}", "-", width) : fmt::format("{:>{}.{}f}", x, width, decimals);
}

/// A number with the ends of a range, in columns: `  0.42 ( 0.30 to  0.54)`.
LIBRATION_DECLARED std::string range_cell(double value, double lower, double upper);

LIBRATION_DECLARED void require_layers(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                       Eigen::Index heads_per_layer, std::string_view who);

}  // namespace detail

namespace detail {

/// Columns that are there only where something was recorded.
struct attention_columns {
  Eigen::VectorXd distance, top;  // means by head; empty where not recorded
  bool sinks = false;
};

std::string head_lines(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                              Eigen::Index heads_per_layer, const attention_columns& columns);

std::string layer_lines(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                               Eigen::Index heads_per_layer, const attention_columns& columns);

}  // namespace detail

/// All heads in a table of about 110 columns: mean entropy, the support e^H, entropy over ln n, the slope of entropy on ln n with
/// its interval and verdict, the mass on the first keys (`sink`, or `?` where it cannot be told), and where they were recorded the
/// mean distance of the keys attended to and the mass on the heaviest. Means are over the rows that the dilution and the sinks were
/// found from, of distance and top mass over all. More than 64 heads: a line for each layer, of means over its heads (e^H of the
/// mean entropy) and counts of verdicts.
///
/// \param rows             what the two results were made from; its distance and top mass may be empty
/// \param sinks            of as many heads, or of none: no such column
/// \param heads_per_layer  >= 1; head h stands for head h % heads_per_layer of layer h / heads_per_layer
/// \return                 lines without an end after the last
/// \throws argument_error where the numbers of heads do not fit
LIBRATION_DECLARED std::string attention_table(const attention::entropy_result& rows, const attention::dilution_result& dilution,
                                               const attention::sink_result& sinks, Eigen::Index heads_per_layer);

namespace detail {

/// How many heads focus, widen, dilute, and are undecided, and why.
LIBRATION_DECLARED std::string dilution_sentence(const attention::dilution_result& dilution);

LIBRATION_DECLARED std::string sink_sentence(const attention::sink_result& sinks, Eigen::Index heads_per_layer);

/// How widely the heads spread, and what a longer context would do to that.
LIBRATION_DECLARED std::string context_sentence(const attention::dilution_result& dilution);

}  // namespace detail

/// What the heads do, which are sinks, and what that means for longer contexts: up to three sentences, each on lines of its own of
/// at most 110 columns. Heads that are undecided are said to be so, and why.
///
/// \param sinks, heads_per_layer  as in `attention_table`; no sinks: no such sentence
/// \throws argument_error where the numbers of heads do not fit
LIBRATION_DECLARED std::string attention_verdict(const attention::dilution_result& dilution, const attention::sink_result& sinks,
                                                 Eigen::Index heads_per_layer);

}  // namespace libration::inline LIBRATION_ABI::report

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/attention_table.hpp>
#endif
