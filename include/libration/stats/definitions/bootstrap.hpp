// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what stats/bootstrap.hpp declares.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/random.hpp>
#include <libration/core/scaling.hpp>
#include <libration/stats/bootstrap.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::stats {

LIBRATION_DEFINED void validate(const bootstrap_options& options, std::string_view who) {
  const option_check check(who);
  check(options.resamples >= 1, "resamples", options.resamples, ">= 1");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  check(options.threads >= 0, "threads", options.threads, ">= 0");
}

}  // namespace libration::inline LIBRATION_ABI::stats

namespace libration::inline LIBRATION_ABI::stats::detail {

// Draw `number` of each group, with replacement: a function of (seed, number).
LIBRATION_DECLARED void draw_members(std::span<const Eigen::Index> sizes, std::uint64_t seed, std::int64_t number,
                                    std::vector<members>& chosen) {
  const random_stream numbers(seed, static_cast<std::uint64_t>(number));
  std::uint64_t index = 0;
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    chosen[g].resize(static_cast<std::size_t>(sizes[g]));
    for (Eigen::Index& member : chosen[g])
      member = static_cast<Eigen::Index>(numbers.uniform(index++) * static_cast<double>(sizes[g]));
  }
}

// The skewness that moves a BCa interval, from the values without each member in turn: sum u^3 / (6 (sum u^2)^(3/2)) with
// u = (n - 1)/n (mean of those values - value), for each group of n members.
LIBRATION_DECLARED double acceleration(const Eigen::MatrixXd& without, Eigen::Index component,
                                       std::span<const Eigen::Index> sizes) {
  double squares = 0.0, cubes = 0.0;
  Eigen::Index first = 0;
  Eigen::VectorXd scaled = without.row(component).transpose();
  scale_by_power_of_two(scaled, -binary_exponent(scaled));
  const auto values = scaled.array();
  for (const Eigen::Index n : sizes) {
    const double share = static_cast<double>(n - 1) / static_cast<double>(n);
    const Eigen::ArrayXd u = share * (values.segment(first, n).mean() - values.segment(first, n));
    squares += u.square().sum();
    cubes += u.cube().sum();
    first += n;
  }
  const double a = cubes / (6.0 * squares * std::sqrt(squares));
  return std::isfinite(a) ? a : 0.0;
}

// The tail that Student's interval of n members leaves, on the scale of the resampled values, whose spread is that of a variance
// with divisor n.
LIBRATION_DECLARED double expanded_probability(double p, Eigen::Index n) {
  const double freedom = static_cast<double>(n - 1);
  return normal_tail(-std::sqrt(1.0 + 1.0 / freedom) * student_t_quantile(p, freedom));
}

// Where among the sorted resampled values an end of the interval lies: probability p, moved by BCa.
LIBRATION_DECLARED double moved_probability(double p, double bias, double skew) {
  const double z = bias + normal_quantile(p);
  const double scale = 1.0 - skew * z;
  if (!(scale > 0.0)) return z > 0.0 ? 1.0 : 0.0;
  return normal_tail(-(bias + z / scale));
}

LIBRATION_DEFINED bootstrap_band bootstrap_of(std::span<const Eigen::Index> sizes,
                                              Eigen::VectorXd (*call)(const void*, std::span<const members>),
                                              const void* statistic, const bootstrap_options& options) {
  constexpr std::string_view who = "stats::bootstrap";
  validate(options, who);
  require(!sizes.empty(), who, "there are no groups, expected at least 1");
  Eigen::Index total = 0;
  std::vector<members> everyone(sizes.size());
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    require(sizes[g] >= 2, who,
            [&] { return "group " + number_text(g) + " has " + number_text(sizes[g]) + " members, expected at least 2"; });
    with_memory(who, [&] { everyone[g].resize(static_cast<std::size_t>(sizes[g])); });
    std::iota(everyone[g].begin(), everyone[g].end(), Eigen::Index{0});
    total += sizes[g];
  }
  const auto evaluate = [&](const std::vector<members>& chosen) -> Eigen::VectorXd {
    return call(statistic, std::span<const members>(chosen));
  };

  bootstrap_band band;
  band.resamples = options.resamples;
  band.level = options.level;
  band.seed = options.seed;
  band.estimate = evaluate(everyone);
  const Eigen::Index k = band.estimate.size();
  Eigen::MatrixXd values;
  with_memory(who, [&] { values.resize(k, options.resamples); });
  const auto store = [&](Eigen::MatrixXd& block, std::int64_t column, const std::vector<members>& chosen) {
    const Eigen::VectorXd value = evaluate(chosen);
    require_rows(value.size(), k, who, "the statistic of a resample", "as of the members themselves");
    block.col(column) = value;
  };
  parallel_for(options.resamples, options.threads, [&](std::int64_t b) {
    std::vector<members> chosen(sizes.size());
    draw_members(sizes, options.seed, b, chosen);
    store(values, b, chosen);
  });

  double low_tail = 0.5 - 0.5 * options.level, high_tail = 0.5 + 0.5 * options.level;
  if (options.interval == bootstrap_interval::expanded) {
    const Eigen::Index fewest = *std::min_element(sizes.begin(), sizes.end());
    low_tail = expanded_probability(low_tail, fewest);
    high_tail = expanded_probability(high_tail, fewest);
  }
  const bool bca = options.interval == bootstrap_interval::bca;
  Eigen::MatrixXd without(k, bca ? total : 0);
  parallel_for(without.cols(), options.threads, [&](std::int64_t j) {
    std::vector<members> chosen = everyone;
    std::size_t g = 0;
    Eigen::Index member = j;
    while (member >= sizes[g]) member -= sizes[g++];
    chosen[g].erase(chosen[g].begin() + member);
    store(without, j, chosen);
  });

  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  band.lower = band.upper = band.standard_error = Eigen::VectorXd::Constant(k, nan);
  band.failed = Eigen::VectorX<std::int64_t>::Zero(k);
  std::vector<double> sorted;
  for (Eigen::Index i = 0; i < k; ++i) {
    sorted.clear();
    for (Eigen::Index b = 0; b < values.cols(); ++b)
      if (!std::isnan(values(i, b))) sorted.push_back(values(i, b));
    band.failed[i] = options.resamples - static_cast<std::int64_t>(sorted.size());
    const double estimate = band.estimate[i];
    if (sorted.empty() || std::isnan(estimate)) continue;
    std::sort(sorted.begin(), sorted.end());
    band.standard_error[i] = standard_deviation(sorted);
    double low = low_tail, high = high_tail;
    if (bca) {
      const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), estimate);
      const double below = 0.5 * static_cast<double>((first - sorted.begin()) + (last - sorted.begin()));
      const double count = static_cast<double>(sorted.size());
      // Half a draw away from the ends: a share of 0 or 1 would move the interval to infinity.
      const double bias = normal_quantile(std::clamp(below / count, 0.5 / count, 1.0 - 0.5 / count));
      const double skew = acceleration(without, i, sizes);
      low = moved_probability(low, bias, skew);
      high = moved_probability(high, bias, skew);
    }
    band.lower[i] = quantile_of_sorted(sorted, low);
    band.upper[i] = quantile_of_sorted(sorted, high);
  }
  return band;
}

}  // namespace libration::inline LIBRATION_ABI::stats::detail
