// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what lyapunov/options.hpp declares.

#include <algorithm>

#include <Eigen/Core>

#include <libration/lyapunov/options.hpp>

namespace libration::inline LIBRATION_ABI::lyapunov {

LIBRATION_DEFINED std::int64_t frame_steps(std::int64_t asked, std::int64_t steps, std::int64_t room) {
  if (asked >= 0) return asked;
  return std::min(std::clamp<std::int64_t>(steps / 16, fewest_frame_steps, 100'000), std::max(fewest_frame_steps, room));
}

LIBRATION_DEFINED spectrum_options resolved(spectrum_options options) {
  if (!options.from_first_step) return options;
  options.transient = options.frame_transient = 0;
  if (!options.frame.given()) options.frame = named_frame::identity;
  options.stepper_bias = options.stepper_bias.value_or(false);
  options.from_first_step = false;
  return options;
}

LIBRATION_DEFINED void validate(const spectrum_options& options, Eigen::Index n, std::string_view who) {
  const option_check check(who);
  check(options.count >= 0 && options.count <= n, "count", options.count,
        "0 to " + number_text(n) + " (the map's dimension; 0: all)");
  check(options.steps >= 0, "steps", options.steps, ">= 0");
  check(options.transient >= 0, "transient", options.transient, ">= 0");
  check(options.frame_transient >= automatic, "frame_transient", options.frame_transient, ">= 0 (or automatic, -1)");
  check(options.interval >= 0, "interval", options.interval, ">= 0 (0: automatic)");
  check(options.tolerance >= 0.0, "tolerance", options.tolerance, ">= 0 (0: off)");
  check(options.max_steps == 0 || options.max_steps >= options.steps, "max_steps", options.max_steps,
        ">= .steps (or 0: 100 times as many)");
  check(options.neutral_margin >= 0.0, "neutral_margin", options.neutral_margin, ">= 0");
  const Eigen::Index count = options.count == 0 ? n : options.count;
  check(options.tolerance_count >= 0 && options.tolerance_count <= count, "tolerance_count", options.tolerance_count,
        "0 to " + number_text(count) + " (the number of exponents; 0: all)");
  for (std::size_t i = 0; i < options.marks.size(); ++i)
    check(options.marks[i] >= 1 && (i == 0 || options.marks[i] > options.marks[i - 1]), "marks", options.marks[i],
          "steps >= 1 in ascending order");
  check(options.marks.empty() || options.tolerance == 0.0, "tolerance", options.tolerance,
        "0 where .marks are set: the run ends at its steps");
  if (options.from_first_step) {
    check(options.transient == 0 || options.transient == default_transient, "transient", options.transient,
          "0 (or not set) where .from_first_step is set");
    check(options.frame_transient == 0 || options.frame_transient == automatic, "frame_transient", options.frame_transient,
          "0 (or not set) where .from_first_step is set");
    check(options.tolerance == 0.0, "tolerance", options.tolerance, "0 where .from_first_step is set: the run ends at its steps");
  }
  if (options.frame.given()) {
    const auto& matrix = options.frame.matrix();
    require(matrix.rows() == n && matrix.cols() == count, who, [&] {
      return ".frame is " + number_text(matrix.rows()) + " x " + number_text(matrix.cols()) + ", expected " +
             number_text(n) + " x " + number_text(count) + " (the map's dimension, the count)";
    });
    require(matrix.allFinite(), who, ".frame has an entry that is not finite");
  }
}

}  // namespace libration::inline LIBRATION_ABI::lyapunov
