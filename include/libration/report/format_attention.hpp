// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Results of `attention/` as text: a head's dilution and sink, the positional curve.

#include <string>

#include <fmt/core.h>
#include <Eigen/Core>

#include <libration/attention/dilution.hpp>
#include <libration/attention/positional_curve.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/core/config.hpp>
#include <libration/report/format.hpp>
#include <libration/report/format_error.hpp>

namespace libration::inline LIBRATION_ABI::report {

inline std::string text(const attention::dilution_verdict& v) { return std::string(to_string(v)); }
inline std::string text(const attention::sink_verdict& v) { return std::string(to_string(v)); }
inline std::string text(const attention::curve_shape& s) { return std::string(to_string(s)); }

/// A head's dilution: `widens: slope of entropy on ln n 0.42 (0.3 to 0.54); entropy 2.31 ± 0.05 nats, ...`
LIBRATION_DECLARED std::string text(const attention::head_dilution& h);

/// A head's sink: `sink: weight 0.35 (0.31 to 0.39) on the first keys, 22 times an even share; 65 rows`
LIBRATION_DECLARED std::string text(const attention::head_sink& h);

/// A curve over positions: about 20 of them, evenly chosen, and what its shape is.
LIBRATION_DECLARED std::string text(const attention::positional_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

/// \cond
template <>
struct fmt::formatter<libration::attention::dilution_verdict>
    : libration::report::text_formatter<libration::attention::dilution_verdict, libration::report::text> {};
template <>
struct fmt::formatter<libration::attention::sink_verdict>
    : libration::report::text_formatter<libration::attention::sink_verdict, libration::report::text> {};
template <>
struct fmt::formatter<libration::attention::curve_shape>
    : libration::report::text_formatter<libration::attention::curve_shape, libration::report::text> {};
template <>
struct fmt::formatter<libration::attention::head_dilution>
    : libration::report::text_formatter<libration::attention::head_dilution, libration::report::text> {};
template <>
struct fmt::formatter<libration::attention::head_sink>
    : libration::report::text_formatter<libration::attention::head_sink, libration::report::text> {};
template <>
struct fmt::formatter<libration::attention::positional_result>
    : libration::report::text_formatter<libration::attention::positional_result, libration::report::text> {};
/// \endcond

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/format_attention.hpp>
#endif
