// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// Intervals for any statistic of independent members, by drawing members with replacement.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include <Eigen/Core>

#include <libration/core/config.hpp>
#include <libration/core/error.hpp>
#include <libration/core/parallel.hpp>
#include <libration/core/random.hpp>
#include <libration/stats/quantiles.hpp>
#include <libration/stats/student_t.hpp>

namespace libration::inline LIBRATION_ABI::stats {

/// How an interval is read off the resampled values.
enum class bootstrap_interval : std::uint8_t {
  percentile,  ///< their quantiles at (1 ± level)/2
  expanded,    ///< quantiles further out, as Student's t is wider than the normal: right for means of few normal members
  bca,         ///< quantiles moved for bias and skewness: bias-corrected and accelerated
};

struct bootstrap_options {
  /// Times that the members are drawn anew, >= 1. The ends of a 95 % interval then have a noise of their own of about
  /// 2.7/sqrt(resamples) standard errors: 0.09 at 1000.
  std::int64_t resamples = 1000;
  /// Probability that each interval is to hold the truth, in (0, 1); component by component, not for all at once.
  double level = 0.95;
  /// `bca` costs one more evaluation of the statistic for each member.
  bootstrap_interval interval = bootstrap_interval::bca;
  std::uint64_t seed = 0;
  /// 0: one per hardware thread. The digits do not depend on it.
  int threads = 1;
};

/// A statistic of k components with its intervals.
struct [[nodiscard]] bootstrap_band {
  Eigen::VectorXd estimate;             ///< of the members themselves, shape (k)
  Eigen::VectorXd lower, upper;         ///< ends of the intervals, shape (k); NaN where the estimate is
  Eigen::VectorXd standard_error;       ///< standard deviation of the resampled values, shape (k)
  Eigen::VectorX<std::int64_t> failed;  ///< resamples in which a component was NaN, and which are left out for it; (k)
  std::int64_t resamples = 0;
  double level = 0.0;
  std::uint64_t seed = 0;
};

/// Throws where an option is out of its range.
LIBRATION_DECLARED void validate(const bootstrap_options& options, std::string_view who);

namespace detail {

using members = std::vector<Eigen::Index>;

// Draw `number` of each group, with replacement: a function of (seed, number).
LIBRATION_DECLARED void draw_members(std::span<const Eigen::Index> sizes, std::uint64_t seed, std::int64_t number,
                                     std::vector<members>& chosen);

// The skewness that moves a BCa interval, from the values without each member in turn: sum u^3 / (6 (sum u^2)^(3/2)) with
// u = (n - 1)/n (mean of those values - value), for each group of n members.
LIBRATION_DECLARED double acceleration(const Eigen::MatrixXd& without, Eigen::Index component, std::span<const Eigen::Index> sizes);

// The tail that Student's interval of n members leaves, on the scale of the resampled values, whose spread is that of a variance
// with divisor n.
LIBRATION_DECLARED double expanded_probability(double p, Eigen::Index n);

// Where among the sorted resampled values an end of the interval lies: probability p, moved by BCa.
LIBRATION_DECLARED double moved_probability(double p, double bias, double skew);

}  // namespace detail

/// Bootstrap intervals for a statistic of several groups of members, each of which is drawn with replacement by itself.
///
/// A member is whatever is independent: a run with all its steps, whose points are then drawn together.
///
/// \param sizes      members of each group, each at least 2
/// \param statistic  called as `statistic(chosen)` with a `std::span<const std::vector<Eigen::Index>>` that holds the members
///                   of each group, some more than once; returns an Eigen::VectorXd, always of one size k. It is called from
///                   several threads at once where `.threads` says so. A NaN component is left out for that component
/// \throws argument_error where there is no group, a group has fewer than 2 members, an option is out of its range, or k changes
/// Accuracy:  with m members the percentile interval of a mean is 1.7/m of its width too short: at 30 members and 95 % it
///            holds the mean of normal numbers in 93.6 % of samples, at 10 in 89.6 %; expanded it holds it in 95 %. BCa is
///            no longer than the plain one, but balances the two sides (tests/stats/bootstrap.test.cpp)
/// Cost:      resamples evaluations (and for `bca` as many as there are members); k * resamples numbers
/// Source:    Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82 (1987)
///            171-185; expansion: Hesterberg, "What teachers should know about the bootstrap", The American Statistician 69
///            (2015) 371-386, for several groups that of the smallest; acceleration of several groups by their joint influence
///            values, derived here
template <class Statistic>
bootstrap_band bootstrap(std::span<const Eigen::Index> sizes, const Statistic& statistic, const bootstrap_options& options = {}) {
  constexpr std::string_view who = "stats::bootstrap";
  validate(options, who);
  require(!sizes.empty(), who, "there are no groups, expected at least 1");
  Eigen::Index total = 0;
  std::vector<detail::members> everyone(sizes.size());
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    require(sizes[g] >= 2, who,
            [&] { return "group " + number_text(g) + " has " + number_text(sizes[g]) + " members, expected at least 2"; });
    with_memory(who, [&] { everyone[g].resize(static_cast<std::size_t>(sizes[g])); });
    std::iota(everyone[g].begin(), everyone[g].end(), Eigen::Index{0});
    total += sizes[g];
  }
  const auto evaluate = [&](const std::vector<detail::members>& chosen) -> Eigen::VectorXd {
    return statistic(std::span<const detail::members>(chosen));
  };

  bootstrap_band band;
  band.resamples = options.resamples;
  band.level = options.level;
  band.seed = options.seed;
  band.estimate = evaluate(everyone);
  const Eigen::Index k = band.estimate.size();
  Eigen::MatrixXd values;
  with_memory(who, [&] { values.resize(k, options.resamples); });
  const auto store = [&](Eigen::MatrixXd& block, std::int64_t column, const std::vector<detail::members>& chosen) {
    const Eigen::VectorXd value = evaluate(chosen);
    require_rows(value.size(), k, who, "the statistic of a resample", "as of the members themselves");
    block.col(column) = value;
  };
  parallel_for(options.resamples, options.threads, [&](std::int64_t b) {
    std::vector<detail::members> chosen(sizes.size());
    detail::draw_members(sizes, options.seed, b, chosen);
    store(values, b, chosen);
  });

  double low_tail = 0.5 - 0.5 * options.level, high_tail = 0.5 + 0.5 * options.level;
  if (options.interval == bootstrap_interval::expanded) {
    const Eigen::Index fewest = *std::min_element(sizes.begin(), sizes.end());
    low_tail = detail::expanded_probability(low_tail, fewest);
    high_tail = detail::expanded_probability(high_tail, fewest);
  }
  const bool bca = options.interval == bootstrap_interval::bca;
  Eigen::MatrixXd without(k, bca ? total : 0);
  parallel_for(without.cols(), options.threads, [&](std::int64_t j) {
    std::vector<detail::members> chosen = everyone;
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
      const double skew = detail::acceleration(without, i, sizes);
      low = detail::moved_probability(low, bias, skew);
      high = detail::moved_probability(high, bias, skew);
    }
    band.lower[i] = quantile_of_sorted(sorted, low);
    band.upper[i] = quantile_of_sorted(sorted, high);
  }
  return band;
}

/// The same for one group.
///
/// \param statistic  called as `statistic(chosen)` with a `std::span<const Eigen::Index>`
template <class Statistic>
bootstrap_band bootstrap(Eigen::Index members, const Statistic& statistic, const bootstrap_options& options = {}) {
  const std::array<Eigen::Index, 1> sizes = {members};
  return bootstrap(
      std::span<const Eigen::Index>(sizes),
      [&](std::span<const detail::members> chosen) -> Eigen::VectorXd {
        return statistic(std::span<const Eigen::Index>(chosen.front()));
      },
      options);
}

}  // namespace libration::inline LIBRATION_ABI::stats

#if !defined(LIBRATION_COMPILED)
#include <libration/stats/definitions/bootstrap.hpp>
#endif
