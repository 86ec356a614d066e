// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what attention/sinks.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/attention/detail/visible_counts.hpp>
#include <libration/attention/sinks.hpp>
#include <libration/core/error.hpp>

namespace libration::inline LIBRATION_ABI::attention {

LIBRATION_DEFINED void validate(const sink_options& options, std::string_view who) {
  const option_check check(who);
  check(options.keys >= 1, "keys", options.keys, ">= 1");
  check(options.minimum_context > options.keys, "minimum_context", options.minimum_context, "> .keys");
  check(options.threshold > 0.0 && options.threshold < 1.0, "threshold", options.threshold, "a number in (0, 1)");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
}

LIBRATION_DEFINED std::vector<Eigen::Index> sink_result::where(sink_verdict v) const {
  std::vector<Eigen::Index> found;
  for (std::size_t h = 0; h < heads.size(); ++h)
    if (heads[h].verdict == v) found.push_back(static_cast<Eigen::Index>(h));
  return found;
}

}  // namespace libration::inline LIBRATION_ABI::attention

namespace libration::inline LIBRATION_ABI::attention::detail {

LIBRATION_DEFINED sink_result sinks_of(const Eigen::MatrixXd& mass, const Eigen::MatrixXd& visible,
                                       const sink_options& options) {
  constexpr std::string_view who = "attention::sinks";
  validate(options, who);
  const visible_counts counts(visible, mass.rows(), mass.cols(), who);
  for (Eigen::Index h = 0; h < mass.rows(); ++h)
    for (Eigen::Index i = 0; i < mass.cols(); ++i) {
      const double value = mass(h, i);
      require(std::isnan(value) || (value >= -1e-4 && value <= 1.0 + 1e-4), who, [&] {
        return "mass(" + number_text(h) + ", " + number_text(i) + ") is " + number_text(value) + ", expected in [0, 1]";
      });
    }

  sink_result result;
  result.keys = options.keys;
  result.threshold = options.threshold;
  result.level = options.level;
  result.minimum_context = options.minimum_context;
  result.heads.resize(static_cast<std::size_t>(mass.rows()));
  std::vector<double> values;
  for (Eigen::Index h = 0; h < mass.rows(); ++h) {
    head_sink& head = result.heads[static_cast<std::size_t>(h)];
    values.clear();
    double even = 0.0;
    for (Eigen::Index i = 0; i < mass.cols(); ++i) {
      const double value = mass(h, i);
      const double n = counts(h, i);
      if (std::isnan(value) || n == 0.0) {
        ++head.skipped;
      } else if (n >= static_cast<double>(options.minimum_context)) {
        values.push_back(value);
        even += static_cast<double>(options.keys) / n;
      }
    }
    head.rows = static_cast<std::int64_t>(values.size());
    if (values.empty()) continue;
    head.uniform = even / static_cast<double>(values.size());
    head.mass = stats::mean_error(values);
    head.status = status::not_converged;
    const double half = head.mass.half_width(options.level);
    if (!std::isfinite(half)) continue;
    head.status = status::ok;
    head.lower = std::max(0.0, head.mass.mean - half);
    head.upper = std::min(1.0, head.mass.mean + half);
    if (head.lower > options.threshold) head.verdict = sink_verdict::sink;
    if (head.upper < options.threshold) head.verdict = sink_verdict::none;
  }
  return result;
}

}  // namespace libration::inline LIBRATION_ABI::attention::detail
