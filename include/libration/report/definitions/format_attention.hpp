// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what report/format_attention.hpp declares.

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <Eigen/Core>

#include <libration/report/format_attention.hpp>

namespace libration::inline LIBRATION_ABI::report {

LIBRATION_DEFINED std::string text(const attention::head_dilution& h) {
  if (h.status == status::not_run)
    return fmt::format("{}: too few rows, {}, for a slope of entropy on ln n", text(h.verdict), h.tokens);
  std::string out = fmt::format("{}: slope of entropy on ln n {}", text(h.verdict), with_interval(h.slope, h.lower, h.upper));
  out += fmt::format("; entropy {} nats, that of {} equally weighted keys, {} of ln n; {} rows",
                     with_error(h.entropy.mean, h.entropy.standard_error), detail::with_digits(h.effective_support(), 3, "inf"),
                     detail::with_digits(h.normalised_entropy.mean, 3, "inf"), h.tokens);
  if (h.skipped > 0) out += fmt::format(" ({} without an entropy)", h.skipped);
  if (h.status != status::ok) out += "; too few rows, or too little change of the context, for a verdict";
  return out;
}

LIBRATION_DEFINED std::string text(const attention::head_sink& h) {
  if (h.status == status::not_run) return fmt::format("{}: no row sees enough keys to tell a sink", text(h.verdict));
  std::string out =
      fmt::format("{}: weight {} on the first keys, {} times an even share; {} rows", text(h.verdict),
                  with_interval(h.mass.mean, h.lower, h.upper), detail::with_digits(h.times_uniform(), 3, "inf"), h.rows);
  if (h.skipped > 0) out += fmt::format(" ({} without a weight)", h.skipped);
  if (h.status != status::ok) out += "; too few rows for an interval";
  return out;
}

LIBRATION_DEFINED std::string text(const attention::positional_result& r) {
  if (r.status == status::not_run) return detail::nothing("positional curve");
  const Eigen::Index m = r.value.size(), most = 20, every = std::max<Eigen::Index>(1, (m - 1 + most - 1) / most);
  std::string out =
      fmt::format("positional curve, {} positions:\n  {:>9}  value ({:.4g} % interval)\n", m, "position", 100.0 * r.level);
  for (Eigen::Index i = 0; i < m; i = i + every < m || i == m - 1 ? i + every : m - 1)
    out += fmt::format("  {:>9.5g}  {}\n", r.position[i], with_interval(r.value[i], r.lower[i], r.upper[i]));
  if (r.status != status::ok) return out + "  a single sample: no intervals, and the shape is undecided";
  out += fmt::format("  the ends are higher than the middle by {} on the average\n",
                     with_error(r.depth.value, r.depth.standard_error));
  const std::string trough =
      fmt::format("below the first by {} and below the last by {}", with_error(r.primacy.value, r.primacy.standard_error),
                  with_error(r.recency.value, r.recency.standard_error));
  switch (r.shape) {
    case attention::curve_shape::u_shaped:
      return out + fmt::format("  u_shaped: position {:.5g} is {} (p {:.2g})", r.position[r.trough], trough, r.p_value);
    case attention::curve_shape::not_u_shaped:
      return out + fmt::format("  not_u_shaped: no position in the middle is below both ends by {:.3g}", r.margin);
    case attention::curve_shape::undecided:
      break;
  }
  return out +
         fmt::format("  undecided: position {:.5g} is {} (p {:.2g}), which may be chance, and more than {:.3g} is not excluded",
                     r.position[r.trough], trough, r.p_value, r.margin);
}

}  // namespace libration::inline LIBRATION_ABI::report
