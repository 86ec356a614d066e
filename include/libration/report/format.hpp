// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `fmt::print("{}", result)`: formatters of the library's results.

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include <libration/core/config.hpp>
#include <libration/core/status.hpp>
#include <libration/lyapunov/result.hpp>
#include <libration/lyapunov/summary.hpp>
#include <libration/stats/mean_error.hpp>
#include <libration/tangent/check.hpp>
#include <libration/testing/laws.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// A number with its standard error, to two digits of the error: `0.41922 ± 0.00035`. An error that is unknown or infinite is said
/// to be so.
LIBRATION_DECLARED std::string with_error(double value, double standard_error);

/// Each line moved to the right, the last one without an end too.
LIBRATION_DECLARED std::string indented(std::string_view lines, std::size_t by = 2);

/// What a status means, in a sentence.
LIBRATION_DECLARED std::string explain(status s);

/// A spectrum as a few lines of text: exponents, dimension, entropy, verdict, status and evidence.
///
/// \param most exponents listed; the others are counted
LIBRATION_DECLARED std::string text(const lyapunov::spectrum_result& r, Eigen::Index most = 16);

/// Quantiles of finite-time exponents over the windows, a line an exponent.
LIBRATION_DECLARED std::string text(const lyapunov::finite_time& f);

/// The leading exponent and its half width at each of the times.
LIBRATION_DECLARED std::string text(const lyapunov::running_estimate& h);

LIBRATION_DECLARED std::string text(const tangent::check_result& r);

LIBRATION_DECLARED std::string text(const testing::law_report& r);

/// What formatters of the library's results are made of: the text is aligned, filled and cut as any string is.
struct text_writer : fmt::formatter<fmt::string_view> {
  LIBRATION_DECLARED fmt::format_context::iterator write(std::string_view text, fmt::format_context& context) const;
};

/// A formatter by way of a function that makes the text.
template <class T, std::string (*Text)(const T&)>
struct text_formatter : text_writer {
  auto format(const T& value, fmt::format_context& context) const { return write(Text(value), context); }
};

}  // namespace libration::inline LIBRATION_ABI::report

/// \cond
template <>
struct fmt::formatter<libration::status> : libration::report::text_writer {
  auto format(libration::status s, fmt::format_context& context) const { return write(to_string(s), context); }
};
template <>
struct fmt::formatter<libration::verdict> : libration::report::text_writer {
  auto format(libration::verdict v, fmt::format_context& context) const { return write(to_string(v), context); }
};
template <>
struct fmt::formatter<libration::lyapunov::estimate> : libration::report::text_writer {
  auto format(const libration::lyapunov::estimate& e, fmt::format_context& context) const {
    return write(libration::report::with_error(e.value, e.standard_error), context);
  }
};
template <>
struct fmt::formatter<libration::stats::mean_estimate> : libration::report::text_writer {
  auto format(const libration::stats::mean_estimate& e, fmt::format_context& context) const {
    return write(libration::report::with_error(e.mean, e.standard_error), context);
  }
};
template <>
struct fmt::formatter<libration::lyapunov::spectrum_result> : libration::report::text_writer {
  auto format(const libration::lyapunov::spectrum_result& r, fmt::format_context& context) const {
    return write(libration::report::text(r), context);
  }
};
template <>
struct fmt::formatter<libration::lyapunov::finite_time>
    : libration::report::text_formatter<libration::lyapunov::finite_time, libration::report::text> {};
template <>
struct fmt::formatter<libration::lyapunov::running_estimate>
    : libration::report::text_formatter<libration::lyapunov::running_estimate, libration::report::text> {};
template <>
struct fmt::formatter<libration::tangent::check_result>
    : libration::report::text_formatter<libration::tangent::check_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::testing::law_report>
    : libration::report::text_formatter<libration::testing::law_report, libration::report::text> {};
/// \endcond

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/format.hpp>
#endif
