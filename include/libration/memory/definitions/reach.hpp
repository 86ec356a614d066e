// SPDX-License-Identifier: MIT
#pragma once
/// \file
/// The definitions of what memory/reach.hpp declares.

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <Eigen/Core>

#include <libration/core/memory.hpp>
#include <libration/memory/reach.hpp>
#include <libration/stats/bootstrap.hpp>

namespace libration::inline LIBRATION_ABI::memory::detail {

LIBRATION_DEFINED double fraction_lag(const Eigen::Ref<const Eigen::VectorXd>& g, double fraction) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  const double most = g.size() > 0 ? g.maxCoeff() : nan;
  if (!(most > 0.0)) return nan;
  const double least = fraction * most;
  Eigen::Index last = g.size() - 1;
  while (g[last] < least) --last;
  if (last == g.size() - 1) return std::numeric_limits<double>::infinity();
  return static_cast<double>(last) + (g[last + 1] > 0.0 ? std::log(g[last] / least) / std::log(g[last] / g[last + 1]) : 0.0);
}

LIBRATION_DEFINED void reach_books::start(std::int64_t lags, std::int64_t windows, Eigen::Index channels, Eigen::Index layers) {
  const double columns = static_cast<double>(windows) + static_cast<double>(channels) + static_cast<double>(layers);
  require_memory(8.0 * static_cast<double>(lags + 1) * columns, "memory::reach",
                 number_text(windows) + " windows of " + number_text(lags) + " lags", "fewer .lags or .steps, or a larger .every");
  gains_.setZero(lags + 1, windows);
  channels_.setZero(channels, lags + 1);
  layers_.setZero(layers, lags + 1);
}

// Σ k g_k / Σ g_k
template <class Vector>
double mean_lag(const Vector& g) {
  double weighted = 0.0, sum = 0.0;
  for (Eigen::Index k = 0; k < g.size(); ++k) {
    weighted += static_cast<double>(k) * g[k];
    sum += g[k];
  }
  return weighted / sum;
}

LIBRATION_DEFINED void reach_books::write_to(reach_result& result, double fraction, double level, std::int64_t resamples,
                                             std::uint64_t seed) const {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  result.fraction = fraction;
  result.level = level;
  result.seed = seed;
  if (closed_ == 0) return;
  const Eigen::Index size = gains_.rows();
  result.windows = gains_.leftCols(closed_);
  result.gain = result.windows.rowwise().mean();
  result.lower = result.upper = Eigen::VectorXd::Constant(size, nan);
  result.fraction_lag.value = fraction_lag(result.gain, fraction);
  result.mean_lag.value = mean_lag(result.gain);
  const double each = 1.0 / static_cast<double>(closed_);
  if (has_channels()) result.channels = channels_ * each;
  result.channel_lag.resize(channels_.rows());
  for (Eigen::Index c = 0; c < channels_.rows(); ++c) result.channel_lag[c] = fraction_lag(channels_.row(c).transpose(), fraction);
  if (has_layers()) (result.by == transport::adjoint ? result.through_layers : result.layers) = layers_ * each;
  result.layer_lag.resize(layers_.rows());
  for (Eigen::Index l = 0; l < layers_.rows(); ++l) result.layer_lag[l] = fraction_lag(layers_.row(l).transpose(), fraction);
  if (closed_ < 4) return;

  // Neighbouring windows are drawn together: they are not independent where the memory is long, and this bounds the cost.
  constexpr Eigen::Index most_blocks = 64;
  const Eigen::Index blocks = std::min(closed_, most_blocks);
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(size, blocks);
  Eigen::VectorXd counts = Eigen::VectorXd::Zero(blocks);
  for (Eigen::Index w = 0; w < closed_; ++w) {
    const Eigen::Index block = w * blocks / closed_;
    sums.col(block) += result.windows.col(w);
    counts[block] += 1.0;
  }
  const auto band = stats::bootstrap(
      blocks,
      [&](std::span<const Eigen::Index> chosen) -> Eigen::VectorXd {
        Eigen::VectorXd values = Eigen::VectorXd::Zero(size + 2);
        double count = 0.0;
        for (const Eigen::Index b : chosen) {
          values.head(size) += sums.col(b);
          count += counts[b];
        }
        values /= count;
        values[size] = fraction_lag(values.head(size), fraction);
        values[size + 1] = mean_lag(values.head(size));
        return values;
      },
      {.resamples = resamples, .level = level, .interval = stats::bootstrap_interval::expanded, .seed = seed});
  result.lower = band.lower.head(size);
  result.upper = band.upper.head(size);
  result.fraction_lag = {result.fraction_lag.value, band.lower[size], band.upper[size]};
  result.mean_lag = {result.mean_lag.value, band.lower[size + 1], band.upper[size + 1]};
}

LIBRATION_DEFINED void validate(const reach_options& options, Eigen::Index n) {
  constexpr std::string_view who = "memory::reach";
  const option_check check(who);
  check(options.lags >= 1 && options.lags <= (std::int64_t{1} << 40), "lags", options.lags, ">= 1 and at most 2^40");
  require_rows(options.output.state_size(n), n, who, ".output", "columns, the map's dimension");
  check(options.fraction > 0.0 && options.fraction < 1.0, "fraction", options.fraction, "a number in (0, 1)");
  check(options.every >= 0, "every", options.every, ">= 0");
  check(options.probes >= 0, "probes", options.probes, ">= 0");
  check(options.level > 0.0 && options.level < 1.0, "level", options.level, "a number in (0, 1)");
  check(options.resamples >= 1, "resamples", options.resamples, ">= 1");
}

LIBRATION_DEFINED std::int64_t reach_windows(const reach_options& options, std::int64_t steps) {
  require(steps > options.lags, "memory::reach", [&] {
    return "there are " + number_text(steps) + " steps to count, expected at least " + number_text(options.lags + 1) +
           " (.lags and one)";
  });
  return 1 + (steps - options.lags - 1) / every_of(options);
}

}  // namespace libration::inline LIBRATION_ABI::memory::detail
