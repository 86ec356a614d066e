// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/bootstrap.hpp declares.

#include <cmath>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/stats/bootstrap.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED void validate(const bootstrap_options& options, std::string_view who) {
  const option_check check(who);
  check(options.resamples >= 1, "resamples", options.resamples, ">= 1");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
}

}  // namespace libration::inline LIBRATION_ABI::stats

namespace libration::inline LIBRATION_ABI::stats::detail {

LIBRATION_DEFINED void draw_members(std::span<const Eigen::Index> sizes, std::uint64_t seed, std::int64_t number,
                                    std::vector<members>& chosen) {
  const random_stream numbers(seed, static_cast<std::uint64_t>(number));
  std::uint64_t index = 0;
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    chosen[g].resize(static_cast<std::size_t>(sizes[g]));
    for (Eigen::Index& member : chosen[g])
      member = static_cast<Eigen::Index>(numbers.uniform(index++) * static_cast<double>(sizes[g]));
  }
}

LIBRATION_DEFINED double acceleration(const Eigen::MatrixXd& without, Eigen::Index component, std::span<const Eigen::Index> sizes) {
  double squares = 0.0, cubes = 0.0;
  Eigen::Index first = 0;
  for (const Eigen::Index n : sizes) {
    const auto values = without.row(component).segment(first, n).array();
    const double share = static_cast<double>(n - 1) / static_cast<double>(n);
    const Eigen::ArrayXd u = share * (values.mean() - values.transpose());
    squares += u.square().sum();
    cubes += u.cube().sum();
    first += n;
  }
  const double a = cubes / (6.0 * squares * std::sqrt(squares));
  return std::isfinite(a) ? a : 0.0;
}

LIBRATION_DEFINED double expanded_probability(double p, Eigen::Index n) {
  const double freedom = static_cast<double>(n - 1);
  return normal_tail(-std::sqrt(1.0 + 1.0 / freedom) * student_t_quantile(p, freedom));
}

LIBRATION_DEFINED double moved_probability(double p, double bias, double skew) {
  const double z = bias + normal_quantile(p);
  const double scale = 1.0 - skew * z;
  if (!(scale > 0.0)) return z > 0.0 ? 1.0 : 0.0;
  return normal_tail(-(bias + z / scale));
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail
