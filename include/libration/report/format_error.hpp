// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Formatters of the results of `error/`: growth curves and their laws, horizons, token divergence, exposure bias, covariances.

#include <cstdint>
#include <string>
#include <vector>

#include <fmt/core.h>
#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/error/covariance.hpp>
#include <libration/error/exposure_bias.hpp>
#include <libration/error/finite_size.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/error/growth_law_result.hpp>
#include <libration/error/horizon.hpp>
#include <libration/error/kreiss_constant.hpp>
#include <libration/error/model_exposure_bias.hpp>
#include <libration/error/numerical_radius.hpp>
#include <libration/error/power_growth.hpp>
#include <libration/error/token_divergence.hpp>
#include <libration/report/format.hpp>
#include <libration/stats/survival.hpp>

namespace libration::inline LIBRATION_ABI::report {

/// Entries of a curve of n points worth a line: about `most` (2 at least), 0 and n - 1 among them, ever further apart.
LIBRATION_DECLARED std::vector<Eigen::Index> samples(Eigen::Index n, Eigen::Index most = 8);

namespace detail {

inline const char* name_of(error::norm n) {
  return n == error::norm::euclidean ? "Euclidean" : n == error::norm::maximum ? "maximum" : "root mean square";
}

LIBRATION_DECLARED std::string status_line(status s, std::int64_t failed_at = -1);

/// The same on a line of its own, where it is not `ok`.
LIBRATION_DECLARED std::string trouble(status s);

/// What is said of pairs that parted at a cut.
LIBRATION_DECLARED std::string jumps(std::int64_t count);

/// What is said of coordinates that wrap undeclared, or else of jumps.
LIBRATION_DECLARED std::string jumps(std::int64_t count, const std::vector<error::undeclared_period>& undeclared);

/// The text of a result that holds nothing.
LIBRATION_DECLARED std::string nothing(const char* what);

/// With `digits` significant ones, and all those before the point up to ten millions: `12345`, not `1.234e+04`.
LIBRATION_DECLARED std::string with_digits(double x, int digits, const char* infinite);

/// \param infinite  what an infinite number is called
LIBRATION_DECLARED std::string with_interval(double value, double lower, double upper, const char* infinite);

}  // namespace detail

/// A value with the interval that was computed for it: `23.1 (22.8 to 23.5)`; the value alone where the interval is not known, and
/// `unknown` where the value is not.
LIBRATION_DECLARED std::string with_interval(double value, double lower, double upper);

/// A time with its interval; `never` for one that was not reached, or `at least 20` where the interval has a lower end.
LIBRATION_DECLARED std::string text(const stats::time_quantile& q);

/// A growth curve: what was measured, and the quantiles of the error at a few times.
LIBRATION_DECLARED std::string text(const error::growth_curve& c);

LIBRATION_DECLARED std::string text(const error::finite_size_result& r);

LIBRATION_DECLARED std::string text(const error::horizon_result& r);

/// A law with its fitted parameters: `exponential: initial 1e-08 (9.8e-09 to 1.02e-08), rate 0.4192 (0.4188 to 0.4196)`.
LIBRATION_DECLARED std::string text(const error::law_fit& f);

LIBRATION_DECLARED std::string text(const error::growth_law_result& r);

LIBRATION_DECLARED std::string text(const error::token_divergence_result& r);

LIBRATION_DECLARED std::string text(const error::exposure_bias_result& r);

LIBRATION_DECLARED std::string text(const error::model_exposure_result& r);

LIBRATION_DECLARED std::string text(const error::covariance_result& r);

LIBRATION_DECLARED std::string text(const error::transient_growth_result& r);

LIBRATION_DECLARED std::string text(const error::kreiss_result& r);

LIBRATION_DECLARED std::string text(const error::numerical_radius_result& r);

}  // namespace libration::inline LIBRATION_ABI::report

/// \cond
template <>
struct fmt::formatter<libration::stats::time_quantile>
    : libration::report::text_formatter<libration::stats::time_quantile, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::growth_curve>
    : libration::report::text_formatter<libration::error::growth_curve, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::finite_size_result>
    : libration::report::text_formatter<libration::error::finite_size_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::horizon_result>
    : libration::report::text_formatter<libration::error::horizon_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::law_fit>
    : libration::report::text_formatter<libration::error::law_fit, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::growth_law_result>
    : libration::report::text_formatter<libration::error::growth_law_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::token_divergence_result>
    : libration::report::text_formatter<libration::error::token_divergence_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::exposure_bias_result>
    : libration::report::text_formatter<libration::error::exposure_bias_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::model_exposure_result>
    : libration::report::text_formatter<libration::error::model_exposure_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::covariance_result>
    : libration::report::text_formatter<libration::error::covariance_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::transient_growth_result>
    : libration::report::text_formatter<libration::error::transient_growth_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::kreiss_result>
    : libration::report::text_formatter<libration::error::kreiss_result, libration::report::text> {};
template <>
struct fmt::formatter<libration::error::numerical_radius_result>
    : libration::report::text_formatter<libration::error::numerical_radius_result, libration::report::text> {};
/// \endcond

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/format_error.hpp>
#endif
