// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Where the attention of all heads goes: a table, a line a head or a layer, and the verdict in words.

#include <string>

#include <Eigen/Core>

#include <libration/attention/dilution.hpp>
#include <libration/attention/result.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/core/config.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// All heads in a table of about 110 columns: mean entropy, the support e^H, entropy over ln n, the slope of entropy on ln n with
/// its interval and verdict, the mass on the first keys (`sink`, or `?` where it cannot be told), and where they were recorded the
/// mean distance of the keys attended to and the mass on the heaviest. Means are over the rows that the dilution and the sinks were
/// found from, of distance and top mass over all. More than 64 heads: a line for each layer, of means over its heads (e^H of the
/// mean entropy) and counts of verdicts. The last line says how many keys a row sees at least that counts.
///
/// \param rows             what the two results were made from; its distance and top mass may be empty
/// \param sinks            of as many heads, or of none: no such column
/// \param heads_per_layer  >= 1; head h stands for head h % heads_per_layer of layer h / heads_per_layer
/// \return                 lines without an end after the last
/// \throws argument_error where the numbers of heads do not fit
LIBRATION_DECLARED std::string attention_table(const attention::entropy_result& rows, const attention::dilution_result& dilution,
                                               const attention::sink_result& sinks, Eigen::Index heads_per_layer);

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
