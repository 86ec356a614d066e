// SPDX-License-Identifier: MIT
#pragma once
// What the sections on growing errors share.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/error/growth.hpp>
#include <libration/error/growth_curve.hpp>
#include <libration/report/gnuplot_script.hpp>

#include "section.hpp"

namespace stability {

namespace error = libration::error;

inline constexpr double far_apart = 0.4;  // of the state's own spread

inline double leading(const lyapunov::spectrum_result& r) {
  return r.exponents.size() > 0 ? r.exponents[0] : std::numeric_limits<double>::quiet_NaN();
}

// Windows of so many characters, as many as the text has room for; shorter ones where it has not room for two.
inline error::growth_options growth_windows(const question& q, std::int64_t characters, std::int64_t windows) {
  const std::int64_t room = q.length() - q.transient;
  error::growth_options options{.steps = std::min(characters, room / 2)};
  options.windows = std::max<std::int64_t>(1, std::min(windows, room / options.steps));
  options.transient = q.transient;
  options.seed = q.options.seed;
  return options;
}

// Median, and 5 to 95 %.
inline report::band band_of(const std::string& label, const error::growth_curve& c) {
  return {label, c.time, c.quantile(0.5), c.quantile(0.05), c.quantile(0.95)};
}

inline std::string at(const error::growth_curve& c, Eigen::Index point) {
  const auto quantile = [&](double p) { return c.quantile(p)[point]; };
  return fmt::format("{:.1e} ({:.0e} to {:.0e})", quantile(0.5), quantile(0.05), quantile(0.95));
}

}  // namespace stability
