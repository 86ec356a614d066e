// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// `fmt::print("{}", result)`: formatters of the library's results.

#include <cstddef>
#include <string>
#include <string_view>

#include <fmt/format.h>

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

/// A formatter by way of a function that makes the text.
template <class T, std::string (*Text)(const T&)>
struct text_formatter : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const T& value, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(Text(value), context);
  }
};

}  // namespace libration::inline LIBRATION_ABI::report

/// \cond
template <>
struct fmt::formatter<libration::status> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(libration::status s, Context& context) const {
    const auto name = to_string(s);
    return fmt::formatter<fmt::string_view>::format({name.data(), name.size()}, context);
  }
};
template <>
struct fmt::formatter<libration::verdict> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(libration::verdict v, Context& context) const {
    const auto name = to_string(v);
    return fmt::formatter<fmt::string_view>::format({name.data(), name.size()}, context);
  }
};
template <>
struct fmt::formatter<libration::lyapunov::estimate> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::lyapunov::estimate& e, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(libration::report::with_error(e.value, e.standard_error), context);
  }
};
template <>
struct fmt::formatter<libration::stats::mean_estimate> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::stats::mean_estimate& e, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(libration::report::with_error(e.mean, e.standard_error), context);
  }
};
template <>
struct fmt::formatter<libration::lyapunov::spectrum_result> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::lyapunov::spectrum_result& r, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(libration::report::text(r), context);
  }
};
template <>
struct fmt::formatter<libration::lyapunov::finite_time> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::lyapunov::finite_time& f, Context& context) const {
    std::string out = fmt::format("finite-time exponents over {} windows of {} steps", f.values.cols(), f.window);
    if (f.values.cols() > 1) {
      const Eigen::VectorXd mean = f.mean(), spread = f.spread(), low = f.quantile(0.05), high = f.quantile(0.95);
      for (Eigen::Index i = 0; i < mean.size(); ++i)
        out += fmt::format("\n  {:>3}  mean {:.6g}, spread {:.3g}, 5 to 95 %: {:.4g} to {:.4g}", i + 1, mean[i], spread[i], low[i],
                           high[i]);
    }
    return fmt::formatter<fmt::string_view>::format(out, context);
  }
};
template <>
struct fmt::formatter<libration::lyapunov::running_estimate> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::lyapunov::running_estimate& h, Context& context) const {
    std::string out = "running estimate:";
    for (Eigen::Index j = 0; j < h.steps.size(); ++j)
      out += fmt::format("\n  {:>9}  {:.6g} ± {:.2g}", h.steps[j], h.exponents(0, j), h.half_width(0, j));
    return fmt::formatter<fmt::string_view>::format(out, context);
  }
};
template <>
struct fmt::formatter<libration::tangent::check_result> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::tangent::check_result& r, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(
        fmt::format("tangent {}: it differs from central differences by {:.2g} (up to {:.2g} is rounding)", r.ok() ? "ok" : "WRONG",
                    r.error, r.tolerance),
        context);
  }
};
template <>
struct fmt::formatter<libration::testing::law_report> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const libration::testing::law_report& r, Context& context) const {
    return fmt::formatter<fmt::string_view>::format(r.ok() ? fmt::format("{} laws hold", r.checked) : "broken laws:\n" + r.text(),
                                                    context);
  }
};
/// \endcond

#if !defined(LIBRATION_COMPILED)
#include <libration/report/definitions/format.hpp>
#endif
